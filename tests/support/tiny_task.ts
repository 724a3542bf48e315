// A whole BPO task on the fixture tiny_llama: a tokenizer with a token a character, and a rule.
import type { Device } from "../../backend/mod.ts";
import {
  type Annotator,
  type Model,
  ruleAnnotator,
  scheduleByName,
  type Tokenizer,
  type Verdict,
} from "../../core/mod.ts";
import { dpo } from "../../losses/mod.ts";
import { cadence, type ReferenceMode } from "../../scheduler/mod.ts";
import { online, type OnlineOptions, type RunOptions } from "../../training/mod.ts";
import { modelFixture } from "./fixtures.ts";

/** The 94 printable ASCII characters without the space are ids 3 to 96; BOS 1, EOS 2, pad 0. */
export const charTokenizer: Tokenizer = {
  vocabSize: 97,
  bosId: 1,
  eosId: 2,
  padId: 0,
  encode: (text) => Array.from(text, (c) => c.charCodeAt(0) - 30),
  decode: (ids) =>
    Array.from(ids).filter((id) => id > 2).map((id) => String.fromCharCode(id + 30)).join(""),
};

/** More letters are better. */
export const letters: Annotator = ruleAnnotator(
  "letters",
  (_prompt, answer) => answer.replace(/[^a-z]/gi, "").length,
);

/** An annotator that gives the same verdict to every pair. */
export function always(verdict: Verdict): Annotator {
  return { name: verdict.outcome, annotate: (pairs) => Promise.resolve(pairs.map(() => verdict)) };
}

/** The first wins every other time, by the prompts' order; counts what it was asked. */
export function alternating(): Annotator & { asked: number } {
  return {
    name: "alternating",
    asked: 0,
    annotate(pairs) {
      this.asked += pairs.length;
      return Promise.resolve(pairs.map((_, i) => ({ outcome: i % 2 === 0 ? "a" : "b" })));
    },
  };
}

/** What a tiny run may be told besides options: what its source of new pairs is made of. */
export type TinyChanges = Partial<Omit<RunOptions, "model"> & OnlineOptions>;

/** Options of a run that takes a moment: 4 steps of 3 pairs in 2 phases, 2 members. */
export async function tinyTask(
  device: Device,
  changes: TinyChanges = {},
): Promise<RunOptions & { readonly reference: ReferenceMode } & Disposable> {
  const model: Model = await modelFixture(device, "tiny_llama");
  const {
    annotator = alternating(),
    prompts = ["ab", "Hello", "x", "What?", "1+1="],
    sampling = { temperature: 1 },
    maxNew = 6,
    answers,
    selector,
    ...options
  } = changes;
  return {
    model,
    tokenizer: charTokenizer,
    source: online({ annotator, prompts, sampling, maxNew, answers, selector }),
    loss: dpo({ beta: 0.1 }),
    cadence: cadence({ steps: 4, phases: 2 }),
    pairsPerStep: 3,
    members: 2,
    rank: 2,
    alpha: 4,
    learningRate: scheduleByName("linear", { base: 0.01, steps: 4 }),
    seed: 5,
    ...options,
    reference: options.reference ?? { kind: "behaviour" },
    [Symbol.dispose]: () => model.weights[Symbol.dispose](),
  };
}
