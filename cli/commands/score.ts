// `leash score`: how likely a model finds the answers of a file, token by token, and for pairs which answer it prefers.
import {
  completionLogps,
  type EncodedCompletion,
  type EncodedPreference,
  type Example,
  sequenceOf,
  type TokenSequence,
} from "../../core/mod.ts";
import type { BaseModel } from "../policy/base_model.ts";
import { UnusableRow } from "../../core/text/rows/report.ts";
import { counted } from "../terminal/counted.ts";
import { type FlagSections, given, whole } from "../flags/kinds.ts";
import { UsageError } from "../terminal/mistake.ts";
import { type OpenedPolicies, openPolicies } from "../policy/opened_policies.ts";
import { DATA_ROW, DATASET_ROWS, DEVICE_ROWS, MODEL_ROWS, POLICY_ROW } from "../flags/shared.ts";
import type { CliCommand } from "./command.ts";
import { defineCommand, type ValuesOf } from "./define.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { openOutLines, OUT_LINES_ROW } from "./out_lines.ts";
import { usableRows } from "../data/usable_rows.ts";
import { turn } from "../../core/base/pause.ts";

const SECTIONS = {
  "Model": [
    ...MODEL_ROWS,
    { ...POLICY_ROW, help: "PEFT folder, run folder, or RUN#2 for a run's second member" },
  ],
  "Rows": [
    {
      ...DATA_ROW,
      required: true,
      help: "Dataset with prompt and completion, chosen and rejected, messages or text",
    },
    ...DATASET_ROWS,
    {
      name: "max-prompt",
      value: "N",
      type: whole(1, 1e6),
      shownDefault: "what its answer leaves of the context",
      help: "Most tokens of a prompt; a longer one loses its oldest turns, then words",
    },
  ],
  "Result": [
    {
      ...OUT_LINES_ROW,
      shownDefault: "the summary only",
      help: "Sum, mean and number of tokens of each answer, a line each",
    },
    { name: "per-token", ...given, help: "With the log-prob of every token in --out" },
  ],
  "Machine": DEVICE_ROWS,
} as const satisfies FlagSections;

type Flags = ValuesOf<typeof SECTIONS>;

type Row = EncodedCompletion | EncodedPreference;

/** Log-probs of one answer, nats. */
interface Score {
  readonly sum: number;
  readonly mean: number;
  readonly tokens: number;
  readonly logps?: readonly number[];
  /** The same under the model without the adapter. */
  readonly base?: number;
}

/** Scores. */
export const SCORE: CliCommand = defineCommand({
  name: "score",
  summary:
    "Log-probs of the answers of a dataset; for pairs, how often the chosen one is preferred",
  usage: "leash score [--model PATH|ID] --data FILE|DIR|ID [flags]",
  flags: SECTIONS,
  examples: [
    "leash score --model org/name --data pairs.jsonl",
    "leash score --model org/name --adapter runs/kind --data pairs.parquet --out scores.jsonl --per-token",
  ],
  async run(flags, options) {
    if (flags.perToken && flags.out === undefined) {
      throw new UsageError({
        verb: "score",
        found: "--per-token is given without --out",
        expected: "a file for the tokens",
      });
    }
    const out = await openOutLines("score", flags.out, options);
    using opened = await openPolicies(flags, options, (base) => answersOf(flags, base, options));
    const { prepared: rows } = opened;
    const scores = await scoreRows(flags, opened, rows, options);
    await out?.write(rows.map((row, i) => lineOf(row, scores[i])), "row");
    for (const line of summaryLines(rows, scores)) options.terminal.line(line);
    return 0;
  },
});

async function answersOf(
  flags: Flags,
  base: BaseModel,
  options: CommandOptions,
): Promise<Row[]> {
  const { positions } = base;
  const { maxPrompt } = flags;
  if (maxPrompt !== undefined && maxPrompt >= positions) {
    throw new UsageError({
      verb: "score",
      found: `--max-prompt is ${maxPrompt}`,
      expected: `fewer than the context's ${positions} tokens`,
    });
  }
  return await usableRows("score", flags, base, {
    noun: "row",
    choose: answeredOf,
    budget: { maxLength: positions, maxPrompt },
    limits: { maxLength: `--context ${positions}`, maxPrompt: `--max-prompt ${maxPrompt}` },
    keep: ({ encoded }) => encoded,
  }, options);
}

