// `leash chat`: a conversation with a model, or with several adapters on it at once, their answers beside each other.
import {
  type Completion,
  completionText,
  fold,
  generate,
  type Key,
  keyOf,
  type Message,
  streamDecoder,
} from "../../core/mod.ts";
import { promptBudget, samplingOf } from "../data/encoded_prompts.ts";
import { answerWriter, fitTurns, trimmedAnswer } from "../data/conversation.ts";
import { counted } from "../terminal/counted.ts";
import type { FlagSections } from "../flags/kinds.ts";
import { didYouMean } from "../../core/base/nearest.ts";
import { UsageError } from "../terminal/mistake.ts";
import { inputLines } from "./input_lines.ts";
import { type NamedPolicy, type OpenedPolicies, openPolicies } from "../policy/opened_policies.ts";
import {
  ADAPTERS_ROW,
  CHAT_ROWS,
  DEVICE_ROWS,
  MODEL_ROWS,
  SAMPLING_ROWS,
} from "../flags/shared.ts";
import { sideBySide } from "../terminal/side_by_side.ts";
import { mistakeOf } from "../terminal/system_mistake.ts";
import { visible } from "../terminal/visible.ts";
import type { CliCommand } from "./command.ts";
import { defineCommand, type ValuesOf } from "./define.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { writeLines } from "./out_lines.ts";

const SECTIONS = {
  "Model": [
    ...MODEL_ROWS,
    {
      ...ADAPTERS_ROW,
      help:
        "PEFT folder, run folder, RUN#2 for a member of a run, or base; several answer side by side",
    },
  ],
  "Conversation": CHAT_ROWS,
  "Answers": SAMPLING_ROWS,
  "Machine": DEVICE_ROWS,
} as const satisfies FlagSections;

type Flags = ValuesOf<typeof SECTIONS>;

const COMMANDS: Readonly<Record<string, string>> = {
  "/help": "show this",
  "/reset": "forget the conversation",
  "/system TEXT": "set the first message and forget the conversation; without TEXT none",
  "/save FILE": "write the conversation as JSON lines: messages, one line a policy",
  "/quit": "leave; so does the end of the input",
};

/** Talks. */
export const CHAT: CliCommand = defineCommand({
  name: "chat",
  summary: "A conversation with a model, or with several adapters on it side by side",
  usage: "leash chat [--model PATH|ID] [--adapter DIR ...] [flags]",
  flags: SECTIONS,
  examples: [
    "leash chat --model HuggingFaceTB/SmolLM2-135M-Instruct",
    'leash chat --model org/name --adapter base --adapter runs/kind --adapter "runs/kind#1"',
  ],
  async run(flags, options) {
    using opened = await openPolicies(flags, options, (base) => {
      if (flags.chat === "always" && base.chat === undefined) {
        throw new UsageError({
          verb: "chat",
          thing: `with ${base.name}`,
          found: "it has no chat template and --chat is always",
          expected: "one",
        });
      }
      return Promise.resolve(promptBudget("chat", base, flags));
    });
    await new Conversation(flags, opened, opened.prepared, options).hold();
    return 0;
  },
});

/** A conversation with every policy: all hear the same questions, each remembers its own answers. */
class Conversation {
  readonly #flags: Flags;
  readonly #opened: OpenedPolicies;
  readonly #most: number;
  readonly #options: CommandOptions;
  readonly #template: boolean;
  readonly #key: Key;
  #system: string | undefined;
  #histories: Message[][];
  #questions = 0;
  /** Of the answer that is being given. */
  #answering: AbortController | undefined;
  /** Whether Ctrl-C was heard since the last line. */
  #interrupted = false;

  constructor(flags: Flags, opened: OpenedPolicies, most: number, options: CommandOptions) {
    this.#flags = flags;
    this.#opened = opened;
    this.#most = most;
    this.#options = options;
    this.#template = flags.chat !== "never" && opened.base.chat !== undefined;
    this.#key = fold(keyOf(flags.seed), "chat");
    this.#system = flags.system;
    this.#histories = opened.policies.map(() => []);
  }

