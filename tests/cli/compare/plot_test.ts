import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { parseHTML } from "linkedom";
import { type ComparedRate, compareFigure } from "../../../cli/compare/plot.ts";

const rate = (method: string, members: number, value: number): ComparedRate => ({
  method,
  members,
  winRate: { value, low: value - 0.05, high: value + 0.04 },
});
const rates = [
  rate("Offline DPO", 1, 0.58),
  rate("BPO, F = T", 1, 0.78),
  rate("Offline DPO", 5, 0.6),
  rate("BPO, F = T", 5, 0.87),
];

async function parsed(shown: readonly ComparedRate[] = rates, title = "A < B & C") {
  const { svg, png } = await compareFigure(shown, title);
  const { document } = parseHTML(`<!doctype html><body>${svg}</body>`);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  const numbers = (text: string | null | undefined) =>
    (text?.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
  const label = (text: string) =>
    numbers(all("text").find((t) => t.textContent === text)?.getAttribute("transform"));
  const [low, high] = [label("0.5")[0], label("0.9")[0]];
  const x = (value: number) => low + (value - 0.5) / 0.4 * (high - low);
  return { svg, png, all, numbers, label, x };
}

Deno.test("compareFigure() draws every interval from low to high, in one colour a K", async () => {
  const { all, numbers, x } = await parsed();
  for (const [k, color] of [[1, "#c2570c"], [5, "#1f63c7"]] as const) {
    const [group] = all(`g[aria-description="95% interval, K = ${k}"]`);
    assertEquals(group.getAttribute("stroke"), color);
    const lines = [...group.querySelectorAll("line")];
    const wanted = rates.filter(({ members }) => members === k);
    assertEquals(lines.length, wanted.length);
    lines.forEach((line, i) => {
      const { low, high } = wanted[i].winRate;
      assertAlmostEquals(Number(line.getAttribute("x1")), x(low), 0.01);
      assertAlmostEquals(Number(line.getAttribute("x2")), x(high), 0.01);
    });
    const dots = [...all(`g[aria-description="K = ${k}"]`)[0].querySelectorAll("path, circle")];
    dots.forEach((dot, i) => {
      const at = dot.getAttribute("cx") ?? numbers(dot.getAttribute("transform"))[0];
      assertAlmostEquals(Number(at), x(wanted[i].winRate.value), 0.01);
    });
    assertEquals(dots.length, 2);
  }
});

Deno.test("compareFigure() has a row a method, and every K at its own height in it", async () => {
  const { all, label, numbers } = await parsed();
  const [offline, bpo] = [label("Offline DPO")[1], label("BPO, F = T")[1]];
  assert(offline < bpo, "rows in the order of the table");
  const heights = [1, 5].flatMap((k) => {
    const [group] = all(`g[aria-description="95% interval, K = ${k}"]`);
    const shift = numbers(group.getAttribute("transform"))[1] ?? 0;
    return [...group.querySelectorAll("line")].map((l) => Number(l.getAttribute("y1")) + shift);
  });
  assertEquals(new Set(heights).size, 4);
  const [offline1, bpo1, offline5, bpo5] = heights;
  assert(offline1 < offline5 && offline5 < bpo1 && bpo1 < bpo5, `${heights}`);
});

Deno.test("compareFigure() marks where policy and reference text are even, and says what is what", async () => {
  const { all, x, svg } = await parsed();
  const [line] = all('g[aria-description="even"][stroke-dasharray] line');
  assertAlmostEquals(Number(line.getAttribute("x1")), x(0.5), 0.01);
  const texts = all("text").map(({ textContent }) => textContent);
  for (
    const text of [
      "A < B & C",
      "K = 1",
      "K = 5",
      "even (0.5)",
      "0.87",
      "win rate against the reference text",
    ]
  ) assert(texts.includes(text), text);
  assertEquals(
    all("svg > title")[0].textContent,
    "A < B & C: the highest win rate is 0.870 (BPO, F = T, K = 5)",
  );
  assertEquals(
    all('g[aria-description="K = 5"] title')[1].textContent,
    "BPO, F = T, K = 5: 0.870 (0.820 to 0.910)",
  );
  assert(!svg.includes("NaN") && !svg.includes("undefined") && all("style").length === 0);
});

Deno.test("compareFigure() keeps rates at the edges within the frame", async () => {
  const edges: ComparedRate[] = [
    { method: "A", members: 1, winRate: { value: 0, low: 0, high: 0.02 } },
    { method: "B", members: 1, winRate: { value: 1, low: 1, high: 1 } },
  ];
  const { all } = await parsed(edges);
  for (const line of all('g[aria-description="95% interval, K = 1"] line')) {
    for (const side of ["x1", "x2"]) {
      const at = Number(line.getAttribute(side));
      assert(at >= 0 && at <= 720, `${side} is ${at}`);
    }
  }
});

Deno.test("compareFigure() png is the same figure at twice the size", async () => {
  const { png, all } = await parsed();
  const view = new DataView(png.buffer, png.byteOffset);
  const [ground] = all("svg > rect");
  assertEquals(
    [view.getUint32(16), view.getUint32(20)],
    ["width", "height"].map((name) => 2 * Number(ground.getAttribute(name))),
  );
  assert(png.length > 10_000, "text and marks take bytes");
});

Deno.test("compareFigure() throws on no rates and on more K than it has colours", async () => {
  for (const [n, shown] of [[0, []], [5, [1, 2, 3, 4, 5].map((k) => rate("A", k, 0.5))]] as const) {
    const error = await assertRejects(() => compareFigure(shown, "T"), RangeError);
    assertEquals(
      error.message,
      `Cannot draw the comparison: the number of different members is ${n}, expected 1 to 4`,
    );
  }
});
