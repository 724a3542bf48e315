// A comparison as a figure: one row a method, its win rate with the interval for every number of members.
import type { Interval } from "../../core/mod.ts";
import {
  drawingBoard,
  faint,
  type Figure,
  hue,
  ink,
  muted,
  renderPng,
  standAlone,
  style,
} from "../train/results/plot.ts";

/** One interval of the figure. */
export interface ComparedRate {
  /** Its row. */
  readonly method: string;
  /** Its colour and mark. */
  readonly members: number;
  /** In [0, 1]. */
  readonly winRate: Interval;
}

/** Colour and mark of each number of members, in order. */
const MARKS = [
  { color: "#c2570c", symbol: "diamond" },
  { color: hue, symbol: "circle" },
  { color: "#15803d", symbol: "square" },
  { color: "#7e22ce", symbol: "triangle" },
] as const;

const width = 720, rowHeight = 26;
const margin = { top: 88, bottom: 52, left: 132, right: 40 };

/**
 * Draws win rates with their intervals, a dashed line where policy and reference text are even.
 *
 * @param rates At least one, at most four numbers of members; rows in the order in which methods are first seen.
 * @param title One line above the plot.
 * @throws {RangeError} If there are no rates or more than four numbers of members.
 */
export async function compareFigure(
  rates: readonly ComparedRate[],
  title: string,
): Promise<Figure> {
  const methods = [...new Set(rates.map(({ method }) => method))];
  const members = [...new Set(rates.map(({ members }) => members))].sort((a, b) => a - b);
  if (members.length < 1 || members.length > MARKS.length) {
    throw new RangeError(
      `Cannot draw the comparison: the number of different members is ${members.length}, ` +
        `expected 1 to ${MARKS.length}`,
    );
  }
  const svg = await drawSvg(rates, methods, members, title);
  return { svg, png: await renderPng(svg) };
}

async function drawSvg(
  rates: readonly ComparedRate[],
  methods: readonly string[],
  members: readonly number[],
  title: string,
): Promise<string> {
  const { Plot, document } = await drawingBoard();
  const domain = [domainLow(rates), domainHigh(rates)];
  const ticks = tenths(domain[0], domain[1]);
  const band = rowHeight * members.length + 14;
  const height = margin.top + margin.bottom + band * methods.length;
  const figure = Plot.plot({
    document,
    width,
    height,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    marginRight: margin.right,
    style,
    x: { domain, label: null },
    y: { type: "band", domain: [...methods], padding: 0, label: null },
    marks: [
      Plot.gridX(ticks, { stroke: faint, strokeOpacity: 1 }),
      Plot.axisX(ticks, {
        tickFormat: (rate: number) => rate.toFixed(1),
        tickSize: 0,
        color: muted,
        label: "win rate against the reference text",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 44,
      }),
      Plot.axisY({ tickSize: 0, tickPadding: 14, color: ink, label: null }),
      Plot.ruleX([0.5], { stroke: muted, strokeDasharray: "5 4", ariaDescription: "even" }),
      Plot.text([0.5], {
        x: (rate: number) => rate,
        text: () => "even (0.5)",
        frameAnchor: "top",
        dy: -14,
        fill: muted,
      }),
      ...members.flatMap((k, i) => {
        const data = rates.filter((rate) => rate.members === k);
        const { color, symbol } = MARKS[i];
        const dy = rowHeight * (i - (members.length - 1) / 2);
        const label = `K = ${k}`;
        return [
          Plot.ruleY(data, {
            x1: ({ winRate }: ComparedRate) => winRate.low,
            x2: ({ winRate }: ComparedRate) => winRate.high,
            y: "method",
            dy,
            stroke: color,
            strokeWidth: 2,
            ariaDescription: `95% interval, ${label}`,
          }),
          Plot.dot(data, {
            x: ({ winRate }: ComparedRate) => winRate.value,
            y: "method",
            dy,
            r: 4.5,
            fill: color,
            stroke: "white",
            symbol,
            ariaDescription: label,
            title: ({ method, winRate: { value, low, high } }: ComparedRate) =>
              `${method}, ${label}: ${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
          }),
          Plot.text(data, {
            x: ({ winRate }: ComparedRate) => winRate.value,
            y: "method",
            dy: dy - 11,
            text: ({ winRate }: ComparedRate) => winRate.value.toFixed(2),
            fill: color,
            fontSize: 11,
            fontWeight: 600,
            stroke: "white", // a halo, where the dashed line runs behind it
            strokeWidth: 3,
          }),
          Plot.dot([label], {
            frameAnchor: "top-left",
            dx: 70 * i + 4 - margin.left + 20,
            dy: -40,
            r: 4.5,
            fill: color,
            symbol,
          }),
          Plot.text([label], {
            frameAnchor: "top-left",
            textAnchor: "start",
            dx: 70 * i + 14 - margin.left + 20,
            dy: -46,
            fill: color,
            fontWeight: 600,
          }),
        ];
      }),
      Plot.text([title], {
        frameAnchor: "top-left",
        dx: 20 - margin.left,
        dy: -78,
        fontSize: 16,
        fontWeight: 600,
        fill: ink,
      }),
    ],
  });
  const best = rates.reduce((a, b) => b.winRate.value > a.winRate.value ? b : a);
  const description = `${title}: the highest win rate is ${best.winRate.value.toFixed(3)} ` +
    `(${best.method}, K = ${best.members})`;
  return standAlone(figure, description);
}

/** The tenth below everything that is drawn. */
function domainLow(rates: readonly ComparedRate[]): number {
  const least = Math.min(0.5, ...rates.map(({ winRate }) => winRate.low));
  return Math.max(0, Math.floor(10 * (least - 0.03)) / 10);
}

/** The tenth above everything that is drawn. */
function domainHigh(rates: readonly ComparedRate[]): number {
  const most = Math.max(0.5, ...rates.map(({ winRate }) => winRate.high));
  return Math.min(1, Math.ceil(10 * (most + 0.03)) / 10);
}

function tenths(low: number, high: number): number[] {
  const from = Math.round(10 * low), to = Math.round(10 * high);
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i) / 10);
}
