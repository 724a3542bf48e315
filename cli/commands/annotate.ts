// `leash annotate`: two answers a prompt by a policy, or the two of a file's pairs, and who says which is better; as a
// dataset that `datasets` and TRL read. Every verdict is kept in a log beside it, so that a stopped command goes on.
import {
  type Annotator,
  askAnnotator,
  type Completion,
  completionText,
  countFailures,
  describeFailures,
  type Example,
  type FailureCount,
  fold,
  generate,
  keyOf,
  type Outcome,
  type PreferenceRow,
  requireVerdicts,
  type Verdict,
} from "../../core/mod.ts";
import { exportPairs, readJsonl, shownOrder } from "../../files/mod.ts";
import { type AnswerRecord, spelledRecords } from "../../scheduler/mod.ts";
import { BASE } from "../policy/adapter_spec.ts";
import { type AnnotateRun, openAnnotateRun } from "./annotate_run.ts";
import { answerBudget, type Asked, askedPrompts, promptBudget } from "../data/encoded_prompts.ts";
import type { BaseFlags } from "../policy/base_model.ts";
import { RowCounter, UnusableRow, usedRows } from "../../core/text/rows/report.ts";
import { openChained } from "../folder/chained_log.ts";
import { type DataFlags, openExamples, skippedLines } from "../data/rows.ts";
import { promptWords } from "../data/dialogues.ts";
import { counted } from "../terminal/counted.ts";
import { type Flag, given, text, under } from "../flags/kinds.ts";
import { UsageError } from "../terminal/mistake.ts";
import {
  ANNOTATOR_FLAGS,
  askedOfTrainable,
  type JudgeFlags,
  openJudge,
} from "../judge/named_annotator.ts";
import { type DeviceChoice, type OpenedPolicies, openPolicies } from "../policy/opened_policies.ts";
import {
  exchanged,
  pairsFormat,
  type TextPair,
  trlLines,
  writeTextPairs,
} from "../data/pair_files.ts";
import { basePrints } from "../policy/prints.ts";
import { kernelPath } from "../policy/device.ts";
import {
  ACCEPT_CHANGE_ROW,
  CHAT_FLAGS,
  DATA_VALUE,
  DEVICE_FLAGS,
  MODEL_FLAGS,
  POLICY_FLAG,
  ROW_FLAGS,
  SAMPLING_FLAGS,
  type SamplingChoice,
  samplingOf,
} from "../flags/shared.ts";
import { type CliCommand, complete } from "./command.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import type { MistakeParts } from "../../core/base/mistake.ts";

const FLAGS: readonly Flag[] = [
  ...MODEL_FLAGS,
  POLICY_FLAG,
  ...under("Pairs", [
    {
      name: "data",
      value: DATA_VALUE,
      type: text,
      help: "Dataset whose prompts the policy answers twice",
    },
    {
      name: "pairs",
      value: DATA_VALUE,
      type: text,
      help: "Dataset with chosen and rejected that are annotated anew, instead of --data",
    },
    ...ROW_FLAGS,
    ...CHAT_FLAGS,
    ...ANNOTATOR_FLAGS,
  ]),
  ...under("Answers", SAMPLING_FLAGS),
  ...under("Result", [
    {
      name: "out",
      value: "FILE",
      type: text,
      required: true,
      help: "Dataset to write, .jsonl or .parquet; every verdict stands in FILE.verdicts.jsonl",
    },
    { name: "resume", ...given, help: "Go on after the verdicts that are there" },
    ACCEPT_CHANGE_ROW,
  ]),
  ...DEVICE_FLAGS,
];

interface Flags
  extends DeviceChoice, BaseFlags, SamplingChoice, JudgeFlags, Omit<DataFlags, "data"> {
  readonly adapter?: string;
  readonly data?: string;
  readonly pairs?: string;
  readonly out: string;
  readonly resume: boolean;
  readonly acceptChange?: string;
}

/** Prompts between two writes to the log. */
const AT_ONCE = 16;

