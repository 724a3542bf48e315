// What swayed a judge besides the answers, in one line for people.
import { biasReport, type BiasShare, type Candidate, type Verdict } from "../../core/mod.ts";
import { counted } from "../terminal/counted.ts";

/** A pair as logs have it: the texts alone, or answers with their texts. */
export interface LoggedPair {
  /** What was asked. */
  readonly prompt?: string;
  /** The first answer. */
  readonly a: string | { readonly text: string };
  /** The second. */
  readonly b: string | { readonly text: string };
  /** Which is better. */
  readonly verdict: Verdict;
}

const percent = ({ value, n }: BiasShare) => n === 0 ? "none" : `${(100 * value).toFixed(1)}%`;

/** The line of pairs with their verdicts; undefined where nobody was asked in both orders. */
export function swayLine(lines: readonly LoggedPair[]): string | undefined {
  const verdicts = lines.map(({ verdict }) => verdict);
  if (!verdicts.some(({ order }) => order === "both")) return undefined;
  const text = (answer: LoggedPair["a"]) => typeof answer === "string" ? answer : answer.text;
  const pairs = lines.map(({ prompt = "", a, b }): Candidate => ({
    prompt,
    a: text(a),
    b: text(b),
  }));
  const { flips, first, longer } = biasReport(pairs, verdicts);
  return `Sway: the order decided ${percent(flips)} of ${
    counted(flips.n, "pair")
  }, the first shown won ` +
    `${percent(first)} of ${counted(first.n, "showing")}, the longer ${
      percent(longer)
    } of ${longer.n}`;
}
