// `--annotator` of commands that ask one: who it is, and its mistakes under the command's own name.
import type { Annotator } from "../core/mod.ts";
import { namedFailures, NO_ANNOTATOR, openAnnotators } from "./annotators.ts";
import { type Flag, text } from "./flag_kinds.ts";
import { UsageError } from "./flag_parser.ts";

/** Who compares answers. */
export const ANNOTATOR_FLAG: Omit<Flag, "group"> = {
  name: "annotator",
  value: "NAME",
  type: text,
  default: "stories",
  help: "Who says which answer is better: stories, judge or rule:FILE.ts; then ,swap or ,noise:P",
};

/**
 * Opens the annotator, with the combinators that stand after it.
 *
 * @throws {UsageError} If it is unknown, or its file is no rule.
 */
export async function openJudge(command: string, name: string, seed: number): Promise<Annotator> {
  if (name === NO_ANNOTATOR) {
    throw new UsageError(`Cannot ${command}: --annotator is none, expected somebody who annotates`);
  }
  try {
    return namedFailures((await openAnnotators(name, seed)).training);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message.replace(/^Cannot train:/, `Cannot ${command}:`), {
      cause: error,
    });
  }
}
