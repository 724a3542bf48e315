// A language model behind an endpoint as an annotator. A verdict is what it said and nothing else.
import type { Annotator, Candidate, Verdict } from "../annotator/annotator.ts";
import { Mistake } from "../base/mistake.ts";
import { sha256 } from "../base/sha256.ts";
import { Endpoint, type EndpointOptions } from "./endpoint.ts";
import { question, randomFence, REPLY_SCHEMA } from "./question.ts";
import { type JudgeUsage, readReply } from "./reply.ts";
import { type Rubric, rubricByName } from "./rubric.ts";

/** Where verdicts are kept from one run to the next; a `Map` is one. */
export interface VerdictStore {
  /** What was said of a question. */
  get(key: string): Verdict | undefined;
  /** Keeps it; durable when it returns or resolves. */
  set(key: string, verdict: Verdict): unknown;
}

/**
 * What a judge may cost in all; what is spent in earlier processes does not count. Questions that are on their way when
 * tokens or cost are spent are still heard.
 */
export interface JudgeBudget {
  /** Questions. */
  readonly calls?: number;
  /** Tokens, read and written. */
  readonly tokens?: number;
  /** In the unit of `price`. */
  readonly cost?: number;
}

/** Who judges, and how. */
export interface HttpJudgeOptions extends EndpointOptions {
  /** The endpoint's name of the model. */
  readonly model: string;
  /** What it looks at; default "helpfulness". */
  readonly rubric?: Rubric;
  /** Default 0: the likeliest words. */
  readonly temperature?: number;
  /** Most tokens of a reply; default 512. */
  readonly maxTokens?: number;
  /** What it may cost; default no limit. */
  readonly budget?: JudgeBudget;
  /** Of a million tokens, in any unit. */
  readonly price?: { readonly prompt: number; readonly completion: number };
  /** Where verdicts are found and kept; default nowhere. */
  readonly store?: VerdictStore;
}

/** What a judge has done so far. */
export interface JudgeCounts extends JudgeUsage {
  /** Pairs that it was asked for. */
  readonly pairs: number;
  /** Of them: found in the store. */
  readonly remembered: number;
  /** Questions that went to the endpoint; `retries` not among them. */
  readonly calls: number;
  /** Questions that were asked again, since the endpoint was out of order. */
  readonly retries: number;
  /** Pairs without a verdict. */
  readonly failed: number;
  /** In the unit of `price`; 0 without one. */
  readonly cost: number;
}

/** A judge with its counts. */
export interface HttpJudge extends Annotator {
  /** So far. */
  readonly counts: JudgeCounts;
}

/**
 * A language model behind an OpenAI-compatible endpoint as an annotator. It sees each pair once, as it stands: put
 * `withOrderSwap` around it, so that who is first does not win. A reply that says no winner is `failed` with its reason
 * and is not asked for again; an endpoint that is out of order is waited for; a verdict that was given is kept in the
 * store before the next step, and a question whose verdict the store has is not asked.
 *
 * @example An endpoint that prefers what is longer
 * ```ts
 * import { httpJudge, withOrderSwap } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const endpoint = (_url: unknown, { body }: RequestInit = {}) => {
 *   const [, user] = JSON.parse(String(body)).messages;
 *   const text = (tag: string) => new RegExp(`<${tag} .*>\n(.*)\n`).exec(user.content)![1];
 *   const winner = text("answer-A").length > text("answer-B").length ? "A" : "B";
 *   const content = JSON.stringify({ reason: "longer", winner });
 *   return Promise.resolve(Response.json({ choices: [{ message: { content } }] }));
 * };
 * const judge = httpJudge({ url: "http://127.0.0.1:8080/v1", model: "m", fetch: endpoint as typeof fetch });
 * const [verdict] = await withOrderSwap(judge).annotate([{ prompt: "Hi", a: "Hello there", b: "Yo" }]);
 * assertEquals([verdict.outcome, judge.counts.calls], ["a", 2]);
 * ```
 *
 * @param options Where it is, which model and rubric; a key, limits, a budget, a store.
 * @returns The annotator. It rejects with a `Mistake` where the endpoint refuses everything, is down for longer than
 * `patience`, or the budget is spent.
 */
