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
import {
  askedText,
  type PromptInTokens,
  promptsInTokens,
  samplingOf,
} from "../data/encoded_prompts.ts";
import { type FlagSections, text, whole } from "../flags/kinds.ts";
import { type NamedPolicy, type OpenedPolicies, openPolicies } from "../policy/opened_policies.ts";
import {
  ADAPTERS_ROW,
  DATA_ROW,
  DATASET_ROWS,
  DEVICE_ROWS,
  MODEL_ROWS,
  SAMPLING_ROWS,
} from "../flags/shared.ts";
import type { CliCommand } from "./command.ts";
import { defineCommand, type ValuesOf } from "./define.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { openOutLines, OUT_LINES_ROW } from "./out_lines.ts";
import { requireOneOf } from "../flags/one_of.ts";

const SECTIONS = {
  "Model": [...MODEL_ROWS, ADAPTERS_ROW],
  "Prompts": [
    { name: "prompt", value: "TEXT", type: text, help: "One prompt" },
    {
      ...DATA_ROW,
      name: "prompts",
      help: "A dataset whose prompts are answered, instead of --prompt",
    },
    ...DATASET_ROWS,
  ],
  "Answers": [
    { name: "n", value: "N", type: whole(1, 10_000), default: 1, help: "Answers to each prompt" },
    ...SAMPLING_ROWS,
    {
      ...OUT_LINES_ROW,
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
    const { prompt, prompts } = flags;
    const source = { prompt, prompts };
    requireOneOf("generate", source);
    const out = await openOutLines("generate", flags.out, options);
    using opened = await openPolicies(
      flags,
      options,
      async (base) =>
        source.prompt === undefined
          ? await promptsInTokens("generate", base, { ...flags, data: source.prompts }, options)
          : [askedText("generate", base, source.prompt, flags)],
    );
    if (out === undefined) await printAnswers(flags, opened, options);
    else await out.write(await answerLines(flags, opened, options), "answer");
    return 0;
  },
});

type Opened = OpenedPolicies & { readonly prepared: readonly PromptInTokens[] };

/** Answers of one policy: `n` a prompt, prompts in order. */
async function answer(
  flags: Flags,
  { device, model, base, prepared: asked }: Opened,
  policy: NamedPolicy,
  { signal }: CommandOptions,
  onToken?: (prompt: number, id: number) => void,
): Promise<Completion[]> {
  const prompts = asked.flatMap(({ ids }) => Array.from({ length: flags.n }, () => ids));
  return await generate(device, model, prompts, {
    ...samplingOf(flags, base),
    key: fold(keyOf(flags.seed), "generate"),
    adapter: policy.adapter(),
    signal,
    onToken,
  });
}

async function printAnswers(
  flags: Flags,
  opened: Opened,
  options: CommandOptions,
): Promise<void> {
  const { terminal } = options;
  const { base: { tokenizer }, prepared: asked } = opened;
  const alone = asked.length * flags.n === 1;
  for (const policy of opened.policies) {
    if (opened.policies.length > 1) terminal.line(`== ${policy.name} ==`);
    if (alone && terminal.write) {
      const decoder = streamDecoder(tokenizer);
      const write = terminal.write.bind(terminal);
      await answer(flags, opened, policy, options, (_, id) => write(decoder.push(id)));
      write(decoder.flush());
      terminal.line();
      continue;
    }
    const completions = await answer(flags, opened, policy, options);
    completions.forEach((completion, i) => {
      if (!alone) terminal.line(`-- ${asked[Math.floor(i / flags.n)].place}`);
      terminal.line(completionText(tokenizer, completion));
    });
  }
}

async function answerLines(
  flags: Flags,
  opened: Opened,
  options: CommandOptions,
): Promise<object[]> {
  const { base: { tokenizer }, prepared: asked } = opened;
  const lines: object[] = [];
  for (const policy of opened.policies) {
    const completions = await answer(flags, opened, policy, options);
    completions.forEach((completion, i) => {
      const { ids, logps, finish } = completion;
      const { place, prompt, ids: promptIds } = asked[Math.floor(i / flags.n)];
      lines.push({
        ...{ prompt, completion: completionText(tokenizer, completion) },
        ...{ adapter: policy.name, sample: i % flags.n, place, finish },
        ...{ prompt_ids: promptIds, completion_ids: [...ids], logps: [...logps] },
      });
    });
  }
  return lines;
}
