// Random blocks of every type, and what gguf-py's formulas make of them.
import { assert, assertEquals } from "@std/assert";
import { readGgufHeader } from "../../../../core/formats/gguf/header.ts";
import { fileOfBytes } from "../../../../core/base/random_access.ts";

const FIXTURES = new URL("../../../fixtures/gguf/", import.meta.url);

/** By type: blocks, and the numbers they stand for. */
export async function quantsFixture(): Promise<
  Map<string, { bytes: Uint8Array<ArrayBuffer>; numbers: Float32Array }>
> {
  const file = fileOfBytes(Deno.readFileSync(new URL("quants.gguf", FIXTURES)), "quants.gguf");
  const all = new Float32Array(Deno.readFileSync(new URL("quants.f32", FIXTURES)).buffer);
  const { tensors } = await readGgufHeader(file);
  const found = new Map();
  let at = 0;
  for (const { name, type, offset, bytes } of tensors.values()) {
    const count = bytes / type.bytes * type.elements;
    found.set(name, {
      bytes: await file.read(offset, bytes),
      numbers: all.slice(at, at += count),
    });
  }
  assertEquals(at, all.length);
  return found;
}

/** Equal bits, −0 and 0 apart; any NaN equals any other, for engines may change a NaN's bits. */
export function sameBits(actual: Float32Array, expected: Float32Array): void {
  assertEquals(actual.length, expected.length);
  const a = new Uint32Array(actual.buffer), b = new Uint32Array(expected.buffer);
  const wrong = [...actual.keys()].filter((i) =>
    a[i] !== b[i] && !(Number.isNaN(actual[i]) && Number.isNaN(expected[i]))
  );
  const [first] = wrong;
  assert(
    wrong.length === 0,
    `${wrong.length} of ${a.length} differ, the first at ${first}: ${actual[first]} for ${
      expected[first]
    }`,
  );
  assert(expected.some((x) => x !== 0 && Math.abs(x) < 2 ** -14), "no tiny numbers");
}
