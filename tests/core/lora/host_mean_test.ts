import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  adapterLayout,
  addDelta,
  headWeight,
  type HostAdapter,
  meanOfAdapters,
  Mistake,
  withHead,
} from "../../../core/mod.ts";

const layers = [{ name: "up", inDim: 3, outDim: 2 }, { name: "down", inDim: 2, outDim: 3 }];

function adapter(names: readonly string[], rank: number, alpha: number, seed: number): HostAdapter {
  const chosen = layers.filter(({ name }) => names.includes(name));
  const layout = adapterLayout(chosen, { rank, alpha });
  const params = new Float32Array(layout.size);
  for (const { aOffset, bOffset, inDim, outDim } of layout.modules.values()) {
    for (let i = 0; i < rank * inDim; i++) params[aOffset + i] = Math.sin(seed + i);
    for (let i = 0; i < rank * outDim; i++) params[bOffset + i] = Math.cos(2 * seed + i);
  }
  return { layout, params };
}

/** ΔW of a module by the library's merge, which takes the mean itself. */
function delta(members: readonly HostAdapter[], name: string): Float32Array {
  const weight = new Float32Array(6);
  addDelta(weight, members, name);
  return weight;
}

Deno.test("meanOfAdapters() has the mean of ΔW, whatever ranks, scales and modules the members have", () => {
  const members = [
    adapter(["up", "down"], 2, 4, 1),
    adapter(["up", "down"], 1, 3, 2),
    adapter(["down"], 2, 1, 3),
  ];
  const mean = meanOfAdapters(members, layers);
  assertEquals(mean.layout.rank, 5);
  for (const name of ["up", "down"]) {
    const [found, wanted] = [delta([mean], name), delta(members, name)];
    // 5 products of size at most 4 each, B rounded once more
    wanted.forEach((x, i) => assertAlmostEquals(found[i], x, 5 * 4 * 2 ** -23));
  }
});

Deno.test("meanOfAdapters() of one member is that member, bit for bit", () => {
  const [one] = [adapter(["up"], 2, 4, 1)];
  assertEquals(meanOfAdapters([one], layers), one);
});

Deno.test("meanOfAdapters() has the mean of their heads, and refuses heads of more than one kind", () => {
  const [a, b] = [adapter(["up"], 2, 4, 1), adapter(["up", "down"], 1, 3, 2)];
  const score = { name: "score", inDim: 3 };
  const members = [withHead(a, score, [1, 2, 3]), withHead(b, score, [4, -8, 0.5])];
  const mean = meanOfAdapters(members, layers);
  assertEquals([...headWeight(mean)!.data], [2.5, -3, 1.75]);
  assertEquals(delta([mean], "up"), delta([meanOfAdapters([a, b], layers)], "up"));
  const wide = withHead(b, { name: "score", inDim: 4 }, [1, 1, 1, 1]);
  const named = withHead(b, { name: "classifier", inDim: 3 }, [1, 1, 1]);
  for (const other of [b, wide, named]) {
    assertThrows(() => meanOfAdapters([members[0], other], layers), Mistake, "not of one kind");
  }
});
