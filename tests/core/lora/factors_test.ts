import { assertEquals, assertThrows } from "@std/assert";
import type { HostTensor } from "../../../core/base/host_tensor.ts";
import { adapterLayout, mergedLayout } from "../../../core/lora/adapter.ts";
import {
  headWeight,
  joinFactors,
  type ScaledFactors,
  splitFactors,
  withHead,
} from "../../../core/lora/factors.ts";
import { uniform } from "../../support/random.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const layers = [
  { name: "m.0.up", inDim: 5, outDim: 3 },
  { name: "m.0.down", inDim: 3, outDim: 5 },
];
const tensor = (shape: number[], seed = 1): HostTensor => {
  return { shape, data: uniform(shape.reduce((a, b) => a * b, 1), seed) };
};
const factors = (rank: number, scale: number, { inDim, outDim } = layers[0]): ScaledFactors => {
  return { A: tensor([rank, inDim]), B: tensor([outDim, rank], 2), scale };
};

Deno.test("splitFactors() gives A as it lies and B transposed", () => {
  const layout = adapterLayout(layers, { rank: 2, alpha: 2 });
  const params = uniform(layout.size, 3);
  const { aOffset, bOffset } = layout.modules.get("m.0.down")!;
  const { A, B } = splitFactors({ layout, params }).get("m.0.down")!;
  assertEquals([A.shape, B.shape], [[2, 3], [5, 2]]);
  assertEquals(A.data[1 * 3 + 2], params[aOffset + 1 * 3 + 2]); // A[1, 2]
  assertEquals(B.data[4 * 2 + 1], params[bOffset + 1 * 5 + 4]); // B[4, 1]
});

Deno.test("joinFactors() of splitFactors() is the adapter, bit for bit", () => {
  const layout = adapterLayout(layers, { rank: 3, alpha: 5 });
  const split = splitFactors({ layout, params: uniform(layout.size, 4) });
  const scaled = new Map(
    [...split].map(([name, pair]) => [name, { ...pair, scale: layout.scale }]),
  );
  const joined = joinFactors(layers, scaled, "it");
  assertEquals(joined.layout, layout);
  assertEquals(splitFactors(joined), split);
});

Deno.test("joinFactors() fills up smaller ranks with zeros and folds scales into B", () => {
  const given = new Map([
    ["m.0.down", factors(3, 6, layers[1])],
    ["m.0.up", factors(1, 2)],
  ]);
  const { layout, params } = joinFactors(layers, given, "it");
  assertEquals([layout.rank, layout.scale, [...layout.modules.keys()]], [3, 2, [
    "m.0.up",
    "m.0.down",
  ]]);
  const split = splitFactors({ layout, params });
  const up = split.get("m.0.up")!, down = split.get("m.0.down")!;
  assertEquals(up.A.data.slice(5), new Float32Array(10));
  assertEquals(up.B.data[3], given.get("m.0.up")!.B.data[1]); // B[1, 0] of rank 3, of rank 1
  assertEquals(down.B.data, given.get("m.0.down")!.B.data.map((b) => 3 * b)); // 6 / 2
});

Deno.test("joinFactors() refuses what is not the model's", () => {
  const rows: [Map<string, ScaledFactors>, string][] = [
    [new Map(), "it has no modules, expected at least one"],
    [
      new Map([["m.9.up", factors(1, 1)]]),
      "it adapts m.9.up, expected linear layers of the model as m.0.up, m.0.down",
    ],
    [
      new Map([["m.0.up", factors(2, 1, layers[1])]]),
      "lora_A of m.0.up shape is [2, 3], expected [2, 5] for this model",
    ],
    [
      new Map([["m.0.up", { ...factors(2, 1), B: tensor([3, 1]) }]]),
      "lora_B of m.0.up shape is [3, 1], expected [3, 2] for this model",
    ],
    [
      new Map([["m.0.up", { ...factors(2, 1), A: tensor([]) }]]),
      "lora_A of m.0.up shape is [], expected [r, 5] for this model",
    ],
  ];
  for (const [given, message] of rows) {
    const error = assertThrows(() => joinFactors(layers, given, "it"), Mistake);
    assertEquals(error.message, `Cannot use it: ${message}`);
  }
});

Deno.test("joinFactors() refuses one huge rank among small ones before it allocates", () => {
  const many = Array.from({ length: 2000 }, (_, i) => ({ name: `m.${i}`, inDim: 64, outDim: 64 }));
  const given = new Map(
    many.map((layer, i) => [layer.name, factors(i === 7 ? 1000 : 1, 1, layer)]),
  );
  const error = assertThrows(() => joinFactors(many, given, "it"), Mistake);
  const stored = 1999 * 128 + 1000 * 128;
  assertEquals(
    error.message,
    "Cannot use it: its largest rank is 1000 and would fill up all modules to 256000000 elements, " +
      `expected at most ${stored + 2 ** 26}. Train it with one rank`,
  );
});

Deno.test("withHead() refuses a weight of another width", () => {
  const layout = adapterLayout([{ name: "up", inDim: 3, outDim: 2 }], { rank: 1, alpha: 2 });
  const bare = { layout, params: new Float32Array(layout.size) };
  for (const length of [1, 3]) {
    assertThrows(
      () => withHead(bare, { name: "score", inDim: 2 }, new Float32Array(length)),
      RangeError,
      `its weight has ${length} numbers, expected 2`,
    );
  }
});

Deno.test("withHead() leaves matrices where they are, and headWeight() has the sum of the rows", () => {
  const head = { name: "score", inDim: 3 };
  const layout = mergedLayout(adapterLayout(layers, { rank: 3, alpha: 2 }), 2); // no layout of rank 6
  const bare = { layout, params: uniform(layout.size, 1) };
  assertEquals(headWeight(bare), undefined);
  const scored = withHead(bare, head, [1, 2, 3]);
  assertEquals(splitFactors(scored), splitFactors(bare));
  assertEquals(headWeight(scored), { shape: [1, 3], data: Float32Array.of(1, 2, 3) });
  assertEquals(scored.layout.size, layout.size + 64);
  const again = withHead(scored, head, [4, 5, 6]); // in its place
  assertEquals([again.layout.size, ...headWeight(again)!.data], [layout.size + 64, 4, 5, 6]);
  assertEquals(splitFactors(again), splitFactors(bare));
  const twice = mergedLayout(scored.layout, 2), params = new Float32Array(twice.size);
  params.set([1, 2, 3, 10, 20, 30], twice.head!.offset);
  assertEquals([...headWeight({ layout: twice, params })!.data], [11, 22, 33]);
});
