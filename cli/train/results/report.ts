// What a run prints at its end: a table, three answers before and after side by side, the files, what to do next.
import { counted, decimals } from "../../terminal/counted.ts";
import { wrap } from "../../terminal/word_wrap.ts";
import type { Sample } from "./samples.ts";
import { NO_ANNOTATOR } from "../../judge/annotators.ts";
import { RANKED } from "../phase_line.ts";
import { padded, wrapWide } from "../../terminal/side_by_side.ts";
import type { Rate, RateChange, Summary } from "./summary.ts";
import { visible } from "../../terminal/visible.ts";

/** Columns of a report where nobody says how many there are, and the most that it takes. */
const WIDTH = 100;
/** Fewest columns of an answer beside another. */
const NARROW = 28;

/**
 * The report: tables and answers stand beside each other where there is room, below each other elsewhere.
 *
 * @param next What to do next: `nextOfTask` or `nextOfLeash`.
 * @param columns Of a line; at most 100 are used.
 */
export function report(
  summary: Summary,
  samples: readonly Sample[],
  dir: string,
  next: readonly string[],
  columns = WIDTH,
): string[] {
  const width = Math.min(WIDTH, columns);
  return [
    "",
    ...table(summary, width),
    ...samples.slice(0, 3).flatMap((sample) => ["", ...sideBySide(sample, width)]),
    "",
    `Done in ${summary.seconds.toFixed(0)} s: ${summary.method}, ${
      counted(summary.steps, "step")
    }, ` +
    `${counted(summary.pairs, "pair")} (${
      counted(summary.ties, "tie")
    }, ${summary.failed} failed), ` +
    `${Math.round(summary.tokensPerSecond).toLocaleString("en")} tokens/s.`,
    ...files(dir, width),
    ...next,
  ];
}

const GAIN = "  gain on the same prompts";

/** `+0.120 [+0.051, +0.190]`. */
function signed({ value, low, high }: Rate): string {
  const [v, l, h] = [value, low, high].map((x) => (x < 0 ? "" : "+") + x.toFixed(3));
  return `${v} [${l}, ${h}]`;
}

function table(s: Summary, width: number): string[] {
  const rate = ({ value, low, high }: Rate) =>
    `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const isRanked = s.annotator === NO_ANNOTATOR;
  const rateRow = (name: string, change: RateChange | undefined): [string, string, string][] =>
    change === undefined ? [] : [
      [name, rate(change.before), rate(change.after)],
      ...(change.gain ? [[GAIN, "", signed(change.gain)]] as [string, string, string][] : []),
    ];
  const { misspelt } = s.text;
  const rows: [string, string, string][] = [
    [`${counted(s.winRate.n, isRanked ? "pair" : "prompt")}, 95% intervals`, "before", "after"],
    ...rateRow(isRanked ? RANKED : "win rate, training annotator", s.winRate),
    ...rateRow("win rate, held-out judge", s.heldOutWinRate),
    ...rateRow("win rate, greedy", s.greedyWinRate),
    ["KL to SFT, nats a sequence", "0.00", decimals(s.kl, 2)],
    ...(s.klAtOne === undefined
      ? []
      : [["  at temperature 1", "0.00", decimals(s.klAtOne, 2)]] as [string, string, string][]),
    [
      "distinct three-word runs",
      percent(s.text.distinct3.before),
      percent(s.text.distinct3.after),
    ],
    [
      "repeated three-word runs",
      percent(s.text.repetition.before),
      percent(s.text.repetition.after),
    ],
    ...(misspelt
      ? [["misspelt words", percent(misspelt.before), percent(misspelt.after)]] as [
        string,
        string,
        string,
      ][]
      : []),
    ["words an answer", s.text.words.before.toFixed(1), s.text.words.after.toFixed(1)],
  ];
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i].length)));
  if (widths[0] + widths[1] + widths[2] + 4 > width) {
    const [[name], ...rest] = rows;
    return [
      name,
      ...rest.flatMap(([name, before, after]) =>
        before === ""
          ? [name, `          ${after}`]
          : [name, `  before  ${before}`, `  after   ${after}`]
      ),
    ];
  }
  const lines = rows.map((row) =>
    row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd()
  );
  const rule = "-".repeat(widths[0] + widths[1] + widths[2] + 4);
  return [lines[0], rule, ...lines.slice(1)];
}

/** An opening, and under it both answers in two columns, or below each other where there is no room. */
export function sideBySide({ prompt, before, after }: Sample, width = WIDTH): string[] {
  const column = Math.floor((width - 3) / 2);
  const beside = column >= NARROW;
  const opening = wrap(`"${visible(prompt)}"`, width);
  const shown = (text: string) => wrapWide(visible(text), beside ? column : width - 2);
  const left = ["Before", ...shown(before)], right = ["After", ...shown(after)];
  if (!beside) {
    return [
      ...opening,
      ...[left, right].flatMap(([name, ...rest]) => [
        name,
        ...rest.map((line) => `  ${line}`),
      ]),
    ];
  }
  const rows = Array.from(
    { length: Math.max(left.length, right.length) },
    (_, i) => `${padded(left[i] ?? "", column)} | ${right[i] ?? ""}`.trimEnd(),
  );
  return [...opening, ...rows];
}

const NAMED: readonly (readonly [file: string, what: string])[] = [
  ["summary.json", "these numbers"],
  ["samples.md", "answers before and after"],
  ["win_rate.png", "win rate over steps"],
  ["metrics.jsonl", "every step and evaluation"],
  ["adapter/", "the result, for PEFT"],
  ["pairs.jsonl", "every pair with its verdict"],
];

function files(dir: string, width: number): string[] {
  const head = ["", `Files in ${dir}:`];
  if (width < 46) {
    return [...head, ...NAMED.flatMap(([file, what]) => [`  ${file}`, `    ${what}`])];
  }
  const cells = NAMED.map(([file, what]) => `${file.padEnd(17)}${what}`);
  const beside = [0, 2, 4].map((i) => `  ${cells[i].padEnd(41)} ${cells[i + 1]}`);
  const isNarrow = beside.some(({ length }) => length > width);
  return [...head, ...isNarrow ? cells.map((cell) => `  ${cell}`) : beside];
}

/** What to do after `deno task train`. */
export function nextOfTask(dir: string, flags: readonly string[]): string[] {
  return [
    "",
    "Next:",
    "  deno task train --loss ipo             another loss (--help lists all flags)",
    "  deno task train --prompts FILE         your own prompts",
    `  deno task train ${[...flags, `--replay ${dir}`].join(" ")} --reference sft`,
    "                                         the same pairs with another reference",
  ];
}

/** What to do after `leash train`. */
export function nextOfLeash(dir: string, model: string | undefined): string[] {
  if (model === undefined) return [];
  return [
    "",
    "Next:",
    `  leash chat --model ${model} --adapter ${dir}/adapter`,
    `  leash inspect ${dir}/adapter`,
  ];
}