/** Annotates. */
export const ANNOTATE: CliCommand = {
  name: "annotate",
  summary: "Preferences by an annotator, on two answers a prompt or on the pairs of a dataset",
  usage: "leash annotate (--data FILE|DIR|ID | --pairs FILE|DIR|ID) --out FILE [flags]",
  flags: FLAGS,
  examples: [
    "leash annotate --model org/name --data prompts.jsonl --annotator rule:polite.ts --out pairs.parquet",
    "leash annotate --pairs pairs.jsonl --annotator judge --out judged.jsonl",
  ],
  async run(parsed, options) {
    const flags = complete<Flags>(ANNOTATE, parsed);
    if ((flags.data === undefined) === (flags.pairs === undefined)) {
      const found = `--data and --pairs are ${flags.data === undefined ? "not" : "both"} given`;
      throw new UsageError({ verb: "annotate", found, expected: "one of them" });
    }
    const format = pairsFormat("annotate", flags.out);
    const run = await openAnnotateRun(flags); // its rule is known before it runs
    using annotator = await openJudge("annotate", flags, options.signal);
    const judge = askedOfTrainable(annotator);
    if (flags.pairs !== undefined) {
      return await annotateFile({ ...flags, data: flags.pairs }, judge, run, options);
    }
    const data = { ...flags, data: flags.data! };
    using opened = await openPolicies(
      { ...flags, date: flags.date ?? dateOf(run) },
      [flags.adapter ?? BASE],
      options,
      (base) =>
        askedPrompts("annotate", base, data, promptBudget("annotate", base, flags), options),
    );
    await annotatePrompts(flags, opened, judge, run, options);
    const failures = await failuresIn(run.log);
    const counts = await exportPairs(run.log, flags.out, format);
    options.terminal.line(countsLine(flags.out, counts, run.log, failures));
    for (const line of trlLines(counts.trlIds)) options.terminal.line(line);
    return 0;
  },
};

/**
 * Why verdicts failed, all in the log.
 *
 * @throws {NoVerdict} If all of them did: an empty dataset helps nobody.
 */
async function failuresIn(log: string): Promise<FailureCount[]> {
  const verdicts = (await readJsonl(log) as { readonly verdict: Verdict }[])
    .map(({ verdict }) => verdict);
  requireVerdicts(
    "annotate",
    verdicts,
    `. All are in ${log}; mend the cause and start anew with another --out`,
  );
  return countFailures(verdicts);
}

/** What became of the pairs, for people. */
function countsLine(
  out: string,
  { pairs, ties, failed }: {
    readonly pairs: number;
    readonly ties: number;
    readonly failed: number;
  },
  log: string,
  failures: readonly FailureCount[],
): string {
  const why = failed === 0 ? "" : `: ${describeFailures(failures)}`;
  return `${counted(pairs, "pair")} in ${out}; left out: ${counted(ties, "tie")}, ` +
    `${failed} without a verdict${why} (all in ${log})`;
}

/** A line of the log that must be the same for a command to go on with it. */
interface LogLine {
  readonly place: string;
  readonly prompt: string;
  readonly annotator: string;
  readonly [field: string]: unknown;
}

/** The day that the template was told when the log began. */
function dateOf({ lines: [first] }: AnnotateRun): string | undefined {
  return typeof first?.date === "string" ? first.date : undefined;
}

/** The log so far, checked line by line against what this command would have written. */
function checkedLog(
  { log: path, lines: read }: AnnotateRun,
  expected: (line: number) => Readonly<Record<string, unknown>> | undefined,
): readonly LogLine[] {
  const lines = read as readonly LogLine[];
  const cannotGoOn = (parts: Omit<MistakeParts, "verb" | "thing">) =>
    new UsageError({ verb: "go on with", thing: path, ...parts });
  for (const [i, line] of lines.entries()) {
    const wanted = expected(i);
    if (wanted === undefined) {
      const found = `it has ${lines.length} lines`;
      throw cannotGoOn({ found, expected: `at most ${i} for this --data` });
    }
    for (const [field, value] of Object.entries(wanted)) {
      const [found, due] = [line?.[field], value].map((value) => JSON.stringify(value));
      if (found === due) continue;
      throw cannotGoOn({
        found: `line ${i + 1} has ${field} ${short(found)}`,
        expected: `${short(due)} as this command has it`,
        fix: "Start anew with another --out",
      });
    }
  }
  return lines;
}

function short(text: string | undefined): string {
  return text === undefined ? "none" : text.length > 80 ? text.slice(0, 79) + "…" : text;
}

