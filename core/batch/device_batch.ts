// A packed batch on the device, repeated once a member. Axes: G groups, S sequences, R rows, H head rows of one group.
import type { Arena, Tensor } from "../../backend/mod.ts";
import type { PackedSequences } from "./packed_sequences.ts";
import { Mistake } from "../base/mistake.ts";

/** What a forward pass reads: ids, places, and the rows that the head sees. All u32, group-major. */
export interface DeviceBatch {
  /** G: how often the sequences are repeated. */
  readonly groups: number;
  /** [G·R] token ids. */
  readonly ids: Tensor;
  /** [G·R] positions in their sequence. */
  readonly positions: Tensor;
  /** [G·S] first rows. */
  readonly starts: Tensor;
  /** [G·S] rows of each sequence. */
  readonly lengths: Tensor;
  /** The longest sequence, tokens. */
  readonly maxLength: number;
  /** [G·H] rows that predict a completion token. */
  readonly headRows: Tensor;
  /** [G·H] the completion tokens. */
  readonly targets: Tensor;
  /** [G·S] first head row of each sequence. */
  readonly headStarts: Tensor;
  /** [G·S] head rows of each sequence. */
  readonly headCounts: Tensor;
}

/** What is to be done with ids, and who has them. */
export interface IdHolder {
  /** What cannot be done: `generate`. */
  readonly verb: string;
  /** With what, where the verb does not say it. */
  readonly thing?: string;
  /** Who has them: `prompt 3`. */
  readonly holder: string;
}

/**
 * Refuse ids that no token has: the embedding has no row for them, and what a device reads instead is anything.
 *
 * @example
 * ```ts
 * import { checkIds, Mistake } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const what = { verb: "generate", holder: "prompt 0" };
 * checkIds([0, 96], 97, what);
 * assertThrows(() => checkIds([5, 97], 97, what), Mistake, "has the id 97 at place 1");
 * ```
 *
 * @param ids Token ids.
 * @param vocabSize Rows of the embedding.
 * @param what For the message: what is to be done with them, and who has them.
 * @throws {Mistake} If one is not a whole number below `vocabSize`.
 */
export function checkIds(
  ids: ArrayLike<number>,
  vocabSize: number,
  { verb, thing, holder }: IdHolder,
): void {
  for (let i = 0; i < ids.length; i++) {
    if (Number.isInteger(ids[i]) && ids[i] >= 0 && ids[i] < vocabSize) continue;
    throw new Mistake("data", {
      verb,
      thing,
      found: `${holder} has the id ${ids[i]} at place ${i}`,
      expected: `whole numbers from 0 to ${vocabSize - 1}`,
      fix: "They are of another tokenizer than the model's",
    });
  }
}

/**
 * Upload a packed batch, its sequences repeated for each of `groups` members.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { packSequences, uploadBatch } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const packed = packSequences([{ ids: [1, 7, 9], promptLength: 1 }]);
 * const { headRows } = uploadBatch(arena, packed, 2); // for two members
 * assertEquals([...await arena.read(headRows)], [0, 1, 3, 4]);
 * ```
 */
export function uploadBatch(arena: Arena, packed: PackedSequences, groups = 1): DeviceBatch {
  const repeat = (values: Uint32Array, shift: number, label: string) => {
    const out = new Uint32Array(groups * values.length);
    for (let g = 0; g < groups; g++) {
      for (let i = 0; i < values.length; i++) out[g * values.length + i] = values[i] + g * shift;
    }
    return arena.upload([out.length], out, label);
  };
  const rows = packed.ids.length, heads = packed.targets.length;
  return {
    groups,
    ids: repeat(packed.ids, 0, "ids"),
    positions: repeat(packed.positions, 0, "positions"),
    starts: repeat(packed.starts, rows, "starts"),
    lengths: repeat(packed.lengths, 0, "lengths"),
    maxLength: packed.lengths.reduce((a, b) => Math.max(a, b), 0),
    headRows: repeat(packed.headRows, rows, "headRows"),
    targets: repeat(packed.targets, 0, "targets"),
    headStarts: repeat(packed.headStarts, heads, "headStarts"),
    headCounts: repeat(packed.headCounts, 0, "headCounts"),
  };
}
