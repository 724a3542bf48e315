// How a judge behind an endpoint is asked, as the flags say it.
import { type FlagRow, number, text, whole } from "./kinds.ts";

/** Where a judge's key is: never in a flag, so that it stands in no file and no list of processes. */
export const JUDGE_KEY = "LEASH_JUDGE_KEY";

/** Flags of every command that takes `--annotator judge:URL#MODEL`. */
export const JUDGE_ROWS = [
  {
    name: "judge-rubric",
    to: "method.judgeRubric",
    value: "NAME|FILE",
    type: text,
    path: true,
    shownDefault: "helpfulness",
    help:
      "What judge:URL looks at: helpfulness, harmlessness, summary, or a file with your own text",
  },
  {
    name: "judge-calls",
    to: "method.judgeCalls",
    free: true,
    value: "N",
    type: whole(1, 1e9),
    shownDefault: "no limit",
    help: "Most questions to judge:URL, two a pair; then the run stops where it can go on",
  },
  {
    name: "judge-tokens",
    to: "method.judgeTokens",
    free: true,
    value: "N",
    type: whole(1, 1e12),
    shownDefault: "no limit",
    help: "Most tokens that judge:URL may read and write",
  },
  {
    name: "judge-concurrency",
    to: "method.judgeConcurrency",
    free: true,
    value: "N",
    type: whole(1, 1000),
    default: 4,
    help: "Questions that are on their way at once",
  },
  {
    name: "judge-rate",
    to: "method.judgeRate",
    free: true,
    value: "N",
    type: number(1, 1e6),
    shownDefault: "no limit",
    help: "Questions that may begin within a minute",
  },
  {
    name: "judge-cache",
    to: "method.judgeCache",
    free: true,
    value: "FILE",
    type: text,
    path: true,
    shownDefault: "of train: verdicts.sqlite in its folder",
    help: "SQLite file that keeps every verdict of judge:URL and is asked before it is",
  },
] as const satisfies readonly FlagRow[];

/** The values of these flags. */
export interface JudgeSettings {
  /** Name or file. */
  readonly judgeRubric?: string;
  /** Most questions. */
  readonly judgeCalls?: number;
  /** Most tokens. */
  readonly judgeTokens?: number;
  /** Questions on their way at once. */
  readonly judgeConcurrency?: number;
  /** Questions a minute. */
  readonly judgeRate?: number;
  /** File of verdicts. */
  readonly judgeCache?: string;
}
