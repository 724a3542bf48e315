import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Storage } from "../../backend/memory.ts";
import {
  bytesPerElement,
  isTensor,
  leaves,
  mapTree,
  sizeOf,
  type Tensor,
  type TensorTree,
} from "../../backend/tensor.ts";

function tensor(label: string): Tensor {
  const storage = new Storage({ bytes: 256, id: 1, generation: 0 }, 8, label);
  return { storage, shape: [2], dtype: "f32" };
}
const labels = (tensors: Tensor[]) => tensors.map(({ storage }) => storage.label);
const a = tensor("a"), b = tensor("b"), c = tensor("c");

Deno.test("sizeOf() is the product of the axes, 1 for a scalar", () => {
  assertEquals([sizeOf([]), sizeOf([7]), sizeOf([2, 3, 4]), sizeOf([2, 0])], [1, 7, 24, 0]);
});

Deno.test("isTensor() tells tensors from lists and records of them", () => {
  assert(isTensor(a));
  const trees: TensorTree[] = [[], [a], {}, { a }, { storage: a }, { dtype: a }];
  trees.push(3, "storage", undefined);
  for (const tree of trees) assert(!isTensor(tree));
});

Deno.test("leaves() lists all tensors in order, at any depth", () => {
  assertEquals(leaves(a), [a]);
  assertEquals(labels(leaves({ x: [b, { y: a }], z: c, w: [[], {}] })), ["b", "a", "c"]);
  assertEquals(leaves({ shape: [2], dtype: "f32", tensors: [a, undefined] }), [a]);
});

Deno.test("mapTree() keeps the tree and replaces its tensors, the input stays as it was", () => {
  const tree = { x: [b, { y: a }], z: c, shape: [2, 3], dtype: "int4", none: undefined };
  const seen: string[] = [];
  const mapped = mapTree(tree, (t) => {
    seen.push(t.storage.label);
    return { ...t, shape: [1, 2] };
  });
  assertEquals(seen, ["b", "a", "c"]);
  assertEquals(mapped.x.length, 2);
  assertEquals(leaves(mapped).map(({ shape }) => shape), [[1, 2], [1, 2], [1, 2]]);
  assertStrictEquals(mapped.z.storage, c.storage);
  const { x: _, z: __, ...rest } = mapped;
  assertEquals(rest, { shape: [2, 3], dtype: "int4", none: undefined });
  assertEquals(tree, { x: [b, { y: a }], z: c, ...rest });
  assertEquals(mapTree(a, () => b), b);
});

Deno.test("bytesPerElement() is 4, and 2 for halves", () => {
  assertEquals((["f32", "u32", "f16", "bf16"] as const).map(bytesPerElement), [4, 4, 2, 2]);
});
