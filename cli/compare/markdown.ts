// The table of a comparison as Markdown, and how it gets into a README: between two marks, and nowhere else.
import type { Comparison, Row } from "./table.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { wrap } from "../terminal/word_wrap.ts";

/** Where a comparison begins in a file. */
export const BEGIN = "<!-- compare:begin -->";
/** Where it ends. */
export const END = "<!-- compare:end -->";

const WIDTH = 100;

/** The table, then how it was made; as `deno fmt` would lay it out. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { rows, before, steps, pairs, seeds, prompts, devices, intervals } = comparison;
  const sft = [
    "the SFT model",
    "",
    "",
    rate(before.winRate),
    rate(before.heldOutWinRate),
    "0",
    ...(before.misspelt === undefined ? [] : [percent(before.misspelt)]),
    percent(before.repetition),
    "",
  ];
  const head = [
    "method",
    "F",
    "K",
    "win rate",
    "held-out judge",
    "KL, nats",
    ...(before.misspelt === undefined ? [] : ["misspelt"]),
    "repeated",
    "seconds",
  ];
  const note =
    `${steps} steps of ${pairs} pairs, so ${
      steps * pairs
    } annotated pairs in every run; ${seeds.length} ` +
    `${seeds.length === 1 ? "seed" : "seeds"}, ${prompts} evaluation prompts; on ${
      devices.join(" and ")
    }. ` +
    `Brackets: ${intervals}. Of ${
      before.misspelt === undefined ? "" : "misspelt words and "
    }repeated three-word sequences smaller is better.`;
  return [...grid([head, sft, ...rows.map(cells)]), "", ...wrap(note, WIDTH)].join("\n") + "\n";
}

function cells(row: Row): string[] {
  const { low, value, high } = row.kl;
  return [
    row.method,
    String(row.phases),
    String(row.members),
    rate(row.winRate),
    rate(row.heldOutWinRate),
    `${value.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`,
    ...(row.misspelt ? [percent(row.misspelt.value)] : []),
    percent(row.repetition.value),
    row.seconds.toFixed(0),
  ];
}

function rate({ value, low, high }: { value: number; low: number; high: number }): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** Rows of cells as lines, columns as wide as their widest cell. */
function grid(table: readonly (readonly string[])[]): string[] {
  const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(table[0]), rule, ...table.slice(1).map(line)];
}

/**
 * Replaces what stands between the marks.
 *
 * @param text The file.
 * @param path Its name, for errors.
 * @param block What to put there.
 * @throws {UsageError} If the marks are not both there, once, in order.
 */
export function replaceMarked(text: string, path: string, block: string): string {
  const from = text.indexOf(BEGIN), to = text.indexOf(END);
  const once = from === text.lastIndexOf(BEGIN) && to === text.lastIndexOf(END);
  if (from < 0 || to < from || !once) {
    const found = from < 0 || to < 0
      ? `has no ${from < 0 ? BEGIN : END}`
      : once
      ? "has its marks in the wrong order"
      : "has its marks more than once";
    throw new UsageError({
      verb: "write",
      thing: "the table",
      found: `--markdown ${quote(path)} ${found}`,
      expected: `${BEGIN}, then ${END}`,
    });
  }
  return `${text.slice(0, from + BEGIN.length)}\n\n${block.trim()}\n\n${text.slice(to)}`;
}
