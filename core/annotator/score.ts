// What a rule gave for an answer: a finite number, or the reason why it is none. From two of them follows a verdict.
import type { Verdict } from "./annotator.ts";

/** A score, or why there is none; plain data, fit for a message between threads. */
export type Scored = number | { readonly reason: string };

/**
 * Calls a rule. What it throws, or its promise rejects with, and what it returns that is no finite number, is the reason.
 * (It uses nothing from around it: `cli/` sends it to another thread as text.)
 */
export function callRule(rule: () => unknown): Scored | Promise<Scored> {
  const found = (value: unknown): string => {
    if (typeof value === "string") return `${JSON.stringify(value.slice(0, 40))} (a string)`;
    if (typeof value === "function") return "a function";
    if (typeof value === "object" && value !== null) {
      return Array.isArray(value) ? "a list" : "an object";
    }
    return typeof value === "bigint" ? `${value}n (a bigint)` : String(value);
  };
  const checked = (value: unknown): Scored =>
    typeof value === "number" && Number.isFinite(value)
      ? value
      : { reason: `returned ${found(value)}, expected a finite number` };
  const thrown = (error: unknown): Scored => {
    let text = "an error that cannot be read";
    try {
      text = error instanceof Error ? String(error.message || error.name) : found(error);
    } catch { /* a getter of its own */ }
    return { reason: `threw: ${text.replace(/\s*\n\s*/g, " ").trim()}` };
  };
  try {
    const value = rule() as { then?: unknown } | null | undefined;
    if (typeof value !== "object" || value === null || typeof value.then !== "function") {
      return checked(value);
    }
    return Promise.resolve(value).then(checked, thrown);
  } catch (error) {
    return thrown(error);
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
