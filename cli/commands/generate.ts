// `leash generate`: answers to one prompt or to a file of them, by a model or by adapters on it. What is printed is the
// answer and nothing else; all other words go to the error stream.
import {
  type Completion,
  completionText,
  fold,
  generate,
  keyOf,
  streamDecoder,
} from "../../core/mod.ts";
import { writeFileDurably } from "../../files/mod.ts";
import {
  answerBudget,
  askedText,
  promptBudget,
  type PromptInTokens,
  promptsInTokens,
} from "../data/encoded_prompts.ts";
import type { BaseModel } from "../policy/base_model.ts";
import { counted } from "../terminal/counted.ts";
import { type FlagSections, text, whole } from "../flags/kinds.ts";
import { UsageError } from "../terminal/mistake.ts";
import { type NamedPolicy, type OpenedPolicies, openPolicies } from "../policy/opened_policies.ts";
import {
  ADAPTERS_ROW,
  CHAT_ROWS,
  DATA_ROWS,
  DATA_VALUE,
  DEVICE_ROWS,
  MODEL_ROWS,
  SAMPLING_ROWS,
  samplingOf,
} from "../flags/shared.ts";
import { requireNewOut } from "../terminal/system_mistake.ts";
import type { CliCommand } from "./command.ts";
import { defineCommand, type ValuesOf } from "./define.ts";
import type { CommandOptions } from "../terminal/command_options.ts";

const SECTIONS = {
  "Model": [...MODEL_ROWS, ADAPTERS_ROW],
  "Prompts": [
    { name: "prompt", value: "TEXT", type: text, help: "One prompt" },
    {
      name: "prompts",
      value: DATA_VALUE,
      type: text,
      help: "A dataset whose prompts are answered, instead of --prompt",
    },
    ...DATA_ROWS,
    ...CHAT_ROWS,
  ],
  "Answers": [
    { name: "n", value: "N", type: whole(1, 10_000), default: 1, help: "Answers to each prompt" },
    ...SAMPLING_ROWS,
    {
      name: "out",
      value: "FILE.jsonl",
      type: text,
      shownDefault: "text on stdout",
      help: "Answers with ids and log-probs, a line each",
    },
  ],
  "Machine": DEVICE_ROWS,
} as const satisfies FlagSections;

type Flags = ValuesOf<typeof SECTIONS>;

/** Generates. */
export const GENERATE: CliCommand = defineCommand({
  name: "generate",
  summary: "Answers a prompt, or the prompts of a dataset",
  usage: "leash generate [--model PATH|ID] (--prompt TEXT | --prompts FILE) [flags]",
  flags: SECTIONS,
  examples: [
    'leash generate --model HuggingFaceTB/SmolLM2-135M-Instruct --prompt "Why is the sky blue?"',
    "leash generate --model stories/model --adapter runs/kind --prompts openings.jsonl --out answers.jsonl",
  ],
  async run(flags, options) {
    if ((flags.prompt === undefined) === (flags.prompts === undefined)) {
      throw new UsageError({
        verb: "generate",
        found: "--prompt and --prompts are " +
          `${flags.prompt === undefined ? "not given" : "both given"}`,
        expected: "one of them",
      });
    }
    if (flags.out !== undefined) await requireNewOut("generate", flags.out);
    using opened = await openPolicies(
      flags,
      flags.adapter,
      options,
      (base) => promptsOf(flags, base, options),
    );
    const write = flags.out === undefined ? printAnswers : writeAnswers;
    return await write(flags, opened, opened.prepared, options);
  },
});

async function promptsOf(
  flags: Flags,
  base: BaseModel,
  options: CommandOptions,
): Promise<PromptInTokens[]> {
  const most = promptBudget("generate", base, flags);
  if (flags.prompt !== undefined) {
    return [askedText("generate", base, flags.prompt, most, flags)];
  }
  return await promptsInTokens("generate", base, { ...flags, data: flags.prompts! }, most, options);
}

/** Answers of one policy: `n` a prompt, prompts in order. */
async function answer(
  flags: Flags,
  { device, model, base }: OpenedPolicies,
  policy: NamedPolicy,
  asked: readonly PromptInTokens[],
  { signal }: CommandOptions,
  onToken?: (prompt: number, id: number) => void,
): Promise<Completion[]> {
  const prompts = asked.flatMap(({ ids }) => Array.from({ length: flags.n }, () => ids));
  return await generate(device, model, prompts, {
    ...samplingOf(flags),
    maxNew: answerBudget(flags.maxNew, base),
    key: fold(keyOf(flags.seed), "generate"),
    adapter: policy.adapter(),
    signal,
    onToken,
  });
}

async function printAnswers(
  flags: Flags,
  opened: OpenedPolicies,
  asked: readonly PromptInTokens[],
  options: CommandOptions,
): Promise<number> {
  const { terminal } = options;
  const { tokenizer } = opened.base;
  const alone = asked.length * flags.n === 1;
  for (const policy of opened.policies) {
    if (opened.policies.length > 1) terminal.line(`== ${policy.name} ==`);
    if (alone && terminal.write) {
      const decoder = streamDecoder(tokenizer);
      const write = terminal.write.bind(terminal);
      await answer(flags, opened, policy, asked, options, (_, id) => write(decoder.push(id)));
      write(decoder.flush());
      terminal.line();
      continue;
    }
    const completions = await answer(flags, opened, policy, asked, options);
    completions.forEach((completion, i) => {
      if (!alone) terminal.line(`-- ${asked[Math.floor(i / flags.n)].place}`);
      terminal.line(completionText(tokenizer, completion));
    });
  }
  return 0;
}

async function writeAnswers(
  flags: Flags,
  opened: OpenedPolicies,
  asked: readonly PromptInTokens[],
  options: CommandOptions,
): Promise<number> {
  const { tokenizer } = opened.base;
  const lines: string[] = [];
  for (const policy of opened.policies) {
    const completions = await answer(flags, opened, policy, asked, options);
    completions.forEach((completion, i) => {
      const { ids, logps, finish } = completion;
      const { place, prompt, ids: promptIds } = asked[Math.floor(i / flags.n)];
      lines.push(JSON.stringify({
        ...{ prompt, completion: completionText(tokenizer, completion) },
        ...{ adapter: policy.name, sample: i % flags.n, place, finish },
        ...{ prompt_ids: promptIds, completion_ids: [...ids], logps: [...logps] },
      }));
    });
  }
  await writeFileDurably(flags.out!, new TextEncoder().encode(lines.join("\n") + "\n"));
  options.terminal.error(`${counted(lines.length, "answer")} in ${flags.out}`);
  return 0;
}
