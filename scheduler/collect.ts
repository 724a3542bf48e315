// One data-collection phase: generate with the snapshot, annotate, score with the reference.
import {
  type Annotator,
  askAnnotator,
  completionLogps,
  completionText,
  fold,
  generate,
  type Key,
  type Model,
  type SamplingOptions,
  type Tokenizer,
} from "../core/mod.ts";
import type { Device } from "../backend/mod.ts";
import { type AnswerRecord, type PairRecord, spelledRecords } from "./pairs.ts";
import { type PromptAtStep, promptIds } from "./prompts.ts";
import type { Policy } from "./reference.ts";
import { adapterHash } from "./snapshot.ts";

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
  /** Stops between chunks of generation and in the annotator. */
  readonly signal?: AbortSignal;
}

/**
 * Two answers a prompt, a verdict a pair, reference log-probs for both answers.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { keyOf, ruleAnnotator, tinyModel } from "@leash/bpo/core";
 * import { collect } from "@leash/bpo/scheduler";
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
 * const [record] = await collect(device, {
 *   ...{ model, tokenizer, annotator: ruleAnnotator("long", (_, text) => text.length) },
 *   ...{ behaviour: bare, reference: bare, phase: 0, prompts: [{ text: "ab", step: 0, stream: 0 }] },
 *   ...{ sampling: { temperature: 1 }, maxNew: 4, key: keyOf(2) },
 * });
 * assertEquals([record.snapshotId, record.verdict.outcome], ["bare", "tie"]);
 * ```
 *
 * @returns One record a prompt, in order; ties and failures included.
 */
export async function collect(device: Device, options: CollectOptions): Promise<PairRecord[]> {
  const { model, tokenizer, annotator, behaviour, reference, prompts, signal } = options;
  const ids = prompts.map(({ text, ids }) => [...ids ?? promptIds(tokenizer, text)]);
  const completions = await generate(device, model, ids.flatMap((p) => [p, p]), {
    ...options.sampling,
    maxNew: options.maxNew,
    adapter: behaviour.adapter,
    key: fold(options.key, "behaviour"),
    streams: prompts.flatMap(({ stream }) => [2 * stream, 2 * stream + 1]),
    signal,
  });
  const texts = completions.map((c) => completionText(tokenizer, c));
  const verdicts = await askAnnotator(
    annotator,
    prompts.map(({ text }, i) => ({ prompt: text, a: texts[2 * i], b: texts[2 * i + 1] })),
    { signal },
  );
  const { sums } = await completionLogps(
    device,
    model,
    completions.map((c, i) => {
      const prompt = ids[i >> 1];
      return { ids: [...prompt, ...c.ids], promptLength: prompt.length };
    }),
    { adapter: reference.adapter },
  );
  const snapshotHash = behaviour.adapter && await adapterHash(device, behaviour.adapter);
  const answer = (i: number): AnswerRecord => ({
    text: texts[i],
    ids: [...completions[i].ids],
    finish: completions[i].finish,
    logps: [...completions[i].logps],
    referenceLogp: sums[i],
  });
  const records = prompts.map(({ text, step, source }, i) => ({
    phase: options.phase,
    step,
    prompt: text,
    promptIds: ids[i],
    ...(source === undefined ? {} : { source }),
    a: answer(2 * i),
    b: answer(2 * i + 1),
    verdict: verdicts[i],
    order: verdicts[i].order ?? "a,b",
    annotator: annotator.name,
    snapshotId: behaviour.id,
    ...(snapshotHash === undefined ? {} : { snapshotHash }),
    referenceId: reference.id,
  }));
  return await spelledRecords(tokenizer, records);
}
