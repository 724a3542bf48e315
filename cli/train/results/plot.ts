// The run's one figure: win rate over steps with its interval as a band, as SVG and as PNG. What every figure needs
// around its marks (a document, a ground, the PNG) is exported.

import { createRequire } from "node:module";
// Brings the font package into the module graph, so that Deno has fetched it before the run starts.
import inter from "@expo-google-fonts/inter/package.json" with { type: "json" };

/** One evaluation: the win rate after a phase, with its interval. */
export interface WinRatePoint {
  /** Phase that just ended; 0 is the start. */
  readonly phase: number;
  /** Training steps done, a whole number ≥ 0. */
  readonly step: number;
  /** Win rate in [0, 1]. */
  readonly value: number;
  /** Lower end of its 95% interval, in [0, 1]. */
  readonly low: number;
  /** Upper end of its 95% interval, in [0, 1]. */
  readonly high: number;
}

/** What stands around the curve. */
export interface WinRateFigureOptions {
  /** One line above the plot. */
  readonly title: string;
  /** Height in [0, 1] of the dashed line: 0.5 is even with the reference text. */
  readonly baseline: number;
}

/** The same figure twice. */
export interface Figure {
  /** A document of its own: namespace, white background, text as text. */
  readonly svg: string;
  /** PNG of the same at twice the size, 1440 × 840 pixels. */
  readonly png: Uint8Array;
}

const width = 720, height = 420, zoom = 2;
const svgSpace = "http://www.w3.org/2000/svg";

/** Text. */
export const ink = "#1f2430";
/** Axes and baselines. */
export const muted = "#6b7280";
/** Grid lines. */
export const faint = "#e5e7eb";
/** The first colour of data. */
export const hue = "#1f63c7";
/** Of every figure. */
export const style = { fontFamily: "Inter, system-ui, sans-serif", fontSize: "13px", color: ink };

/**
 * Draws the win rate over training steps: line and dots, the interval as a band, a dashed baseline,
 * labels at what they name. Needs read permission for the npm cache (font and resvg's WebAssembly).
 *
 * @param points At least one evaluation, steps rising; borrowed.
 * @param options `title` and `baseline`.
 * @returns The figure as SVG text and PNG bytes.
 * @throws {RangeError} If there are no points, steps do not rise, or a rate is out of [0, 1].
 */
export async function winRateFigure(
  points: readonly WinRatePoint[],
  options: WinRateFigureOptions,
): Promise<Figure> {
  checkPoints(points);
  checkRate("baseline", options.baseline);
  const svg = await drawSvg(points, options);
  return { svg, png: await renderPng(svg) };
}

async function drawSvg(
  points: readonly WinRatePoint[],
  { title, baseline }: WinRateFigureOptions,
): Promise<string> {
  const { Plot, document } = await drawingBoard();
  const first = points[0], last = points[points.length - 1];
  const end = Math.max(last.step, 1);
  const data = [...points];
  const under = last.value >= first.value && first.low > 0.08; // the side that the band turns from
  const figure = Plot.plot({
    document,
    width,
    height,
    marginTop: 56,
    marginLeft: 64,
    marginRight: 104,
    marginBottom: 50,
    style,
    x: { domain: [0, end], label: null },
    y: { domain: [0, 1], label: null },
    marks: [
      Plot.gridY([0, 0.25, 0.5, 0.75, 1], { stroke: faint, strokeOpacity: 1 }),
      Plot.axisX(stepTicks(end), {
        tickFormat: String,
        color: muted,
        label: "training step",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 42,
      }),
      Plot.axisY([0, 0.25, 0.5, 0.75, 1], {
        tickFormat: (rate: number) => rate.toFixed(2),
        tickSize: 0,
        color: muted,
        label: "win rate against the reference text",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 58,
      }),
      Plot.areaY(data, {
        x: "step",
        y1: "low",
        y2: "high",
        fill: hue,
        fillOpacity: 0.16,
        ariaDescription: "95% interval",
      }),
      Plot.ruleY([baseline], {
        stroke: muted,
        strokeDasharray: "5 4",
        ariaDescription: "baseline",
      }),
      Plot.text([baseline], {
        x: end,
        y: (rate: number) => rate,
        text: (rate: number) => rate === 0.5 ? "even (0.50)" : `baseline (${rate.toFixed(2)})`,
        textAnchor: "start",
        dx: 12,
        fill: muted,
      }),
      Plot.line(data, { x: "step", y: "value", stroke: hue, strokeWidth: 2 }),
      Plot.ruleX(points.length === 1 ? data : [], {
        x: "step",
        y1: "low",
        y2: "high",
        stroke: hue,
        strokeOpacity: 0.35,
        strokeWidth: 5,
      }),
      Plot.dot(data, {
        x: "step",
        y: "value",
        r: 3.5,
        fill: hue,
        stroke: "white",
        title: ({ phase, step, value, low, high }: WinRatePoint) =>
          `phase ${phase}, step ${step}: ${rates(value, low, high)}`,
      }),
      Plot.text(points.length > 1 ? [first] : [], {
        x: "step",
        y: under ? "low" : "high",
        text: ({ value }: WinRatePoint) => value.toFixed(2),
        textAnchor: "start",
        dx: 6,
        dy: under ? 13 : -11,
        fill: hue,
        fontWeight: 600,
        stroke: "white", // a halo, where the baseline runs behind it
        strokeWidth: 3,
      }),
      Plot.text([last], {
        x: "step",
        y: ({ value }: WinRatePoint) => clearOf(value, baseline),
        text: ({ value, low, high }: WinRatePoint) =>
          `${value.toFixed(2)}\n95% interval\n${low.toFixed(2)} to ${high.toFixed(2)}`,
        textAnchor: "start",
        dx: 12,
        fill: hue,
        fontWeight: 600,
        lineHeight: 1.25,
      }),
      Plot.text([title], {
        frameAnchor: "top-left",
        dx: -52,
        dy: -34,
        fontSize: 16,
        fontWeight: 600,
        fill: ink,
      }),
    ],
  });
  return standAlone(figure, `${title}: win rate ${rates(last.value, last.low, last.high)}`);
}

