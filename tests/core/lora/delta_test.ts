import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { adapterLayout } from "../../../core/lora/adapter.ts";
import { addDelta } from "../../../core/lora/delta.ts";
import { type HostAdapter, splitFactors } from "../../../core/lora/factors.ts";
import { uniform } from "../../support/random.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const layer = { name: "up", inDim: 5, outDim: 3 };
function member(seed: number, rank: number, transposed = false): HostAdapter {
  const layout = adapterLayout([{ ...layer, transposed }], { rank, alpha: 3 });
  return { layout, params: uniform(layout.size, seed) };
}

/** scale·Σ_r B[o, r]·A[r, i], plainly. */
function plain(adapter: HostAdapter, o: number, i: number): number {
  const { A, B } = splitFactors(adapter).get("up")!;
  const { rank, scale } = adapter.layout;
  let sum = 0;
  for (let r = 0; r < rank; r++) sum += B.data[o * rank + r] * A.data[r * layer.inDim + i];
  return scale * sum;
}

for (const transposed of [false, true]) {
  Deno.test(`addDelta() adds the mean of the members' updates, transposed ${transposed}`, () => {
    const members = [member(1, 2, transposed), member(2, 4, transposed)];
    const weight = uniform(15, 5);
    const found = weight.slice();
    addDelta(found, members, "up");
    for (let o = 0; o < 3; o++) {
      for (let i = 0; i < 5; i++) {
        const at = transposed ? i * 3 + o : o * 5 + i;
        const wanted = weight[at] + (plain(members[0], o, i) + plain(members[1], o, i)) / 2;
        assertAlmostEquals(found[at], wanted, 2 ** -24 * Math.max(1, Math.abs(wanted))); // one rounding
      }
    }
  });
}

Deno.test("addDelta() counts a member without the module as zero", () => {
  const other = adapterLayout([{ name: "down", inDim: 1, outDim: 1 }], { rank: 1, alpha: 1 });
  const halved = new Float32Array(15), whole = new Float32Array(15);
  const has = member(1, 2);
  addDelta(halved, [has, { layout: other, params: new Float32Array(other.size) }], "up");
  addDelta(whole, [has], "up");
  assertEquals(halved, whole.map((x) => x / 2));
});

Deno.test("addDelta() refuses a module that nobody adapts and a weight of another size", () => {
  assertEquals(
    assertThrows(() => addDelta(new Float32Array(15), [member(1, 1)], "down"), Mistake).message,
    "Cannot merge down: no adapter has it, expected at least one",
  );
  assertEquals(
    assertThrows(() => addDelta(new Float32Array(14), [member(1, 1)], "up"), Mistake).message,
    "Cannot merge up: its weight has 14 elements, expected 5·3",
  );
});
