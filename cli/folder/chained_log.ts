// A log whose every line carries the SHA-256 of itself and all lines before it: cut after any line it is whole, and one
// changed byte is found by the line that it stands in.
import { type JsonlAppender, openJsonl } from "../../files/mod.ts";
import { exactParse, exactStringify } from "../../core/base/exact_json.ts";
import { isObject } from "../../core/base/quote.ts";
import { createHash } from "node:crypto";
import { UsageError } from "../terminal/mistake.ts";

/** An open log. Dispose it to close the file. */
export interface ChainedLog extends Disposable {
  /** Appends a line. */
  append(value: object): void;
  /** Makes every line so far durable. */
  sync(): Promise<void>;
}

type Line = Readonly<Record<string, unknown>>;

const linked = (chain: string, value: object): string =>
  createHash("sha256").update(`${chain}\n${exactStringify(value)}`).digest("hex");

/**
 * Reads the lines of a log without their hashes. A torn last line is cut off first.
 *
 * @throws {UsageError} If a line was changed; names it.
 */
export async function readChained(path: string): Promise<Line[]> {
  (await openJsonl(path)).close();
  const lines = (await Deno.readTextFile(path)).split("\n").slice(0, -1);
  let before = "";
  return lines.map((text, i) => {
    const { chain, ...value } = lineOf(text);
    if (chain === linked(before, value) && exactStringify({ ...value, chain }) === text) {
      before = chain;
      return value;
    }
    throw new UsageError({
      verb: "go on with",
      thing: path,
      found: `line ${i + 1} or its hash was changed since it was written`,
      expected: "it as it was",
      fix: "Cut the file before that line to go on from there, or start anew with another --out",
    });
  });
}

function lineOf(text: string): Line {
  try {
    const value = exactParse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Opens a log for appending; its lines are whole, as `readChained` checks. */
export async function openChained(path: string): Promise<ChainedLog> {
  const log: JsonlAppender = await openJsonl(path);
  try {
    const lines = (await Deno.readTextFile(path)).split("\n").slice(0, -1);
    let { chain: before = "" } = lines.length === 0 ? {} : lineOf(lines[lines.length - 1]);
    return {
      append(value) {
        const chain = linked(String(before), value);
        log.append({ ...value, chain });
        before = chain;
      },
      sync: () => log.sync(),
      [Symbol.dispose]: () => log.close(),
    };
  } catch (error) {
    log.close();
    throw error;
  }
}
