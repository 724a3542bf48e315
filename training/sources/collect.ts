// One data-collection phase: generate with the snapshot, select pairs, annotate, score with the reference.
import type { Device } from "../../backend/mod.ts";
import {
  type Adapter,
  type Annotator,
  askAnnotator,
  completionLogps,
  completionText,
  fold,
  generate,
  type Key,
  type Model,
  type SamplingOptions,
  sequenceOf,
  type Tokenizer,
  type Verdict,
} from "../../core/mod.ts";
import { type AnswerRecord, type PairRecord, spelledRecords } from "../../scheduler/pairs.ts";
import { type PromptAtStep, promptIds } from "../../scheduler/prompts.ts";
import type { Policy } from "../../scheduler/reference.ts";
import { adapterHash } from "../../scheduler/snapshot.ts";
import { firstTwo } from "../selectors/first_two.ts";
import type { PairChoice, PairSelector } from "../selectors/selector.ts";
import { memberLogps } from "./member_logps.ts";
import type { PhasePairs } from "./source.ts";

/** What a phase needs. */
export interface CollectOptions {
  /** The frozen base. */
  readonly model: Model;
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** Who says which answer wins. */
  readonly annotator: Annotator;
  /** Generates the answers. */
  readonly behaviour: Policy;
  /** Scores them. In BPO: the behaviour policy itself. */
  readonly reference: Policy;
  /** Phase number, from 0. */
  readonly phase: number;
  /** Prompts in order, each with the step that it belongs to and its random stream. */
  readonly prompts: readonly PromptAtStep[];
  /** How to draw tokens. */
  readonly sampling: SamplingOptions;
  /** Most tokens of an answer. */
  readonly maxNew: number;
  /** Random key of the run's generations. */
  readonly key: Key;
  /** Answers a prompt, at least 2; default 2. */
  readonly answers?: number;
  /** Which of them make pairs; default the first two. */
  readonly selector?: PairSelector;
  /** The members as they are, for selectors that ask them; default the behaviour policy alone. */
  readonly members?: Adapter;
  /** Stops between chunks of generation and in the annotator. */
  readonly signal?: AbortSignal;
}

/**
 * Answers to each prompt, pairs of them, a verdict a pair, reference log-probs for both answers.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { keyOf, ruleAnnotator, tinyModel } from "@leash/bpo/core";
 * import { collect } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const tokenizer = {
 *   ...{ vocabSize: 16, bosId: 1, eosId: 2, padId: 0 },
 *   encode: (text: string) => Array.from(text, (c) => 3 + c.charCodeAt(0) % 13),
 *   decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => String.fromCharCode(97 + id)).join(""),
 * };
 * const bare = { id: "bare" };
 * const { records: [record], generated } = await collect(device, {
 *   ...{ model, tokenizer, annotator: ruleAnnotator("long", (_, text) => text.length) },
 *   ...{ behaviour: bare, reference: bare, phase: 0, prompts: [{ text: "ab", step: 0, stream: 0 }] },
 *   ...{ sampling: { temperature: 1 }, maxNew: 4, key: keyOf(2) },
 * });
 * assertEquals([record.snapshotId, record.verdict.outcome, generated], ["bare", "tie", 8]);
 * ```
 *
 * @returns The pairs, prompt by prompt in order; ties and failures included.
 * @throws {RangeError} If `answers` is not a whole number of at least 2, or the selector's places are not two of them.
 */
