// The figure as a reader sees it: what is drawn where in the SVG, and the pixels of the PNG.

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { parseHTML } from "linkedom";
import { winRateFigure, type WinRatePoint } from "../../../../cli/train/results/plot.ts";

const points: WinRatePoint[] = [
  { phase: 0, step: 0, value: 0.5, low: 0.44, high: 0.56 },
  { phase: 1, step: 6, value: 0.64, low: 0.58, high: 0.7 },
  { phase: 2, step: 12, value: 0.83, low: 0.78, high: 0.88 },
];
const options = { title: "dpo & ipo < 5 members", baseline: 0.5 };

async function parsed(shown: readonly WinRatePoint[] = points, wanted = options) {
  const { svg, png } = await winRateFigure(shown, wanted);
  const { document } = parseHTML(`<!doctype html><body>${svg}</body>`);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  const place = (label: string) => {
    const text = all("text").find(({ textContent }) => textContent === label);
    const [x, y] = numbers(text?.getAttribute("transform"));
    return { x, y };
  };
  // The scales, as the axes' own labels show them.
  const [bottom, top] = [place("0.00").y, place("1.00").y];
  const [left, right] = [place("0").x, place("10").x];
  return {
    svg,
    png,
    all,
    texts: all("text").map(({ textContent }) => textContent),
    x: (step: number) => left + step / 10 * (right - left),
    y: (rate: number) => bottom + rate * (top - bottom),
  };
}

const numbers = (text: string | null | undefined) =>
  (text?.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);

Deno.test("winRateFigure() svg stands alone: namespace, white ground, no page styles", async () => {
  const { svg, all } = await parsed();
  assert(svg.startsWith("<svg ") && svg.includes('xmlns="http://www.w3.org/2000/svg"'));
  const ground = all("svg > rect")[0];
  assertEquals(["width", "height", "fill"].map((name) => ground.getAttribute(name)), [
    "720",
    "420",
    "white",
  ]);
  assertEquals(all("style").length, 0);
  assertEquals(
    all("svg > title")[0].textContent,
    "dpo & ipo < 5 members: win rate 0.830 (95% interval 0.780 to 0.880)",
  );
  assert(!svg.includes("NaN") && !svg.includes("undefined"));
});

Deno.test("winRateFigure() svg draws the interval as a band from low to high", async () => {
  const { all, x, y } = await parsed();
  const [band] = all('g[aria-description="95% interval"] path');
  const corners = numbers(band.getAttribute("d"));
  const wanted = [
    ...points.map((p) => [x(p.step), y(p.high)]),
    ...[...points].reverse().map((p) => [x(p.step), y(p.low)]),
  ].flat();
  assertEquals(corners.length, wanted.length);
  corners.forEach((corner, i) => assertAlmostEquals(corner, wanted[i], 0.01));
});

Deno.test("winRateFigure() svg has a dot at every value and a dashed line at the baseline", async () => {
  const { all, x, y } = await parsed();
  const dots = all("circle").map((dot) => ["cx", "cy"].map((at) => Number(dot.getAttribute(at))));
  assertEquals(dots.length, points.length);
  dots.forEach(([cx, cy], i) => {
    assertAlmostEquals(cx, x(points[i].step), 0.01);
    assertAlmostEquals(cy, y(points[i].value), 0.01);
  });
  const line = all('g[aria-description="baseline"][stroke-dasharray] line')[0];
  assertAlmostEquals(Number(line.getAttribute("y1")), y(0.5), 0.01);
});

Deno.test("winRateFigure() svg labels axes, title, baseline, start and end", async () => {
  const { texts, all } = await parsed();
  const wanted = [options.title, "training step", "win rate against the reference text"];
  for (const text of [...wanted, "even (0.50)", "0.50"]) assert(texts.includes(text), text);
  assert(texts.some((text) => text?.includes("0.83") && text.includes("0.78 to 0.88")));
  assertEquals(
    all("circle title")[1].textContent,
    "phase 1, step 6: 0.640 (95% interval 0.580 to 0.700)",
  );
});

