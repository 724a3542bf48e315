// From measurements to one table: rates, and their share of what the device can do.
import type { Peak } from "./peak.ts";

/** One benchmark on one device. */
export interface Row {
  readonly name: string;
  /** What the work was done on. */
  readonly shape: string;
  /** "cpu" or "webgpu". */
  readonly device: string;
  /** Median milliseconds. */
  readonly ms: number;
  /** Floating-point operations; counted where they are what bounds the work. */
  readonly flop?: number;
  /** Bytes read and written, where memory bounds the work. */
  readonly bytes?: number;
  /** Tokens generated. */
  readonly tokens?: number;
}

/** Work a second, and its share of the peak: of the FLOP if they were counted, else of the bytes. */
export function rateOf(row: Row, peak: Peak): { rate: number; unit: string; share: number } {
  const seconds = row.ms / 1000;
  if (row.flop !== undefined) {
    const rate = row.flop / seconds;
    return { rate: rate / 1e9, unit: "GFLOP/s", share: rate / peak.flop };
  }
  const rate = (row.bytes ?? 0) / seconds;
  return { rate: rate / 1e9, unit: "GB/s", share: rate / peak.bytes };
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three significant digits, without an exponent. */
export function digits(x: number): string {
  return x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x >= 1 ? x.toFixed(2) : x.toFixed(3);
}

/** The table as Markdown, columns aligned. */
export function tableOf(rows: readonly Row[], peaks: ReadonlyMap<string, Peak>): string {
  const lines = rows.map((row) => {
    const { rate, unit, share } = rateOf(row, peaks.get(row.device)!);
    const tokens = row.tokens === undefined
      ? ""
      : `${digits(row.tokens / row.ms * 1000)} tokens/s, `;
    return [
      row.name,
      row.shape,
      row.device,
      digits(row.ms),
      `${tokens}${digits(rate)} ${unit}`,
      `${(share * 100).toFixed(0)}%`,
    ];
  });
  const head = ["kernel", "shape", "device", "ms", "rate", "of peak"];
  const numeric = [false, false, false, true, true, true];
  const widths = head.map((title, c) =>
    Math.max(title.length, ...lines.map((line) => line[c].length))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, c) => numeric[c] ? cell.padStart(widths[c]) : cell.padEnd(widths[c]))
        .join(" | ")
    } |`;
  const rule = `| ${
    widths.map((w, c) => numeric[c] ? `${"-".repeat(w - 1)}:` : "-".repeat(w)).join(" | ")
  } |`;
  return [line(head), rule, ...lines.map(line)].join("\n");
}
