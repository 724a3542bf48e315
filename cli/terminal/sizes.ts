// Bytes as people write and read them.
import { UsageError } from "./mistake.ts";
import { quote } from "../../core/base/quote.ts";

const UNITS: Readonly<Record<string, number>> = {
  ...{ B: 1, KB: 1e3, MB: 1e6, GB: 1e9 },
  ...{ KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 },
};

/**
 * `5GB`, `512MiB` or `1000` as bytes.
 *
 * @param command Which takes it.
 * @param flag Whose value it is, such as `--max-shard`.
 * @throws {UsageError} If it is no size above 0.
 */
export function parseBytes(text: string, command: string, flag: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? [];
  const factor = UNITS[(unit || "B").toUpperCase()];
  const bytes = Number(number) * factor;
  if (bytes >= 1 && Number.isFinite(bytes)) return Math.floor(bytes);
  throw new UsageError({
    verb: command,
    found: `${flag} is ${quote(text)}`,
    expected: "a size such as 5GB or 512MiB",
  });
}

/** `1.2 GiB`: three digits, in the unit that fits. */
export function showBytes(bytes: number): string {
  const [unit, size] = bytes >= 2 ** 30
    ? ["GiB", 2 ** 30]
    : bytes >= 2 ** 20
    ? ["MiB", 2 ** 20]
    : bytes >= 2 ** 10
    ? ["KiB", 2 ** 10]
    : ["bytes", 1];
  const value = bytes / size;
  return `${value >= 100 || size === 1 ? Math.round(value) : Number(value.toPrecision(3))} ${unit}`;
}
