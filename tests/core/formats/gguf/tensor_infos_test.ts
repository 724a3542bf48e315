import { assertEquals, assertThrows } from "@std/assert";
import { HeaderCursor } from "../../../../core/formats/gguf/cursor.ts";
import { GGML_TYPES } from "../../../../core/formats/gguf/ggml_types.ts";
import { checkPlaces, readTensorInfo } from "../../../../core/formats/gguf/tensor_infos.ts";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const type = GGML_TYPES.get(0)!;
const at = (name: string, offset: number, bytes = 4) => ({ name, shape: [1], type, offset, bytes });
const cursor = new HeaderCursor(fileOfBytes(new Uint8Array(256), "m.gguf"));

Deno.test("checkPlaces() takes tensors in any order, with gaps, up to the last byte", () => {
  checkPlaces(cursor, [at("b", 192, 64), at("a", 64)], 64, 32);
});

Deno.test("checkPlaces() names what overlaps, is not aligned, or reaches past the end", () => {
  assertThrows(
    () => checkPlaces(cursor, [at("b", 96), at("a", 64, 33)], 64, 32),
    Mistake,
    'Cannot read m.gguf: tensor "b" overlaps tensor "a", expected tensors apart',
  );
  assertThrows(
    () => checkPlaces(cursor, [at("a", 80)], 64, 32),
    Mistake,
    'Cannot read m.gguf: tensor "a" is at offset 16, expected a multiple of 32',
  );
  assertThrows(
    () => checkPlaces(cursor, [at("a", 224, 33)], 64, 32),
    Mistake,
    'Cannot read m.gguf: tensor "a" ends at byte 257, expected it within the file\'s 256',
  );
});

Deno.test("readTensorInfo() turns extents round and counts bytes", async () => {
  const bytes = new Uint8Array(200), view = new DataView(bytes.buffer);
  bytes.set([1, 0, 0, 0, 0, 0, 0, 0, 0x77, 2]); // "w", two dimensions
  view.setBigUint64(13, 32n, true);
  view.setBigUint64(21, 3n, true);
  view.setUint32(29, 8, true); // Q8_0
  view.setBigUint64(33, 64n, true);
  const file = fileOfBytes(bytes, "m.gguf");
  const { name, shape, type, offset, bytes: size } = await readTensorInfo(
    new HeaderCursor(file),
    0,
  );
  assertEquals([name, shape, type.name, offset, size], ["w", [3, 32], "Q8_0", 64, 102]);
});