  /** Until the input ends or the user leaves. */
  async hold(): Promise<void> {
    const { terminal, signal, input, interrupts } = this.#options;
    using _held = interrupts?.hold(() => this.#hearInterrupt());
    if (!this.#template) {
      terminal.error(
        "No chat template: the conversation is written as Human: and Assistant:, as in Anthropic's HH data",
      );
    }
    terminal.error("Type a question, or /help");
    for await (const line of inputLines({ terminal, signal, input })) {
      const text = line.trim();
      this.#interrupted = false;
      if (text === "") continue;
      if (text.startsWith("/")) {
        if (await this.#command(text)) return;
        continue;
      }
      try {
        await this.#ask(text);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        terminal.error(error.message); // a question that does not fit ends no conversation
      }
    }
  }

  /** The first Ctrl-C ends the answer, if one is being given; the second the conversation. */
  #hearInterrupt(): boolean {
    if (this.#interrupted) return false;
    this.#interrupted = true;
    if (this.#answering === undefined) this.#options.terminal.error("Once more to leave");
    else this.#answering.abort(new Error("Stopped"));
    return true;
  }

  async #ask(question: string): Promise<void> {
    const { terminal } = this.#options;
    const { base, policies } = this.#opened;
    const user: Message = { role: "user", content: question };
    const fitted = this.#histories.map((history) =>
      fitTurns(base, [...this.#first(), ...history, user], this.#most, this.#template)
    );
    const dropped = fitted.map(({ dropped }) => dropped);
    if (dropped.some((n) => n > 0)) {
      terminal.error(
        `The ${Math.max(...dropped)} oldest messages were dropped: the rest fits in the context`,
      );
    }
    const streams = policies.length === 1 && terminal.write !== undefined;
    const answers: string[] = [];
    this.#answering = new AbortController();
    try {
      for (const [i, policy] of policies.entries()) {
        answers.push(await this.#answer(policy, fitted[i].ids, streams, this.#answering.signal));
      }
    } finally {
      this.#answering = undefined;
    }
    this.#questions++;
    if (!streams) {
      const labels = policies.map(({ name }) => name);
      const shown = terminal.isTty ? answers.map((answer) => visible(answer)) : answers;
      for (const row of sideBySide(labels, shown, terminal.columns)) terminal.line(row);
    }
    if (answers.includes("") && this.#interrupted) {
      return terminal.error("Stopped: the question is forgotten; Ctrl-C once more leaves");
    }
    if (this.#interrupted) terminal.error("Stopped; Ctrl-C once more leaves");
    this.#histories = this.#histories.map((history, i) => [
      ...history.slice(dropped[i]),
      user,
      { role: "assistant", content: answers[i] },
    ]);
  }

  /** @param stopped Ends the answer where it is; what came of it is the answer. */
  async #answer(
    policy: NamedPolicy,
    ids: readonly number[],
    streams: boolean,
    stopped: AbortSignal,
  ): Promise<string> {
    const { device, model, base } = this.#opened;
    const { terminal, signal } = this.#options;
    const decoder = streamDecoder(base.tokenizer);
    const sampling = samplingOf(this.#flags, base);
    const write = streams ? terminal.write!.bind(terminal) : () => {};
    const shown = answerWriter(write, base, this.#template);
    if (stopped.aborted) return "";
    if (!streams) terminal.status(`${policy.name} answers`);
    const came: number[] = [];
    let completion: Completion;
    try {
      [completion] = await generate(device, model, [ids], {
        ...sampling,
        key: fold(this.#key, this.#questions),
        adapter: policy.adapter(),
        signal: signal === undefined ? stopped : AbortSignal.any([signal, stopped]),
        onToken(_, id) {
          came.push(id);
          shown.push(decoder.push(id));
        },
      });
    } catch (error) {
      if (!stopped.aborted || signal?.aborted) throw error;
      return trimmedAnswer(base.tokenizer.decode(came), base, this.#template);
    } finally { // Ctrl-C leaves the line that was begun
      shown.push(decoder.flush());
      shown.end();
      if (streams) terminal.line();
      else terminal.status("");
    }
    if (completion.finish === "length") {
      terminal.error(
        `The answer of ${policy.name} was cut after ${
          counted(sampling.maxNew, "token")
        } by --max-new`,
      );
    }
    return trimmedAnswer(completionText(base.tokenizer, completion), base, this.#template);
  }

  #first(): Message[] {
    return this.#system === undefined ? [] : [{ role: "system", content: this.#system }];
  }

  /** Obeys a line that begins with a slash; true where the conversation ends. */
  async #command(line: string): Promise<boolean> {
    const { terminal } = this.#options;
    const [, name, rest] = /^(\S+)\s*(.*)$/s.exec(line)!;
    switch (name) {
      case "/quit":
        return true;
      case "/help":
        for (const [usage, help] of Object.entries(COMMANDS)) {
          terminal.line(`${usage.padEnd(14)}${help}`);
        }
        return false;
      case "/reset":
        this.#forget();
        return false;
      case "/system":
        this.#system = rest === "" ? undefined : rest;
        this.#forget();
        return false;
      case "/save":
        await this.#save(rest);
        return false;
    }
    const names = Object.keys(COMMANDS).map((usage) => usage.split(" ")[0]);
    const hint = didYouMean(name, names) || " /help lists them";
    terminal.error(`${JSON.stringify(name)} is no command.${hint}`);
    return false;
  }

  #forget(): void {
    this.#histories = this.#histories.map(() => []);
    this.#options.terminal.error("The conversation begins anew");
  }

  async #save(path: string): Promise<void> {
    const { terminal } = this.#options;
    if (path === "") return terminal.error("Cannot save: no name is given, expected /save FILE");
    const lines = this.#histories.map((history, i) => ({
      messages: [...this.#first(), ...history],
      adapter: this.#opened.policies[i].name,
    }));
    try {
      await writeLines(path, lines);
      terminal.error(`Saved in ${path}`);
    } catch (error) {
      const mistake = mistakeOf(`save ${path}`, error);
      if (mistake === undefined) throw error;
      terminal.error(mistake.message);
    }
  }
}
