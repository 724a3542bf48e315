// File names by pattern: `*`, `?`, `[a-c]`, `{a,b}` within a name, `**` across folders. Matches come in name order.

import { regexPattern } from "../../core/text/tokenizer/text_pattern.ts";
import { Mistake } from "../../core/base/mistake.ts";

/** Most entries that a search looks at: a pattern over a whole disk is a mistake. */
const MOST_ENTRIES = 100_000;
const MOST_DEEP = 32;

/** Whether a path is a pattern. */
export function isGlob(path: string): boolean {
  return /[*?{[]/.test(path);
}

/**
 * Files that match a pattern, in name order. Names that begin with a dot match only patterns that do.
 *
 * @example
 * ```ts
 * import { globFiles } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * for (const name of ["b.jsonl", "a.jsonl", "a.txt"]) await Deno.writeTextFile(`${dir}/${name}`, "");
 * assertEquals(await globFiles(`${dir}/*.jsonl`), [`${dir}/a.jsonl`, `${dir}/b.jsonl`]);
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param pattern The pattern, with `/` between folders.
 * @returns Paths; none if nothing matches. Links to files count as files.
 * @throws {Mistake} If a bracket is not closed, or the search goes over 100000 entries.
 */
export async function globFiles(pattern: string): Promise<string[]> {
  const found = new Set<string>();
  const budget = { left: MOST_ENTRIES };
  for (const plain of expandBraces(pattern, pattern)) {
    const isAbsolute = plain.startsWith("/");
    const parts = plain.split("/").filter((part) => part !== "");
    await search(isAbsolute ? "/" : "", parts, pattern, budget, 0, found);
  }
  return [...found].sort();
}

async function search(
  folder: string,
  parts: readonly string[],
  pattern: string,
  budget: { left: number },
  depth: number,
  found: Set<string>,
): Promise<void> {
  const [part, ...rest] = parts;
  const isLast = rest.length === 0;
  if (part === "**") {
    await search(folder, isLast ? ["*"] : rest, pattern, budget, depth, found);
    if (depth >= MOST_DEEP) return;
    for (const { name, isDirectory } of await entriesOf(folder, pattern, budget)) {
      if (!isDirectory || name.startsWith(".")) continue; // links to folders could be circles
      await search(`${folder}${name}/`, parts, pattern, budget, depth + 1, found);
    }
    return;
  }
  if (!isGlob(part)) {
    const path = `${folder}${part}`;
    if (isLast) await addFile(path, found);
    else await search(`${path}/`, rest, pattern, budget, depth, found);
    return;
  }
  const matches = segmentPattern(part, pattern);
  for (const { name } of await entriesOf(folder, pattern, budget)) {
    if (!matches(name) || name.startsWith(".") && !part.startsWith(".")) continue;
    if (isLast) await addFile(`${folder}${name}`, found);
    else await search(`${folder}${name}/`, rest, pattern, budget, depth, found);
  }
}

async function entriesOf(
  folder: string,
  pattern: string,
  budget: { left: number },
): Promise<Deno.DirEntry[]> {
  const entries: Deno.DirEntry[] = [];
  try {
    for await (const entry of Deno.readDir(folder || ".")) {
      if (--budget.left < 0) {
        throw new Mistake("file", {
          verb: "find",
          thing: pattern,
          found: `it looks at over ${MOST_ENTRIES} entries`,
          expected: "a narrower pattern",
        });
      }
      entries.push(entry);
    }
  } catch (error) {
    const isNone = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.PermissionDenied;
    if (!isNone) throw error;
  }
  return entries;
}

async function addFile(path: string, found: Set<string>): Promise<void> {
  try {
    if ((await Deno.stat(path)).isFile) found.add(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
  }
}

/** `a{b,c}` as `ab` and `ac`; braces do not nest. */
function expandBraces(text: string, pattern: string): string[] {
  const open = braceAt(text);
  if (open < 0) return [text];
  const close = text.indexOf("}", open);
  if (close < 0) throw unclosed("{", pattern);
  const rest = expandBraces(text.slice(close + 1), pattern);
  const choices = text.slice(open + 1, close).split(",");
  if (choices.length * rest.length > 1000) {
    throw new Mistake("file", {
      verb: "find",
      thing: pattern,
      found: "its braces make over 1000 patterns",
      expected: "fewer",
    });
  }
  return choices.flatMap((choice) => rest.map((end) => text.slice(0, open) + choice + end));
}

/** The first brace that is none of the characters of a `[…]`; −1 if there is none. */
function braceAt(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "{") return i;
    if (text[i] === "[") i = Math.max(i, text.indexOf("]", i + 2));
  }
  return -1;
}

function segmentPattern(part: string, pattern: string): (name: string) => boolean {
  let source = "";
  for (let i = 0; i < part.length; i++) {
    const c = part[i];
    if (c === "*") source += source.endsWith("*") ? "" : "[^/]*";
    else if (c === "?") source += "[^/]";
    else if (c === "[") {
      const close = part.indexOf("]", i + 2);
      if (close < 0) throw unclosed("[", pattern);
      const inner = part.slice(i + 1, close).replace(/[\\\]^[]/g, "\\$&").replace(/^(!|\\\^)/, "^");
      source += `[${inner}]`;
      i = close;
    } else source += c.replace(/[.+^${}()|\\\]]/g, "\\$&");
  }
  const whole = regexPattern(`^(?:${source})$`);
  return (name) => whole.matches(name).length > 0;
}

function unclosed(bracket: string, pattern: string): Mistake {
  return new Mistake("file", {
    verb: "find",
    thing: pattern,
    found: `it has a "${bracket}" that is not closed`,
  });
}
