// What becomes a dialogue: messages always, and text where the model has a chat template, as one question of the user.
import type {
  ChatTemplate,
  EncodeExampleOptions,
  Example,
  Message,
  PretrainedTokenizer,
  RowBudget,
  RowText,
  Tokenizer,
} from "../../core/mod.ts";
import { parseHumanAssistant, templatedText, turnEnd } from "../../core/mod.ts";
import { UnusableRow } from "../../core/text/rows/report.ts";
import type { PromptSource } from "../../scheduler/mod.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { RunSettings } from "../flags/run_config.ts";

/** What of a model the rows go through. */
export interface DataModel {
  /** As the user named it. */
  readonly name: string;
  /** Text to ids; of a tokenizer's files also the words that are special. */
  readonly tokenizer: Tokenizer & Partial<Pick<PretrainedTokenizer, "allSpecial">>;
  /** Whether text of its own gets the begin token. */
  readonly addsBos: boolean;
  /** How it wants dialogues written. */
  readonly chat?: ChatTemplate;
  /** Ids at which its generations end. */
  readonly sizes: { readonly eosId?: readonly number[] };
}

/** What becomes a dialogue, and how dialogues become ids. */
export class Dialogues {
  readonly #flags: Pick<RunSettings, "chat" | "system">;
  readonly #model: DataModel;
  readonly #isTemplated: (text: string) => boolean;
  readonly #ends: readonly string[];
  /** Rows that go through the chat template. */
  rendered = 0;
  /** Rows of text that is a dialogue of the chat template already, and stays as it is. */
  templated = 0;

  /** @throws {UsageError} If a flag asks for a template that the model has not. */
  constructor(flags: Pick<RunSettings, "chat" | "system">, model: DataModel) {
    this.#flags = flags;
    this.#model = model;
    this.#isTemplated = model.chat ? templatedText(model.chat, model.tokenizer) : () => false;
    this.#ends = endWords(model);
    const asks = flags.chat === "always"
      ? "--chat is always"
      : flags.system !== undefined
      ? "--system is given"
      : undefined;
    if (asks !== undefined && model.chat === undefined) {
      throw new UsageError({
        verb: "use",
        thing: `--model ${model.name}`,
        found: `it has no chat template and ${asks}`,
        expected: "one",
        fix: "Leave the flag out, or use an instruct model",
      });
    }
    if (flags.system !== undefined && flags.chat === "never") {
      throw new UsageError({
        verb: "use",
        thing: "--system",
        found: "--chat is never",
        expected: "auto or always: a system message needs the chat template",
      });
    }
  }

  /**
   * The row as the model is to see it: text of an instruct model is one message of the user, unless it is a dialogue of
   * the template already, or brings its ids along.
   *
   * @throws {UnusableRow} If it is messages, and there is no template or `--chat` is never.
   */
  turn<E extends Example>(row: E): E {
    const { chat = "auto", system } = this.#flags;
    if (row.kind === "text" || row.ids !== undefined) return row;
    const { plain, ...rest } = row;
    if (chat === "never" || this.#model.chat === undefined) {
      if (typeof row.prompt === "string") return row;
      if (plain !== undefined) return { ...rest, ...plain } as unknown as E;
      throw new UnusableRow(
        `its prompt is messages and ${
          chat === "never" ? "--chat is never" : `${this.#model.name} has no chat template`
        }, expected text`,
      );
    }
    if (typeof row.prompt === "string" && this.#isTemplated(row.prompt)) {
      this.templated++;
      return row;
    }
    this.rendered++;
    const isCued = typeof row.prompt === "string" && CUE.test(row.prompt);
    const turned: Record<string, unknown> = { ...rest, prompt: asked(row.prompt, system) };
    for (const name of ["chosen", "rejected", "completion"]) {
      const answer = turned[name];
      if (typeof answer !== "string") continue;
      const content = this.#withoutEnd(isCued ? answer.replace(/^ /, "") : answer);
      if (content.trim() === "") throw new UnusableRow(`${name} is empty`);
      turned[name] = [{ role: "assistant", content }];
    }
    return turned as unknown as E;
  }

  /** An answer without the end token that recipes write behind it: the template writes its own. */
  #withoutEnd(answer: string): string {
    const trimmed = answer.trimEnd();
    const end = this.#ends.find((word) => trimmed.endsWith(word));
    return end === undefined ? answer : trimmed.slice(0, -end.length);
  }

  /** Tokenizer and options for `encodeExamples`. */
  encoding(budget: RowBudget & { readonly strict?: boolean }): [Tokenizer, EncodeExampleOptions] {
    const { chat, sizes: { eosId: ends = [] } } = this.#model;
    const plain = plainTokenizer(this.#model);
    if (chat === undefined) return [plain, { ...budget, ends }];
    const eos = endOfTurn(this.#model);
    const render = chat.render.bind(chat);
    return [plain, { ...budget, ends, render, ...(eos === undefined ? {} : { eos }) }];
  }
}

/** The end tokens as text spells them. */
function endWords({ tokenizer, sizes }: DataModel): string[] {
  const { allSpecial = [] } = tokenizer;
  return allSpecial.filter((word) => {
    try {
      const ids = tokenizer.encode(word);
      return ids.length === 1 && sizes.eosId?.includes(ids[0]);
    } catch {
      return false; // past the embedding, as a padding token may be: no answer ends with it
    }
  });
}

/** A prompt that ends where the assistant is to speak, as Anthropic's HH data do: the space after it is no answer's. */
const CUE = /\bAssistant:$/;

/** Text as a question: HH's marks are turns, and a cue for the answer is the template's to give. */
function asked(prompt: RowText, system: string | undefined): readonly Message[] {
  let messages: readonly Message[];
  if (typeof prompt !== "string") messages = prompt;
  else if (/^\s*Human:/.test(prompt)) {
    const turns = parseHumanAssistant(prompt);
    const isCue = turns.length > 1 && turns.at(-1)!.content === "";
    messages = isCue ? turns.slice(0, -1) : turns;
  } else {
    const content = prompt.replace(/\s*\bAssistant:\s*$/, "");
    messages = [{ role: "user", content: content.trim() === "" ? prompt : content }];
  }
  if (system === undefined || messages[0]?.role === "system") return messages;
  return [{ role: "system", content: system }, ...messages];
}

/** The id that ends the assistant's turn in the template; undefined where it writes none of the end tokens. */
export function endOfTurn({ chat, tokenizer, sizes }: DataModel): number | undefined {
  return turnEnd(chat!, tokenizer)?.ids.find((id) => sizes.eosId?.includes(id));
}

/** What a prompt is to programs that are given the row: the dialogue as the model saw it, or text as the row has it. */
export function sourceOf(
  row: { readonly prompt: RowText; readonly tools?: readonly unknown[] },
  turned: { readonly prompt: RowText },
): PromptSource {
  const { prompt, tools } = row;
  const source = { prompt: typeof prompt === "string" ? prompt : turned.prompt };
  return tools === undefined ? source : { ...source, tools };
}

/** A prompt for annotators and people: one question as it is, several turns with their roles. */
export function promptWords(prompt: RowText): string {
  if (typeof prompt === "string") return prompt;
  const turns = prompt.filter(({ role }) => role !== "system");
  if (turns.length === 1) return turns[0].content;
  return turns.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}

/** The tokenizer of texts that no template renders: it begins them as the model's files say. */
export function plainTokenizer(
  { tokenizer, addsBos }: Pick<DataModel, "tokenizer" | "addsBos">,
): Tokenizer {
  return addsBos ? tokenizer : { ...tokenizer, bosId: undefined };
}