export async function collect(device: Device, options: CollectOptions): Promise<PhasePairs> {
  const { model, tokenizer, annotator, behaviour, reference, prompts, signal } = options;
  const { answers: n = 2, selector = firstTwo() } = options;
  if (!(Number.isInteger(n) && n >= 2)) {
    throw new RangeError(
      `Cannot collect pairs: answers is ${n}, expected a whole number of at least 2`,
    );
  }
  const ids = prompts.map(({ text, ids }) => [...ids ?? promptIds(tokenizer, text)]);
  const each = Array.from({ length: n }, (_, place) => place);
  const completions = await generate(device, model, ids.flatMap((p) => each.map(() => p)), {
    ...options.sampling,
    maxNew: options.maxNew,
    adapter: behaviour.adapter,
    key: fold(options.key, "behaviour"),
    streams: prompts.flatMap(({ stream }) => each.map((place) => n * stream + place)),
    signal,
  });
  const texts = completions.map((c) => completionText(tokenizer, c));
  const answered = (i: number) => sequenceOf(ids[Math.floor(i / n)], completions[i].ids);
  const groups = prompts.map(({ text }, g) => ({
    prompt: text,
    texts: texts.slice(n * g, n * (g + 1)),
    sequences: each.map((place) => answered(n * g + place)),
  }));
  const chosen = await selector.select(groups, {
    ...{ annotator, signal },
    memberLogps: (sequences) =>
      memberLogps(device, model, sequences, options.members ?? behaviour.adapter),
  });
  const pairs = chosenPairs(selector, chosen, groups.length, n);
  const verdicts = await verdictsOf(
    pairs,
    async (open) =>
      await askAnnotator(
        annotator,
        open.map(({ group, a, b }) => ({ prompt: prompts[group].text, a: texts[a], b: texts[b] })),
        { signal },
      ),
  );
  const { sums } = await completionLogps(
    device,
    model,
    pairs.flatMap(({ a, b }) => [answered(a), answered(b)]),
    { adapter: reference.adapter },
  );
  const snapshotHash = behaviour.adapter && await adapterHash(device, behaviour.adapter);
  const answer = (i: number, referenceLogp: number): AnswerRecord => ({
    text: texts[i],
    ids: [...completions[i].ids],
    finish: completions[i].finish,
    logps: [...completions[i].logps],
    referenceLogp,
  });
  const records = pairs.map(({ group, a, b, choice }, i): PairRecord => {
    const { text, step, source } = prompts[group];
    const { scores } = choice;
    return {
      phase: options.phase,
      step,
      prompt: text,
      promptIds: ids[group],
      ...(source === undefined ? {} : { source }),
      a: answer(a, sums[2 * i]),
      b: answer(b, sums[2 * i + 1]),
      verdict: verdicts[i],
      order: verdicts[i].order ?? "a,b",
      annotator: annotator.name,
      snapshotId: behaviour.id,
      ...(snapshotHash === undefined ? {} : { snapshotHash }),
      referenceId: reference.id,
      ...(n === 2 ? {} : {
        group: {
          size: n,
          places: [choice.a, choice.b] as const,
          selector: selector.name,
          ...(scores ? { scores } : {}),
        },
      }),
    };
  });
  const generated = completions.reduce((sum, { ids }) => sum + ids.length, 0);
  return { records: await spelledRecords(tokenizer, records), generated };
}

/** A chosen pair: its prompt, and its answers among all of the phase. */
interface ChosenPair {
  readonly group: number;
  readonly a: number;
  readonly b: number;
  readonly choice: PairChoice;
}

function chosenPairs(
  { name }: PairSelector,
  chosen: readonly (readonly PairChoice[])[],
  groups: number,
  n: number,
): ChosenPair[] {
  if (chosen.length !== groups) {
    throw new RangeError(
      `Cannot use the pairs of selector ${name}: they are of ${chosen.length} groups, expected ${groups}`,
    );
  }
  return chosen.flatMap((choices, group) =>
    choices.map((choice) => {
      const { a, b } = choice;
      if (a !== b && [a, b].every((place) => Number.isInteger(place) && place >= 0 && place < n)) {
        return { group, a: n * group + a, b: n * group + b, choice };
      }
      throw new RangeError(
        `Cannot use the pairs of selector ${name}: one is of the answers ${a} and ${b}, expected two of 0 to ${
          n - 1
        }`,
      );
    })
  );
}

/** What was said of each pair, and of those of which nothing was, what is said now. */
async function verdictsOf(
  pairs: readonly ChosenPair[],
  ask: (open: readonly ChosenPair[]) => Promise<Verdict[]>,
): Promise<Verdict[]> {
  const open = pairs.filter(({ choice }) => choice.verdict === undefined);
  const told = await ask(open);
  let at = 0;
  return pairs.map(({ choice }) => choice.verdict ?? told[at++]);
}
