// What swayed a judge besides the answers, in one line for people.
import { biasReport, type BiasShare, type Candidate, type Verdict } from "../../core/mod.ts";
import { readJsonl } from "../../files/mod.ts";
import { counted } from "../terminal/counted.ts";

/** A pair as logs have it: the texts alone, or answers with their texts. */
interface LoggedPair {
  readonly prompt?: string;
  readonly a: string | { readonly text: string };
  readonly b: string | { readonly text: string };
  readonly verdict: Verdict;
}

const percent = ({ value, n }: BiasShare) => n === 0 ? "none" : `${(100 * value).toFixed(1)}%`;

/** The line of a log of pairs with their verdicts; undefined where nobody was asked in both orders. */
export async function swayLine(log: string): Promise<string | undefined> {
  const lines = await readJsonl(log) as LoggedPair[];
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