/** Samples and annotates the prompts that the log does not have yet. */
async function annotatePrompts(
  flags: Flags,
  { device, model, base, digest, policies: [policy], prepared: asked }: OpenedPolicies & {
    readonly prepared: readonly Asked[];
  },
  judge: Annotator,
  run: AnnotateRun,
  { terminal, signal }: CommandOptions,
): Promise<void> {
  const maxNew = answerBudget(flags.maxNew, base);
  const sampling = { ...samplingOf(flags), maxNew };
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
  const done = checkedLog(run, (i) => {
    const row = asked[i];
    return row && { place: row.place, prompt: row.rendered, promptIds: row.ids, ...fixed };
  });
  if (done.length > 0) terminal.error(`Going on after ${counted(done.length, "prompt")}`);
  using lines = await openChained(run.log);
  const key = fold(keyOf(flags.seed), "annotate");
  for (let from = done.length; from < asked.length; from += AT_ONCE) {
    signal?.throwIfAborted();
    terminal.status(`prompt ${from} of ${asked.length}`);
    const part = asked.slice(from, from + AT_ONCE);
    const completions = await generate(
      device,
      model,
      part.flatMap(({ ids }) => [ids, ids]),
      {
        ...sampling,
        key,
        streams: part.flatMap((_, i) => [2 * (from + i), 2 * (from + i) + 1]),
        adapter: policy.adapter(),
        signal,
      },
    );
    const answers = completions.map((completion) => answerOf(base.tokenizer, completion));
    const pairs = part.map(({ words }, i) => ({
      prompt: words,
      a: answers[2 * i].text,
      b: answers[2 * i + 1].text,
    }));
    const verdicts = await askAnnotator(judge, pairs, { signal });
    const records = await spelledRecords(
      base.tokenizer,
      part.map(({ rendered, ids, source, place }, i) => ({
        ...{ phase: 0, step: from + i, place, prompt: rendered, promptIds: ids, source },
        ...{ a: answers[2 * i], b: answers[2 * i + 1], verdict: verdicts[i] },
        ...{ referenceId: policy.name, ...fixed },
      })),
    );
    for (const record of records) lines.append(record);
    await lines.sync();
  }
  terminal.status("");
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

/** Annotates the pairs of a dataset anew. */
async function annotateFile(
  flags: Flags & DataFlags,
  judge: Annotator,
  run: AnnotateRun,
  { terminal, signal }: CommandOptions,
): Promise<number> {
  const stream = await openExamples(flags, undefined, { terminal, signal });
  const needed = new RowCounter(flags);
  const rows: PreferenceRow[] = [];
  const pairs: ReturnType<typeof candidateOf>[] = [];
  for await (const example of stream) {
    const row = needed.take(example.place, () => preferenceOf(example));
    if (row === undefined) continue;
    rows.push(row);
    pairs.push(candidateOf(row));
  }
  const report = [
    usedRows({ used: needed.used, read: stream.report.read }),
    ...skippedLines([stream.report, needed]),
  ].join("; ");
  if (pairs.length === 0) {
    const found = `${flags.data} has no pair`;
    throw new UsageError({ verb: "annotate", found, expected: `at least one (${report})` });
  }
  terminal.error(`${flags.data}: ${report}`);
  await run.begin({ kernelPath: "none", model: "none" });
  const done = checkedLog(run, (i) => pairs[i] && { ...pairs[i], annotator: judge.name });
  if (done.length > 0) terminal.error(`Going on after ${counted(done.length, "pair")}`);
  {
    using lines = await openChained(run.log);
    for (let from = done.length; from < pairs.length; from += AT_ONCE) {
      signal?.throwIfAborted();
      terminal.status(`pair ${from} of ${pairs.length}`);
      const part = pairs.slice(from, from + AT_ONCE);
      const verdicts = await askAnnotator(judge, part, { signal });
      part.forEach((pair, i) =>
        lines.append({ ...pair, annotator: judge.name, verdict: verdicts[i] })
      );
      await lines.sync();
    }
    terminal.status("");
  }
  const failures = await failuresIn(run.log);
  const lines = await readJsonl(run.log) as JudgedLine[];
  const labelled = lines.flatMap((line, i) => textPair(line, rows[i]));
  const count = (outcome: Outcome) =>
    lines.filter(({ verdict }) => verdict.outcome === outcome).length;
  await writeTextPairs(flags.out, pairsFormat("annotate", flags.out), labelled);
  const counts = { pairs: labelled.length, ties: count("tie"), failed: count("failed") };
  terminal.line(countsLine(flags.out, counts, run.log, failures));
  return 0;
}

interface JudgedLine {
  readonly place: string;
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
  readonly annotator: string;
  readonly verdict: Verdict;
}

function preferenceOf(example: Example): PreferenceRow {
  if (example.kind === "preference") return example;
  throw new UnusableRow(
    `it is a ${example.kind}, expected a pair: chosen and rejected. Map other names with --columns, ` +
      "or answer its prompts with --data",
  );
}

function candidateOf(
  { place, prompt, chosen, rejected }: PreferenceRow,
): Omit<JudgedLine, "annotator" | "verdict"> {
  return { place, prompt: promptWords(prompt), a: promptWords(chosen), b: promptWords(rejected) };
}

function textPair(
  { verdict, annotator, place }: JudgedLine,
  pair: PreferenceRow,
): TextPair[] {
  const { outcome, reason = null, scores, order } = verdict;
  if (outcome !== "a" && outcome !== "b") return [];
  const [won, lost] = outcome === "a" ? [0, 1] : [1, 0];
  return [{
    row: outcome === "a" ? pair : exchanged(pair),
    ...{ annotator, verdict: outcome, reason },
    order: shownOrder(outcome, order),
    ...{ chosen_score: scores?.[won] ?? null, rejected_score: scores?.[lost] ?? null, place },
  }];
}
