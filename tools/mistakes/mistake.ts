/** A planted mistake in TypeScript: what it changes, where that stands now, and what the tests said of it. */
import type { SourceFile } from "../source.ts";

/**
 * One mistake, by the name of a top-level declaration and a piece of its text: it survives a move to another file, and
 * no longer applies where the text has changed.
 */
export interface Mistake {
  /** Function, class or constant at the top level of a file of the product. */
  readonly symbol: string;
  /** Text in the declaration, once; white space may be wrapped otherwise. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
  /** A test file that must see it, where it is not the mirror or beside it. */
  readonly seenBy?: string;
}

/** A row of a list: symbol, what stands there, what is planted, and sometimes who must see it. */
export type MistakeRow = readonly [symbol: string, from: string, to: string, seenBy?: string];

/** Where a mistake goes. */
export interface PlacedMistake extends Mistake {
  /** The file, relative to the repository. */
  readonly path: string;
  /** The file's text with the mistake in it. */
  readonly text: string;
}

/** Rows as mistakes. */
export function mistakesOf(rows: readonly MistakeRow[]): Mistake[] {
  return rows.map(([symbol, from, to, seenBy]) => ({
    ...{ symbol, from, to },
    ...(seenBy === undefined ? {} : { seenBy }),
  }));
}

/** A mistake in one line, for people. */
export function describe({ symbol, from, to }: Mistake): string {
  const inOneLine = (text: string) => text.replace(/\s+/g, " ").trim();
  return `${symbol}: ${inOneLine(from)} → ${inOneLine(to) || "(nothing)"}`;
}

const DECLARATION =
  /^(?:export )?(?:default )?(?:abstract |async )*(?:function\*?|class|const|let)\s+([\w$]+)/;
const BEGINS_SOMETHING =
  /^(?:export|import|async|abstract|function|class|const|let|interface|type|enum)\b/;

/** The text of each top-level declaration: where it begins and ends in the file. */
export function declarations(text: string): Map<string, readonly [begin: number, end: number]> {
  const found = new Map<string, readonly [number, number]>();
  let at = 0, open: { name: string; begin: number } | undefined;
  const close = (end: number) => {
    if (open !== undefined) found.set(open.name, [open.begin, end]);
    open = undefined;
  };
  for (const line of text.split("\n")) {
    if (BEGINS_SOMETHING.test(line)) close(at);
    const name = DECLARATION.exec(line)?.[1];
    if (name !== undefined) open = { name, begin: at };
    at += line.length + 1;
  }
  close(text.length);
  return found;
}

/**
 * Finds where a mistake goes.
 *
 * @param mistake What to plant.
 * @param files The product's files.
 * @returns The place, or why there is none: a mistake that no longer applies is an error of its list.
 */
export function place(mistake: Mistake, files: readonly SourceFile[]): PlacedMistake | string {
  const pattern = new RegExp(
    mistake.from.trim().split(/\s+/).map((word) => RegExp.escape(word)).join("\\s+"),
    "g",
  );
  const places: PlacedMistake[] = [];
  let declared = false, most = 0;
  for (const { path, text } of files) {
    const span = declarations(text).get(mistake.symbol);
    if (span === undefined) continue;
    declared = true;
    const body = text.slice(...span);
    const hits = [...body.matchAll(pattern)];
    most = Math.max(most, hits.length);
    if (hits.length !== 1) continue;
    const begin = span[0] + hits[0].index, end = begin + hits[0][0].length;
    places.push({ ...mistake, path, text: text.slice(0, begin) + mistake.to + text.slice(end) });
  }
  if (places.length === 1 && most === 1) return places[0];
  const why = !declared
    ? "nothing of that name is declared"
    : places.length > 1
    ? `it applies in ${places.map(({ path }) => path).join(" and ")}`
    : `its text stands there ${most} times, expected once`;
  return `${describe(mistake)}: no longer applies, ${why}`;
}

/** What the tests said; hung: they did not end, which is seen too. */
export type MistakeOutcome = "caught" | "hung" | "survived" | "broken";

/** Ends the output of tests that were stopped because they did not end. */
export const HUNG = "\nstopped: the tests did not end\n";

/** What the output of a test run says: a mistake that keeps a file from being parsed says nothing about the tests. */
export function outcomeOf(output: string): MistakeOutcome {
  if (/could not be parsed|SyntaxError: (?:Unexpected|Invalid|Missing)/.test(output)) {
    return "broken";
  }
  if (output.endsWith(HUNG)) return "hung";
  const summary = [...output.matchAll(/^(ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm)].at(-1);
  if (summary === undefined) return "broken";
  return summary[1] === "ok" ? "survived" : "caught";
}

/**
 * The tests that a mistake in a file is shown to, in order: its mirror first, then all beside it.
 *
 * @param path The file, relative to the repository.
 * @param tests Paths of all test files.
 * @param seenBy A test that comes first instead.
 */
export function testsFor(
  path: string,
  tests: readonly string[],
  seenBy?: string,
): string[][] {
  const mirror = `tests/${path.replace(/\.ts$/, "_test.ts")}`;
  const folder = mirror.slice(0, mirror.lastIndexOf("/") + 1);
  const beside = tests.filter((test) =>
    test.startsWith(folder) && !test.slice(folder.length).includes("/") &&
    !/_speed_test\.ts$/.test(test)
  );
  const first = [seenBy, mirror].filter((test) => test !== undefined && tests.includes(test));
  const rest = beside.filter((test) => !first.includes(test));
  return [...first.map((test) => [test!]), ...(rest.length > 0 ? [rest] : [])];
}

/** A share of a list, drawn by a seed; the same seed draws the same. */
export function sample<T>(list: readonly T[], share: number, seed: number): T[] {
  const keyed = list.map((item, i) => ({ item, i, key: scramble(seed * 0x9e3779b9 + i) }));
  const count = Math.ceil(share * list.length);
  return keyed.sort((a, b) => a.key - b.key).slice(0, count).sort((a, b) => a.i - b.i)
    .map(({ item }) => item);
}

function scramble(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
