import { assertEquals, assertRejects } from "@std/assert";
import {
  READ_BYTES,
  readNumbers,
  tensorBytes,
  tensorCounts,
} from "../../../cli/inspect/tensors.ts";
import type { TensorInfo, TensorSource } from "../../../core/mod.ts";

const info = (dtype: string, ...shape: number[]): TensorInfo => ({ dtype, shape });

function source(tensors: Record<string, TensorInfo>): TensorSource & { readonly seen: string[] } {
  const seen: string[] = [];
  return {
    ...{ name: "s", seen, tensors: new Map(Object.entries(tensors)) },
    read(name) {
      seen.push(name);
      if (name.startsWith("bad")) return Promise.reject(new TypeError(`Cannot read s: ${name}`));
      return Promise.resolve(new Float32Array(1));
    },
    [Symbol.dispose]() {},
  };
}

Deno.test("tensorCounts() sums by type, most bytes first, blocks of GGUF included", () => {
  const tensors = new Map([
    ["a", info("F16", 4, 8)],
    ["b", info("Q4_K", 2, 256)],
    ["c", info("F16", 2)],
  ]);
  assertEquals(tensorCounts(tensors), {
    ...{ parameters: 546, tensors: 3, bytes: 68 + 288 },
    types: [
      { dtype: "Q4_K", tensors: 1, parameters: 512, bytes: 288 },
      { dtype: "F16", tensors: 2, parameters: 34, bytes: 68 },
    ],
  });
  assertEquals(tensorBytes(info("NEW", 4)), undefined);
});

Deno.test("readNumbers() reads floats, passes over integers beside them, and refuses a file of nothing else", async () => {
  const mixed = source({ a: info("F32", 2), badIds: info("I64", 2), b: info("BF16", 2) });
  assertEquals(await readNumbers(mixed, { values: false }), true);
  assertEquals(mixed.seen, ["a", "b"]);
  for (const dtype of ["I64", "F8_NEW"]) {
    const only = source({ bad: info(dtype, 2) });
    await assertRejects(
      () => readNumbers(only, { values: false }),
      TypeError,
      "Cannot read s: bad",
    );
  }
});

Deno.test("readNumbers() leaves large weights alone unless it is asked", async () => {
  const large = source({ a: info("F32", READ_BYTES / 4, 2) });
  assertEquals([await readNumbers(large, { values: false }), large.seen], [false, []]);
  assertEquals([await readNumbers(large, { values: true }), large.seen], [true, ["a"]]);
});