function answeredOf(example: Example): Exclude<Example, { kind: "prompt" }> {
  if (example.kind !== "prompt") return example;
  throw new UnusableRow(
    "it is a prompt without an answer, expected completion, chosen and rejected, messages or text. " +
      "Map other names with --columns",
  );
}

/** Answers of a row: one, or the chosen and the rejected. */
function sequencesOf(row: Row): TokenSequence[] {
  const answers = row.kind === "preference" ? [row.chosen, row.rejected] : [row.completion];
  return answers.map((ids) => sequenceOf(row.prompt, ids));
}

const ROWS_AT_ONCE = 64;

async function scoreRows(
  { perToken }: Flags,
  { device, model, policies: [policy] }: OpenedPolicies,
  rows: readonly Row[],
  { terminal, signal }: CommandOptions,
): Promise<Score[][]> {
  const adapter = policy.adapter();
  const scores: Score[][] = [];
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    signal?.throwIfAborted();
    terminal.status(`scoring · row ${from} of ${rows.length}`);
    const part = rows.slice(from, from + ROWS_AT_ONCE).map(sequencesOf);
    const own = await completionLogps(device, model, part.flat(), { adapter });
    const base = adapter && await completionLogps(device, model, part.flat());
    let at = 0;
    for (const sequences of part) {
      scores.push(sequences.map(() => {
        const logps = own.perToken[at];
        const sum = own.sums[at];
        const score = {
          ...{ sum, mean: sum / logps.length, tokens: logps.length },
          ...(base ? { base: base.sums[at] } : {}),
          ...(perToken ? { logps: [...logps] } : {}),
        };
        at++;
        return score;
      }));
    }
    await turn(); // lets Ctrl-C be heard
  }
  terminal.status("");
  return scores;
}

function lineOf(row: Row, scores: readonly Score[]): Record<string, unknown> {
  const { place } = row;
  if (row.kind === "preference") {
    const [chosen, rejected] = scores;
    return { place, chosen, rejected, margin: marginOf(scores) };
  }
  return { place, ...scores[0], ...(row.label === undefined ? {} : { label: row.label }) };
}

/** Log-prob of chosen over rejected, nats; with an adapter by how much it moved: the implicit reward at β = 1. */
function marginOf([chosen, rejected]: readonly Score[]): number {
  return chosen.sum - (chosen.base ?? 0) - (rejected.sum - (rejected.base ?? 0));
}

/** What is printed: mean NLL and perplexity over all tokens, and the preferences. */
export function summaryLines(
  rows: readonly Pick<Row, "kind">[],
  scores: readonly (readonly Score[])[],
): string[] {
  const all = scores.flat();
  const tokens = all.reduce((n, score) => n + score.tokens, 0);
  const nll = all.reduce((total, { sum }) => total - sum, 0) / tokens;
  const lines = [
    `${counted(all.length, "answer")}, ${counted(tokens, "token")}: mean NLL ${
      nll.toFixed(4)
    } nats, ` +
    `perplexity ${Math.exp(nll).toFixed(3)}`,
  ];
  const pairs = scores.filter((_, i) => rows[i].kind === "preference");
  if (pairs.length === 0) return lines;
  const share = (margins: readonly number[]) => {
    const wins = margins.reduce((n, margin) => n + (margin > 0 ? 1 : margin === 0 ? 0.5 : 0), 0);
    return (wins / margins.length).toFixed(4);
  };
  const likelier = pairs.map(([chosen, rejected]) => chosen.sum - rejected.sum);
  lines.push(`${counted(pairs.length, "pair")}: chosen is likelier in ${share(likelier)} of them`);
  if (pairs[0][0].base !== undefined) {
    const margins = pairs.map(marginOf);
    const mean = margins.reduce((total, margin) => total + margin, 0) / margins.length;
    lines.push(
      `against the base: implicit-reward accuracy ${share(margins)}, mean margin ${
        mean.toFixed(4)
      } nats`,
    );
  }
  return lines;
}
