// What a GGUF file says of its tensors: names, shapes, types, and places that must be aligned, apart and within the file.
import { quote } from "../../base/quote.ts";
import type { HeaderCursor } from "./cursor.ts";
import { GGML_TYPES, type GgmlType } from "./ggml_types.ts";

const MOST_NAME = 1024; // bytes

/** Where a tensor lies in its file. */
export interface GgufTensor {
  /** As ggml calls it: "blk.0.attn_q.weight". */
  readonly name: string;
  /** Extents, row-major as Hugging Face has them: [out, in] (the file says them the other way round). */
  readonly shape: readonly number[];
  /** Its type: F32, Q4_K. */
  readonly type: GgmlType;
  /** Where it begins, in bytes from the start of the file. */
  readonly offset: number;
  /** Bytes in the file. */
  readonly bytes: number;
}

/**
 * The entry of one tensor; its offset is still from the start of the tensors' bytes.
 *
 * @param index Which entry it is, for errors.
 */
export async function readTensorInfo(cursor: HeaderCursor, index: number): Promise<GgufTensor> {
  const { file } = cursor;
  const name = await cursor.name(`the name of tensor ${index}`, MOST_NAME);
  const what = `tensor ${quote(name)}`;
  await cursor.need(4, what);
  const rank = cursor.u32();
  if (rank < 1 || rank > 4) throw cursor.mistake(`${what} has ${rank} dimensions`, "1 to 4");
  await cursor.need(rank * 8 + 12, what);
  const extents = Array.from({ length: rank }, () => cursor.u64());
  const typeId = cursor.u32(), offset = cursor.u64();
  const type = GGML_TYPES.get(typeId);
  if (type === undefined) {
    throw cursor.mistake(
      `${what} is of type ${typeId}`,
      "a type of ggml. It may be newer than this library",
    );
  }
  const elements = extents.reduce((product, extent) => product * extent, 1n);
  const shown = `[${extents.toReversed().join(", ")}]`;
  const bytes = elements / BigInt(type.elements) * BigInt(type.bytes);
  if (elements === 0n || extents[0] % BigInt(type.elements) !== 0n) {
    throw cursor.mistake(
      `${what} is of shape ${shown}`,
      `rows of a whole number of ${type.name} blocks of ${type.elements}`,
    );
  }
  if (bytes > file.size || offset > file.size || elements > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw cursor.mistake(
      `${what} of shape ${shown} is ${bytes} bytes at offset ${offset}`,
      `it within the file's ${cursor.file.size}. The download was cut: fetch the file again`,
    );
  }
  return {
    name,
    shape: extents.map(Number).reverse(),
    type,
    offset: Number(offset),
    bytes: Number(bytes),
  };
}

/** Tensors begin at aligned places, end within the file, and do not overlap. */
export function checkPlaces(
  cursor: HeaderCursor,
  tensors: readonly GgufTensor[],
  dataOffset: number,
  alignment: number,
): void {
  const byPlace = tensors.toSorted((a, b) => a.offset - b.offset);
  let end = dataOffset, before = "";
  for (const { name, offset, bytes } of byPlace) {
    const what = `tensor ${quote(name)}`;
    if (offset % alignment !== 0) {
      throw cursor.mistake(
        `${what} is at offset ${offset - dataOffset}`,
        `a multiple of ${alignment}`,
      );
    }
    if (offset < end) {
      throw cursor.mistake(`${what} overlaps tensor ${quote(before)}`, "tensors apart");
    }
    end = offset + bytes;
    before = name;
    if (end > cursor.file.size) {
      throw cursor.mistake(
        `${what} ends at byte ${end}`,
        `it within the file's ${cursor.file.size}. The download was cut: fetch the file again`,
      );
    }
  }
}