export function httpJudge(options: HttpJudgeOptions): HttpJudge {
  const { model, rubric = rubricByName("helpfulness"), temperature = 0, maxTokens = 512 } = options;
  const { store, price, budget = {} } = options;
  const endpoint = new Endpoint(options);
  const sums = {
    pairs: 0,
    remembered: 0,
    calls: 0,
    failed: 0,
    promptTokens: 0,
    completionTokens: 0,
  };
  let isPlain = false; // whether it takes neither a schema nor log-probs
  const cost = () =>
    price === undefined
      ? 0
      : (sums.promptTokens * price.prompt + sums.completionTokens * price.completion) / 1e6;

  const requireBudget = () => {
    const spent = {
      calls: sums.calls,
      tokens: sums.promptTokens + sums.completionTokens,
      cost: cost(),
    };
    for (const name of ["calls", "tokens", "cost"] as const) {
      const most = budget[name];
      if (most === undefined || spent[name] < most) continue;
      throw new Mistake("annotator", {
        ...{
          verb: "ask",
          thing: endpoint.name,
          found: `${spent[name]} of ${most} ${name} are spent`,
        },
        fix: "Give a larger budget to go on: what was said until now is kept",
      });
    }
  };

  /** SHA-256 of all that a verdict depends on, the order of the answers among it. */
  const keyOf = ({ prompt, a, b }: Candidate): Promise<string> =>
    sha256(
      JSON.stringify([endpoint.name, model, temperature, maxTokens, rubric.text, prompt, a, b]),
    );

  const bodyOf = (pair: Candidate, isPlain: boolean) => ({
    model,
    messages: question(rubric, pair, randomFence(pair)),
    temperature,
    max_tokens: maxTokens,
    ...(isPlain ? {} : {
      ...{ logprobs: true, top_logprobs: 10 },
      response_format: {
        type: "json_schema",
        json_schema: { name: "verdict", strict: true, schema: REPLY_SCHEMA },
      },
    }),
  });

  const ask = async (pair: Candidate, signal?: AbortSignal): Promise<Verdict> => {
    signal?.throwIfAborted();
    requireBudget();
    sums.calls++;
    let asked = await endpoint.ask(bodyOf(pair, isPlain), signal);
    if (!isPlain && "failed" in asked && asked.isRefused) { // many servers know neither
      const plain = await endpoint.ask(bodyOf(pair, true), signal);
      isPlain = !("failed" in plain && plain.isRefused); // else it lay in the pair
      asked = plain;
    }
    if ("failed" in asked) return { outcome: "failed", reason: asked.failed };
    const { verdict, usage } = readReply(asked.body);
    sums.promptTokens += usage.promptTokens;
    sums.completionTokens += usage.completionTokens;
    return verdict;
  };

  const judged = async (
    pair: Candidate,
    key: string,
    inTurn: (pair: Candidate) => Promise<Verdict>,
    isFresh: boolean,
  ): Promise<Verdict> => {
    sums.pairs++;
    const known = isFresh ? undefined : store?.get(key);
    if (known !== undefined) {
      sums.remembered++;
      return known;
    }
    const verdict = await inTurn(pair);
    if (verdict.outcome === "failed") sums.failed++;
    else if (!isFresh) await store?.set(key, verdict);
    return verdict;
  };

  return {
    name: `judge:${model}`,
    get counts(): JudgeCounts {
      return { ...sums, retries: endpoint.retries, cost: cost() };
    },
    async annotate(pairs, { signal, isFresh = false } = {}) {
      let broken: { readonly error: unknown } | undefined; // for one, and so for all that have not begun
      const inTurn = (pair: Candidate) =>
        endpoint.inTurn(async () => {
          if (broken !== undefined) throw broken.error;
          try {
            return await ask(pair, signal);
          } catch (error) {
            broken ??= { error };
            throw error;
          }
        });
      const keys: string[] = []; // before anything is asked, so that pairs are asked in order
      for (const pair of pairs) keys.push(await keyOf(pair));
      const all = await Promise.allSettled(
        pairs.map((pair, i) => judged(pair, keys[i], inTurn, isFresh)),
      );
      signal?.throwIfAborted();
      if (broken !== undefined) throw broken.error; // what was on its way was heard and kept
      return all.map((one) => (one as PromiseFulfilledResult<Verdict>).value);
    },
  };
}