/** Plot, and a document for it to draw in. */
export async function drawingBoard(): Promise<
  { Plot: typeof import("@observablehq/plot"); document: Document }
> {
  const [Plot, { parseHTML }] = await Promise.all([
    import("@observablehq/plot"),
    import("linkedom"),
  ]);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  return { Plot, document };
}

/** A figure of Plot's as an SVG file that needs no page around it: namespace, white ground, a title for readers. */
export function standAlone(figure: Element, description: string): string {
  const document = figure.ownerDocument;
  figure.querySelector("style")?.remove(); // rules for HTML pages; all that matters is inline
  figure.setAttribute("xmlns", svgSpace);
  figure.setAttribute("role", "img");
  const summary = document.createElementNS(svgSpace, "title"); // text is escaped, an attribute is not
  summary.textContent = description;
  const ground = document.createElementNS(svgSpace, "rect");
  for (const name of ["width", "height"]) ground.setAttribute(name, figure.getAttribute(name)!);
  ground.setAttribute("fill", "white");
  figure.prepend(summary, ground);
  return figure.outerHTML + "\n";
}

/** The last label's height: its value, moved off the baseline's label, three lines tall, in the frame. */
function clearOf(value: number, baseline: number): number {
  const gap = 0.13;
  const off = value >= baseline ? Math.max(value, baseline + gap) : Math.min(value, baseline - gap);
  return Math.min(0.95, Math.max(0.06, off));
}

function rates(value: number, low: number, high: number): string {
  return `${value.toFixed(3)} (95% interval ${low.toFixed(3)} to ${high.toFixed(3)})`;
}

/** Whole steps from 0 to end, at most 11 of them, in strides of 1, 2 or 5 times a power of ten. */
function stepTicks(end: number): number[] {
  let stride = 1;
  for (let i = 1; end / stride > 10; i++) stride = [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3);
  return Array.from({ length: Math.floor(end / stride) + 1 }, (_, i) => i * stride);
}

let wasmReady: Promise<void> | undefined; // resvg keeps one instance a process and refuses a second

/** An SVG file as a PNG at twice its size; text in Inter. */
export async function renderPng(svg: string): Promise<Uint8Array> {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  wasmReady ??= readPackageFile("@resvg/resvg-wasm/index_bg.wasm").then(initWasm);
  await wasmReady;
  const fontBuffers = await Promise.all(
    ["400Regular/Inter_400Regular.ttf", "600SemiBold/Inter_600SemiBold.ttf"]
      .map((file) => readPackageFile(`${inter.name}/${file}`)),
  );
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: zoom },
    font: { fontBuffers, defaultFontFamily: "Inter" },
  });
  const image = resvg.render();
  try {
    return image.asPng();
  } finally {
    image.free();
    resvg.free();
  }
}

/** Reads a file out of an npm package, wherever Deno keeps it. */
function readPackageFile(specifier: string): Promise<Uint8Array> {
  return Deno.readFile(createRequire(import.meta.url).resolve(specifier));
}

function checkPoints(points: readonly WinRatePoint[]): void {
  if (points.length === 0) {
    throw new RangeError(
      "Cannot draw the win rate: the number of points is 0, expected at least 1",
    );
  }
  for (const [i, { step, value, low, high }] of points.entries()) {
    const least = i === 0 ? 0 : points[i - 1].step + 1;
    if (!(Number.isSafeInteger(step) && step >= least)) {
      throw new RangeError(
        `Cannot draw the win rate: step of point ${i} is ${step}, ` +
          `expected a whole number of at least ${least}`,
      );
    }
    for (const [name, rate] of Object.entries({ value, low, high })) {
      checkRate(`${name} of point ${i}`, rate);
    }
  }
}

function checkRate(name: string, rate: number): void {
  if (!(rate >= 0 && rate <= 1)) {
    throw new RangeError(
      `Cannot draw the win rate: ${name} is ${rate}, expected a number from 0 to 1`,
    );
  }
}
