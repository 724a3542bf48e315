// Rewards of sequences: what the head of an adapter reads in the hidden state of each sequence's last token.
// Axes: K members, S sequences, D features.
import { Arena, type Device, matmul, type Tensor } from "../../backend/mod.ts";
import { checkIds, uploadBatch } from "../batch/device_batch.ts";
import { rowBatches } from "../batch/micro_batches.ts";
import { packPrompts } from "../batch/packed_prompts.ts";
import type { PackedSequences } from "../batch/packed_sequences.ts";
import type { AdaptedHead, Adapter, AdapterLayout } from "../lora/adapter.ts";
import { forward } from "../model/decoder.ts";
import type { Model } from "../model/load.ts";
import { Tape } from "../ops/tape.ts";
import { rowsWithin } from "./limits.ts";

/** The head of a layout; refuses one that has none. */
export function requireHead({ head }: AdapterLayout): AdaptedHead {
  if (head !== undefined) return head;
  throw new TypeError(
    "Cannot read rewards: the adapter's layout has no head, expected one. Plan it with " +
      'adapterLayout(layers, { …, head: { name: "score", inDim: model.config.hiddenSize } })',
  );
}

/**
 * Rewards r = w·h of hidden states, each under its member's own head w.
 *
 * @param h [K·S, D] f32, a member's after another's; borrowed.
 * @param adapter [K, P] with a head; borrowed.
 * @returns [K·S, 1] in `arena`.
 * @throws {TypeError} If the layout has no head, or one of another width than `h`.
 */
export function readRewards(arena: Arena, h: Tensor, { params, layout }: Adapter): Tensor {
  const { offset, rows, inDim } = requireHead(layout);
  const [all, D] = h.shape, groups = params.shape[0];
  if (D !== inDim) {
    throw new TypeError(`Cannot read rewards: the head reads ${inDim} features, expected ${D}`);
  }
  const byRow = matmul(arena, {
    a: { tensor: h },
    b: { tensor: params, offset, groupStride: layout.size },
    ...{ transposeB: true, M: all / groups, N: rows, K: D, groups, label: "rewards" },
  });
  if (rows === 1) return byRow;
  const ones = arena.upload([rows], new Float32Array(rows).fill(1), "ones");
  const sizes = { transposeB: true, M: all, N: 1, K: rows, label: "rewards" };
  const rewards = matmul(arena, { a: { tensor: byRow }, b: { tensor: ones }, ...sizes });
  for (const tensor of [byRow, ones]) arena.release(tensor);
  return rewards;
}

/**
 * Rewards of token sequences, prompt and answer together, read at each one's last token as transformers'
 * `*ForSequenceClassification` with one label does.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { adapterLayout, initAdapter, keyOf, linearLayers, rewardScores, tinyModel } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * const head = { name: "score", inDim: model.config.hiddenSize };
 * const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 4, head });
 * using arena = new Arena(device, "adapter");
 * const params = arena.upload([1, layout.size], initAdapter(layout, 1, keyOf(1)), "adapter");
 * arena.commit();
 * const rewards = await rewardScores(device, model, [[1, 6, 2], [1, 7]], { layout, params });
 * assertEquals(rewards.length, 2);
 * ```
 *
 * @param sequences [S] token ids, one at least each; borrowed.
 * @param adapter [K, P] with a head; borrowed. The exact mean of an ensemble has the mean of its heads.
 * @param options `rowsPerPass` bounds memory: 8192, or fewer where the device binds or holds less.
 * @returns [K·S] in the order given, a member's after another's; unitless.
 * @throws {TypeError} If the adapter's layout has no head of the model's width.
 * @throws {RangeError} If a sequence is empty.
 * @throws {Mistake} If an id is not the model's, or a sequence has more tokens than it has positions.
 */
export async function rewardScores(
  device: Device,
  model: Model,
  sequences: readonly ArrayLike<number>[],
  adapter: Adapter,
  { rowsPerPass = 8192 }: { rowsPerPass?: number } = {},
): Promise<Float32Array<ArrayBuffer>> {
  requireHead(adapter.layout);
  const { config } = model, members = adapter.params.shape[0], S = sequences.length;
  const packed = packWhole(sequences, config.vocabSize), rewards = new Float32Array(members * S);
  const most = Math.min(rowsPerPass, rowsWithin(device, config, adapter.layout.rank)) / members;
  let from = 0;
  for (const part of S === 0 ? [] : rowBatches(packed, most)) {
    using arena = new Arena(device, "rewards");
    const tape = new Tape(arena, false), batch = uploadBatch(arena, part, members);
    const h = forward(tape, { config, weights: model.weights.borrow(), adapter }, batch);
    const read = await arena.read(readRewards(arena, h, adapter)) as Float32Array;
    const s = part.starts.length;
    for (let k = 0; k < members; k++) {
      rewards.set(read.subarray(k * s, (k + 1) * s), k * S + from);
    }
    from += s;
  }
  return rewards;
}

/**
 * Packs whole sequences, of which a head reads the last row only.
 *
 * @param sequences [S] token ids; borrowed.
 * @param vocabSize Ids are below it; default whatever 32 bits hold.
 * @throws {RangeError} If one has no tokens.
 * @throws {Mistake} If an id is none.
 */
export function packWhole(
  sequences: readonly ArrayLike<number>[],
  vocabSize: number = 2 ** 32,
): PackedSequences {
  const empty = sequences.findIndex(({ length }) => length === 0);
  if (empty >= 0) {
    throw new RangeError(
      `Cannot read rewards: sequence ${empty} has 0 tokens, expected at least 1: its last one is read`,
    );
  }
  sequences.forEach((ids, s) =>
    checkIds(ids, vocabSize, { verb: "score", thing: "the texts", holder: `sequence ${s}` })
  );
  return packPrompts(sequences);
}
