// `--annotator` of commands that ask one: who it is, and its mistakes under the command's own name.
import { type Annotator, askAnnotator, type Candidate, type Verdict } from "../../core/mod.ts";
import { namedFailures, NO_ANNOTATOR, openAnnotators } from "./annotators.ts";
import { type FlagRow, text } from "../flags/kinds.ts";
import { UsageError } from "../terminal/mistake.ts";
import { JUDGE_ROWS, type JudgeSettings } from "../flags/judge_rows.ts";
import { RULE_ROWS, type RuleFlags } from "../flags/rule_rights.ts";
import type { CommandOptions } from "../terminal/command_options.ts";

/** Who compares answers, and with what rights where it is a rule's file. */
export const ANNOTATOR_ROWS = [
  {
    name: "annotator",
    value: "NAME",
    type: text,
    required: true,
    help:
      "Who says which answer is better: stories, stories-judge, rule:FILE.ts or judge:URL#MODEL; then ,swap or ,noise:P",
  },
  ...RULE_ROWS,
  ...JUDGE_ROWS,
] as const satisfies readonly FlagRow[];

/** The flags that an annotator is opened by. */
export interface JudgeFlags extends RuleFlags, JudgeSettings {
  /** Who. */
  readonly annotator: string;
  /** Of noise. */
  readonly seed: number;
}

/**
 * Opens the annotator, with the combinators that stand after it. Disposing it ends the thread of a rule's file.
 *
 * @param options `signal` ends the loading of a rule's file; `terminal` says where a judge is out of order.
 * @throws {UsageError} If it is unknown, or its file is no rule.
 */
export async function openJudge(
  command: string,
  flags: JudgeFlags,
  { signal, terminal }: Partial<Pick<CommandOptions, "signal" | "terminal">> = {},
): Promise<Annotator & Disposable> {
  const { annotator: name, seed } = flags;
  if (name === NO_ANNOTATOR) {
    throw new UsageError({
      verb: command,
      found: "--annotator is none",
      expected: "somebody who annotates",
    });
  }
  try {
    const opened = await openAnnotators(name, seed, { ...flags, signal, tell: terminal?.error });
    const dispose = () => opened[Symbol.dispose]();
    return { ...namedFailures(opened.training), [Symbol.dispose]: dispose };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw error.verb === "train"
      ? new UsageError(error.partsWith({ verb: command }), { cause: error })
      : error;
  }
}

/**
 * The annotator, not asked about pairs that `train` could not learn from: equal answers are a tie, and an empty one is no
 * verdict.
 */
export function askedOfTrainable(inner: Annotator): Annotator {
  const known = ({ a, b }: Candidate): Verdict | undefined => {
    if (a === b) return { outcome: "tie", reason: "both answers are the same" };
    const empty = a.trim() === "" ? "a" : b.trim() === "" ? "b" : undefined;
    return empty && { outcome: "failed", reason: `answer ${empty} is empty: nobody was asked` };
  };
  return {
    name: inner.name,
    async annotate(pairs, options) {
      const verdicts = pairs.map(known);
      const asked = pairs.filter((_, i) => verdicts[i] === undefined);
      const answers = (await askAnnotator(inner, asked, options)).values();
      return verdicts.map((verdict) => verdict ?? answers.next().value!);
    },
  };
}
