// What a rule gave for an answer: a finite number, or the reason why it is none. From two of them follows a verdict.
import type { Verdict } from "./annotator.ts";

/** A score, or why there is none; plain data, fit for a message between threads. */
export type Scored = number | { readonly reason: string };

/** What a rule returned, checked. */
export function checkedScore(value: unknown): Scored {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  return { reason: `returned ${found(value)}, expected a finite number` };
}

/** What a rule threw, as a reason of one line. */
export function thrownReason(error: unknown): { readonly reason: string } {
  const text = error instanceof Error ? String(error.message || error.name) : found(error);
  return { reason: `threw: ${text.replace(/\s*\n\s*/g, " ").trim()}` };
}

/** Calls a rule; what it throws, or its promise rejects with, is the reason. */
export function callRule(rule: () => unknown): Scored | Promise<Scored> {
  try {
    const value = rule();
    if (!isThenable(value)) return checkedScore(value);
    return Promise.resolve(value).then(checkedScore, thrownReason);
  } catch (error) {
    return thrownReason(error);
  }
}

/** The verdict on two scores; `b` is not looked at where `a` is a reason. */
export function scoreVerdict(
  name: string,
  [a, b]: readonly [Scored, Scored],
  tieMargin = 0,
): Verdict {
  for (const score of [a, b]) {
    if (typeof score !== "number") return { outcome: "failed", reason: `${name} ${score.reason}` };
  }
  const scores = [a as number, b as number] as const;
  const difference = scores[0] - scores[1];
  if (Math.abs(difference) <= tieMargin) return { outcome: "tie", scores };
  return { outcome: difference > 0 ? "a" : "b", scores };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

/** A value that is no number, as one sees at once what it is. */
function found(value: unknown): string {
  if (typeof value === "string") return `${JSON.stringify(value.slice(0, 40))} (a string)`;
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) {
    return Array.isArray(value) ? "a list" : "an object";
  }
  return typeof value === "bigint" ? `${value}n (a bigint)` : String(value);
}
