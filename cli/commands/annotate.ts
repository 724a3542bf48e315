// `leash annotate`: two answers a prompt by a policy, or the two of a file's pairs, and who says which is better; as a
// dataset that `datasets` and TRL read. Every verdict is kept in a log beside it, so that a stopped command goes on.
import {
  type Annotator,
  askAnnotator,
  type Completion,
  completionText,
  fold,
  generate,
  keyOf,
} from "../../core/mod.ts";
import { exportPairs } from "../../files/mod.ts";
import { type AnswerRecord, spelledRecords } from "../../scheduler/mod.ts";
import { type AnnotateRun, openAnnotateRun } from "./annotate_run.ts";
import { type PromptInTokens, promptsInTokens, samplingOf } from "../data/encoded_prompts.ts";
import { type FlagSections, given, text } from "../flags/kinds.ts";
import { ANNOTATOR_ROWS, askedOfTrainable, openJudge } from "../judge/named_annotator.ts";
import { type OpenedPolicies, openPolicies } from "../policy/opened_policies.ts";
import { pairsFormat, trlLines } from "../data/pair_files.ts";
import { basePrints } from "../policy/prints.ts";
import { kernelPath } from "../policy/device.ts";
import {
  ACCEPT_CHANGE_ROW,
  DATA_ROW,
  DATASET_ROWS,
  DEVICE_ROWS,
  MODEL_ROWS,
  POLICY_ROW,
  SAMPLING_ROWS,
} from "../flags/shared.ts";
import type { CliCommand } from "./command.ts";
import { defineCommand, type ValuesOf } from "./define.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { annotateFile } from "./annotate_file.ts";
import { dateOf } from "./annotate_log.ts";
import { requireOneOf } from "../flags/one_of.ts";
import { annotateInParts, writeAnnotated } from "./annotate_in_parts.ts";

const SECTIONS = {
  "Model": [...MODEL_ROWS, POLICY_ROW],
  "Pairs": [
    {
      ...DATA_ROW,
      help: "Dataset whose prompts the policy answers twice",
    },
    {
      ...DATA_ROW,
      name: "pairs",
      help: "Dataset with chosen and rejected that are annotated anew, instead of --data",
    },
    ...DATASET_ROWS,
    ...ANNOTATOR_ROWS,
  ],
  "Answers": SAMPLING_ROWS,
  "Result": [
    {
      name: "out",
      value: "FILE",
      type: text,
      required: true,
      help: "Dataset to write, .jsonl or .parquet; every verdict stands in FILE.verdicts.jsonl",
    },
    { name: "resume", ...given, help: "Go on after the verdicts that are there" },
    ACCEPT_CHANGE_ROW,
  ],
  "Machine": DEVICE_ROWS,
} as const satisfies FlagSections;

/** Annotates. */
export const ANNOTATE: CliCommand = defineCommand({
  name: "annotate",
  summary: "Preferences by an annotator, on two answers a prompt or on the pairs of a dataset",
  usage: "leash annotate (--data FILE|DIR|ID | --pairs FILE|DIR|ID) --out FILE [flags]",
  flags: SECTIONS,
  examples: [
    "leash annotate --model org/name --data prompts.jsonl --annotator rule:polite.ts --out pairs.parquet",
    "leash annotate --pairs pairs.jsonl --annotator judge:http://127.0.0.1:8080/v1#qwen3 --out judged.jsonl",
  ],
  async run(flags, options) {
    const { data, pairs } = flags;
    const source = { data, pairs };
    requireOneOf("annotate", source);
    const format = pairsFormat("annotate", flags.out);
    const run = await openAnnotateRun(flags); // its rule is known before it runs
    using annotator = await openJudge("annotate", flags, options);
    const judge = askedOfTrainable(annotator);
    if (source.pairs !== undefined) {
      return await annotateFile({ ...flags, data: source.pairs }, judge, run, options);
    }
    const asked = { ...flags, data: source.data };
    using opened = await openPolicies(
      { ...flags, date: flags.date ?? dateOf(run) },
      options,
      (base) => promptsInTokens("annotate", base, asked, options),
    );
    await annotatePrompts(flags, opened, judge, run, options);
    const { trlIds } = await writeAnnotated(
      flags.out,
      run,
      () => exportPairs(run.log, flags.out, format),
      options,
    );
    for (const line of trlLines(trlIds)) options.terminal.line(line);
    return 0;
  },
});

/** Samples and annotates the prompts that the log does not have yet. */
async function annotatePrompts(
  flags: ValuesOf<typeof SECTIONS>,
  { device, model, base, digest, policies: [policy], prepared: asked }: OpenedPolicies & {
    readonly prepared: readonly PromptInTokens[];
  },
  judge: Annotator,
  run: AnnotateRun,
  options: CommandOptions,
): Promise<void> {
  const { signal } = options;
  const sampling = samplingOf(flags, base);
  const fixed = {
    ...{ annotator: judge.name, snapshotId: policy.name, snapshotHash: policy.digest },
    ...{ seed: flags.seed, sampling, ...(base.date === undefined ? {} : { date: base.date }) },
  };
  await run.begin({
    kernelPath: kernelPath(device.info),
    model: digest,
    ...await basePrints(base),
    policy: policy.digest,
  });
  const key = fold(keyOf(flags.seed), "annotate");
  await annotateInParts(run, {
    items: asked,
    noun: "prompt",
    fixed: ({ place, rendered: prompt, ids: promptIds }) => ({
      ...{ place, prompt, promptIds },
      ...fixed,
    }),
    async annotate(part, from) {
      const completions = await generate(device, model, part.flatMap(({ ids }) => [ids, ids]), {
        ...sampling,
        key,
        streams: part.flatMap((_, i) => [2 * (from + i), 2 * (from + i) + 1]),
        adapter: policy.adapter(),
        signal,
      });
      const answers = completions.map((completion) => answerOf(base.tokenizer, completion));
      const pairs = part.map(({ words }, i) => ({
        prompt: words,
        a: answers[2 * i].text,
        b: answers[2 * i + 1].text,
      }));
      const verdicts = await askAnnotator(judge, pairs, { signal });
      return await spelledRecords(
        base.tokenizer,
        part.map(({ rendered, ids, source, place }, i) => ({
          ...{ phase: 0, step: from + i, place, prompt: rendered, promptIds: ids, source },
          ...{ a: answers[2 * i], b: answers[2 * i + 1], verdict: verdicts[i] },
          ...{ referenceId: policy.name, ...fixed },
        })),
      );
    },
  }, options);
}

/** An answer as a line of a run's pairs.jsonl has it; the reference is the behaviour policy itself. */
function answerOf(
  tokenizer: Parameters<typeof completionText>[0],
  completion: Completion,
): AnswerRecord {
  const logps = [...completion.logps];
  return {
    text: completionText(tokenizer, completion),
    ...{ ids: [...completion.ids], finish: completion.finish, logps },
    referenceLogp: logps.reduce((sum, logp) => sum + logp, 0),
  };
}
