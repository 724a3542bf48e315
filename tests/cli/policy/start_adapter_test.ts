import { assert, assertEquals } from "@std/assert";
import { adapterLayout, keyOf, normals, splitFactors } from "../../../core/mod.ts";
import { orthogonal, startMembers } from "../../../cli/policy/start_adapter.ts";

const layout = adapterLayout([
  { name: "up", inDim: 12, outDim: 7 },
  { name: "down", inDim: 7, outDim: 12 },
], { rank: 5, alpha: 10 });
const params = normals(keyOf(1), layout.size);

/** ΔW / scale of a member's module, in f64. */
function product(member: Float32Array<ArrayBuffer>, module: string): number[] {
  const { A, B } = splitFactors({ layout, params: member }).get(module)!;
  const [out, rank] = B.shape, [, width] = A.shape;
  return Array.from({ length: out * width }, (_, i) => {
    const [o, c] = [Math.floor(i / width), i % width];
    return Array.from({ length: rank }, (_, r) => B.data[o * rank + r] * A.data[r * width + c])
      .reduce((a, b) => a + b, 0);
  });
}

Deno.test("startMembers() has the adapter as it is first, and its ΔW in other factors after it", () => {
  const { params: all } = startMembers({ layout, params }, 3, keyOf(2));
  const member = (k: number) => all.slice(k * layout.size, (k + 1) * layout.size);
  assertEquals(member(0), params);
  for (const module of ["up", "down"]) {
    const truth = product(params, module);
    for (const k of [1, 2]) {
      // Five products of numbers of size about 1, each factor rounded once to f32 after turning: 5·3·2⁻²³ and a bit.
      product(member(k), module).forEach((x, i) => {
        assert(Math.abs(x - truth[i]) < 1e-5, `${module} ${i}: ${x} and ${truth[i]}`);
      });
    }
  }
  const apart = (a: Float32Array, b: Float32Array) => a.filter((x, i) => Math.abs(x - b[i]) > 0.01);
  assert(apart(member(1), params).length > layout.size / 2, "Expected other factors");
  assert(apart(member(1), member(2)).length > layout.size / 2, "Expected members that differ");
  assertEquals(startMembers({ layout, params }, 3, keyOf(2)).params, all);
});

Deno.test("orthogonal() has rows of length 1 that are at right angles", () => {
  for (const size of [1, 2, 16, 64]) {
    const q = orthogonal(size, keyOf(size));
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        const dot = q[i].reduce((sum, x, c) => sum + x * q[j][c], 0);
        assert(Math.abs(dot - (i === j ? 1 : 0)) < 1e-13, `${size}: rows ${i}, ${j}: ${dot}`);
      }
    }
  }
});
