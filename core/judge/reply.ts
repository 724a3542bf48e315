// What a judge replied: a winner, or why there is none. Nothing is guessed.
import type { Outcome, Verdict } from "../annotator/annotator.ts";
import { quote, show } from "../base/quote.ts";
import { WINNERS } from "./question.ts";

/** Tokens that a reply cost, as the endpoint counts them. */
export interface JudgeUsage {
  /** Read. */
  readonly promptTokens: number;
  /** Written. */
  readonly completionTokens: number;
}

/** A reply that was read. */
export interface JudgeReply {
  /** The first answer won, the second, neither, or `failed` with the reason. */
  readonly verdict: Verdict;
  /** What it cost; zeros where the endpoint does not say. */
  readonly usage: JudgeUsage;
}

/** The winner's key, which within a string of JSON would have its quotes escaped. */
const KEY = /"winner"\s*:\s*"?(\w*)/g;
const OUTCOMES: Readonly<Record<typeof WINNERS[number], Outcome>> = { A: "a", B: "b", tie: "tie" };
/** Characters of a reason that are kept. */
const LONGEST = 500;

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const failed = (reason: string): Verdict => ({ outcome: "failed", reason });

/**
 * Reads the body of a chat completion. `scores` are P(A) and P(B) of the winner's token, of both together, where the
 * endpoint gives log-probs of it.
 *
 * @param body Text, as it came.
 */
export function readReply(body: string): JudgeReply {
  const none = { promptTokens: 0, completionTokens: 0 };
  const whole = parsed(body);
  if (!isObject(whole)) {
    return { verdict: failed(`the reply is no JSON: ${quote(body)}`), usage: none };
  }
  const usage = usageOf(whole.usage) ?? none;
  const choice = Array.isArray(whole.choices) ? whole.choices[0] : undefined;
  if (!isObject(choice) || !isObject(choice.message)) {
    return { verdict: failed(`the reply has no message: ${quote(body)}`), usage };
  }
  const { message, finish_reason: finish } = choice;
  if (typeof message.refusal === "string" && message.refusal !== "") {
    return { verdict: failed(`the judge refused: ${quote(message.refusal)}`), usage };
  }
  const { content } = message;
  if (typeof content !== "string") return { verdict: failed("the reply has no text"), usage };
  if (finish === "length") return { verdict: failed("the reply was cut at its limit"), usage };
  if (finish === "content_filter") return { verdict: failed("the reply was filtered"), usage };
  return { verdict: verdictOf(content, choice.logprobs), usage };
}

function verdictOf(content: string, logprobs: unknown): Verdict {
  const object = parsed(unfenced(content));
  if (!isObject(object)) return failed(`the judge's text is no JSON object: ${quote(content)}`);
  const winner = WINNERS.find((name) => name === object.winner);
  if (winner === undefined) {
    const found = object.winner === undefined ? "missing" : show(object.winner);
    return failed(`the judge's winner is ${found}, expected A, B or tie`);
  }
  const named = [...content.matchAll(KEY)].map(([, name]) => name);
  if (named.length !== 1 || named[0] !== winner) {
    return failed("the judge names more than one winner");
  }
  const scores = winnerScores(content, winner, logprobs);
  return {
    outcome: OUTCOMES[winner],
    ...(typeof object.reason === "string" && object.reason !== ""
      ? { reason: object.reason.slice(0, LONGEST) }
      : {}),
    ...(scores === undefined ? {} : { scores }),
  };
}

/** The text without the code fence that chat models like to put around JSON. */
function unfenced(text: string): string {
  return /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)?.[1] ?? text;
}

/** [P(A), P(B)] of both together at the token that says the winner; undefined where that cannot be known. */
function winnerScores(
  content: string,
  winner: typeof WINNERS[number],
  logprobs: unknown,
): readonly [number, number] | undefined {
  if (winner === "tie") return undefined;
  const tokens = isObject(logprobs) && Array.isArray(logprobs.content) ? logprobs.content : [];
  const key = /"winner"\s*:\s*"/.exec(content);
  if (key === null) return undefined;
  const at = key.index + key[0].length;
  if (!content.startsWith(winner, at)) return undefined;
  let end = 0;
  for (const token of tokens) {
    if (!isObject(token) || typeof token.token !== "string") return undefined;
    const start = end;
    end += token.token.length;
    if (end <= at) continue;
    // The token must begin with the winner's first letter, but for what stands before it.
    const before = content.slice(start, at);
    const chances = { A: 0, B: 0 };
    for (const other of Array.isArray(token.top_logprobs) ? token.top_logprobs : []) {
      if (!isObject(other) || typeof other.token !== "string") return undefined;
      if (typeof other.logprob !== "number" || !other.token.startsWith(before)) continue;
      const letter = other.token.slice(before.length, before.length + 1);
      if (letter === "A" || letter === "B") chances[letter] += Math.exp(other.logprob);
    }
    const sum = chances.A + chances.B;
    return sum > 0 && Number.isFinite(sum) ? [chances.A / sum, chances.B / sum] : undefined;
  }
  return undefined;
}

function usageOf(usage: unknown): JudgeUsage | undefined {
  if (!isObject(usage)) return undefined;
  const count = (value: unknown) =>
    typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
  return {
    promptTokens: count(usage.prompt_tokens),
    completionTokens: count(usage.completion_tokens),
  };
}

/** The value of a JSON text; undefined where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
