import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { adapterLayout, initAdapter, keyOf, layoutTable, mergedLayout } from "../../../core/mod.ts";

const layers = [
  { name: "model.layers.0.self_attn.q_proj", inDim: 33, outDim: 20 },
  { name: "model.layers.0.mlp.down_proj", inDim: 7, outDim: 65 },
];
const layout = adapterLayout(layers, { rank: 3, alpha: 6 });

Deno.test("adapterLayout() places every matrix apart, at multiples of 64, inside the member", () => {
  const spans = [...layout.modules.values()].flatMap(({ aOffset, bOffset, inDim, outDim }) => [
    [aOffset, aOffset + 3 * inDim],
    [bOffset, bOffset + 3 * outDim],
  ]).sort((a, b) => a[0] - b[0]);
  spans.forEach(([from, to], i) => {
    assertEquals(from % 64, 0);
    assert(to <= (spans[i + 1]?.[0] ?? layout.size));
  });
  assertEquals(layout.scale, 2);
});

Deno.test("mergedLayout() multiplies rank, offsets and size, and keeps the scale", () => {
  const merged = mergedLayout(layout, 5);
  assertEquals([merged.rank, merged.size, merged.scale], [15, 5 * layout.size, 2]);
  for (const [name, { aOffset, bOffset }] of layout.modules) {
    assertEquals(merged.modules.get(name)!.aOffset, 5 * aOffset);
    assertEquals(merged.modules.get(name)!.bOffset, 5 * bOffset);
  }
});

Deno.test("layoutTable() lists offset, size and kind of every matrix in order", () => {
  assertEquals([...layoutTable(layout)], [0, 99, 0, 128, 60, 1, 192, 21, 0, 256, 195, 1]);
});

Deno.test("initAdapter() gives members their own A inside ±1/√in, and B = 0", () => {
  const params = initAdapter(layout, 2, keyOf(1));
  const a = (k: number) => params.slice(k * layout.size, k * layout.size + 99);
  assertNotEquals(a(0), a(1));
  assert(a(0).every((x) => Math.abs(x) <= 1 / Math.sqrt(33)) && a(0).some((x) => x !== 0));
  assert(Math.max(...a(0).map(Math.abs)) > 0.9 / Math.sqrt(33)); // of 99 draws
  assert(Math.min(...a(0)) < -0.9 / Math.sqrt(33)); // on both sides of 0
  assert(params.slice(128, 188).every((x) => x === 0));
  assertEquals(initAdapter(layout, 1, keyOf(1)), params.slice(0, layout.size));
});

Deno.test("adapterLayout() scales by alpha / r, and by alpha / √r with rsLora", () => {
  assertEquals(adapterLayout(layers, { rank: 4, alpha: 6 }).scale, 1.5);
  assertEquals(adapterLayout(layers, { rank: 4, alpha: 6, rsLora: true }).scale, 3);
});

Deno.test("adapterLayout() plans only the modules that are chosen, and keeps which are transposed", () => {
  const mixed = [...layers, { name: "x.c_attn", inDim: 2, outDim: 6, transposed: true }];
  const chosen = adapterLayout(mixed, { rank: 1, alpha: 1, targetModules: ["c_attn"] });
  const places = { aOffset: 0, bOffset: 64 };
  assertEquals([...chosen.modules.values()], [{ ...mixed[mixed.length - 1], ...places }]);
});

Deno.test("adapterLayout() refuses rank 0 and alpha 0", () => {
  assertThrows(() => adapterLayout(layers, { rank: 0, alpha: 1 }), RangeError, "rank is 0");
  assertThrows(() => adapterLayout(layers, { rank: 1, alpha: 0 }), RangeError, "alpha is 0");
});

const head = { name: "score", inDim: 70 };

Deno.test("adapterLayout() has a head behind the matrices, and without one is as it was", () => {
  const plain = adapterLayout(layers, { rank: 3, alpha: 6 });
  assertEquals(Object.keys(plain), ["rank", "scale", "modules", "size"]);
  assertEquals(plain.size, 512);
  const withHead = adapterLayout(layers, { rank: 3, alpha: 6, head });
  assertEquals(withHead.modules, plain.modules);
  assertEquals(withHead.head, { ...head, offset: 512, rows: 1 });
  assertEquals(withHead.size, 512 + 128);
  assertThrows(
    () => adapterLayout(layers, { rank: 3, alpha: 6, head: { name: "score", inDim: 0 } }),
    RangeError,
    "inDim of its head is 0",
  );
});

Deno.test("mergedLayout() gives a head a row a member, which layoutTable() divides by them", () => {
  const withHead = adapterLayout(layers, { rank: 3, alpha: 6, head });
  assertEquals([...layoutTable(withHead)].slice(-3), [512, 70, 1]);
  const twice = mergedLayout(mergedLayout(withHead, 2), 3);
  assertEquals(twice.head, { ...head, offset: 6 * 512, rows: 6 });
  assertEquals([...layoutTable(twice)].slice(-3), [6 * 512, 6 * 70, 1]);
});

Deno.test("initAdapter() draws each member's head from N(0, 0.02²), and A as without one", () => {
  const wide = { name: "score", inDim: 4000 };
  const withHead = adapterLayout(layers, { rank: 3, alpha: 6, head: wide });
  const params = initAdapter(withHead, 2, keyOf(1)), plain = initAdapter(layout, 2, keyOf(1));
  const member = (k: number) => params.slice(k * withHead.size, (k + 1) * withHead.size);
  const drawn = (k: number) => member(k).slice(512, 512 + 4000);
  for (const k of [0, 1]) {
    assertEquals(member(k).slice(0, 512), plain.slice(512 * k, 512 * (k + 1)));
    const std = Math.sqrt(drawn(k).reduce((sum, x) => sum + x * x, 0) / 4000);
    assert(Math.abs(std / 0.02 - 1) < 0.05, `${std}`); // four standard errors of 1/√8000
    assert(member(k).slice(512 + 4000).every((x) => x === 0));
  }
  assertNotEquals(drawn(0), drawn(1));
});