Deno.test("winRateFigure() svg ticks whole steps only, at most 11 of them", async () => {
  for (const [end, stride] of [[1, 1], [10, 1], [11, 2], [48, 5], [625, 100]]) {
    const { svg } = await winRateFigure([points[0], { ...points[1], step: end }], options);
    const { document } = parseHTML(svg);
    const labels = [...document.querySelectorAll('g[aria-label="x-axis tick label"] text')];
    const ticks = labels.map(({ textContent }) => Number(textContent));
    assertEquals(ticks, Array.from({ length: Math.floor(end / stride) + 1 }, (_, i) => i * stride));
  }
});

Deno.test("winRateFigure() png shows ground, title, band and curve in their colours", async () => {
  const { png, x, y } = await parsed();
  const { width, height, pixel } = await decodePng(png);
  assertEquals([width, height], [1440, 840]);
  assertEquals(pixel(4, 4), [255, 255, 255, 255]);
  assertEquals(pixel(2 * x(6), 2 * y(0.64)), [0x1f, 0x63, 0xc7, 255]); // the dot, at twice the size
  const [red, green, blue] = pixel(2 * x(6), 2 * y(0.61));
  assert(red < blue && green < blue && red > 200, `band is ${red} ${green} ${blue}`);
  let dark = 0; // without a font resvg draws no text and says nothing
  for (let py = 20; py < 90; py++) {
    for (let px = 20; px < 500; px++) if (pixel(px, py)[0] < 100) dark++;
  }
  assert(dark > 1000, `the title has ${dark} dark pixels`);
});

Deno.test("winRateFigure() draws one point alone, and a run that falls", async () => {
  const one = await winRateFigure(points.slice(0, 1), options);
  assert(one.svg.includes("0.44 to 0.56") && one.png.length > 10_000);
  const falling = [{ ...points[0] }, { ...points[1], value: 0.01, low: 0, high: 0.03 }];
  const { svg } = await winRateFigure(falling, { ...options, baseline: 0.25 });
  assert(svg.includes("0.00 to 0.03") && svg.includes("baseline (0.25)"));
});

Deno.test("winRateFigure() throws on points that cannot be drawn", async () => {
  const refuses = async (shown: WinRatePoint[], message: string) => {
    const error = await assertRejects(() => winRateFigure(shown, options), RangeError);
    assertEquals(error.message, `Cannot draw the win rate: ${message}`);
  };
  await refuses([], "the number of points is 0, expected at least 1");
  await refuses(
    [{ ...points[0], low: -0.1 }],
    "low of point 0 is -0.1, expected a number from 0 to 1",
  );
  await refuses(
    [points[0], { ...points[1], value: NaN }],
    "value of point 1 is NaN, expected a number from 0 to 1",
  );
  await refuses(
    [points[1], points[1]],
    "step of point 1 is 6, expected a whole number of at least 7",
  );
});

/** A decoder for the one kind that resvg writes: 8-bit RGBA, no interlace. */
async function decodePng(png: Uint8Array) {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  assertEquals(Array.from(png.subarray(0, 8)), signature);
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  assertEquals([png[24], png[25], png[28]], [8, 6, 0]);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 8; at < png.length; at += 12 + view.getUint32(at)) {
    const type = new TextDecoder().decode(png.subarray(at + 4, at + 8));
    if (type === "IDAT") parts.push(png.slice(at + 8, at + 8 + view.getUint32(at)));
  }
  const inflated = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  const rows = new Uint8Array(await new Response(inflated).arrayBuffer());
  const stride = 4 * width;
  const out = new Uint8Array(stride * height);
  for (let row = 0; row < height; row++) {
    const filter = rows[row * (stride + 1)];
    for (let i = 0; i < stride; i++) {
      const at = row * stride + i;
      const left = i < 4 ? 0 : out[at - 4];
      const up = row === 0 ? 0 : out[at - stride];
      const corner = i < 4 || row === 0 ? 0 : out[at - stride - 4];
      const paeth = [left, up, corner].reduce((best, next) => {
        const off = (v: number) => Math.abs(left + up - corner - v);
        return off(next) < off(best) ? next : best;
      });
      const guess = [0, left, up, (left + up) >> 1, paeth][filter];
      out[at] = rows[row * (stride + 1) + 1 + i] + guess;
    }
  }
  const pixel = (x: number, y: number) => {
    const at = Math.round(y) * stride + 4 * Math.round(x);
    return Array.from(out.subarray(at, at + 4));
  };
  return { width, height, pixel };
}
