// deno-lint-ignore-file no-console -- a command prints
/**
 * Checks the house: which room may import which, no import cycles, no Deno and no Node where a
 * browser must come, a mirror test for every source file, no file over 400 lines without a reason.
 */
import { type Edge, importGraph } from "./graph.ts";
import { isTypesOnly, lineCount, type SourceFile, sourceFiles, withoutComments } from "./source.ts";

/** What each room may import besides itself; `mod.ts` is the room of that one file. */
const DOORS: Record<string, readonly string[]> = {
  backend: [],
  losses: [],
  core: ["backend", "losses"],
  scheduler: ["core", "backend", "losses"],
  "mod.ts": ["losses", "backend", "core", "scheduler"],
  stories: ["core", "losses", "scheduler", "backend", "mod.ts"],
  cli: ["mod.ts", "losses", "backend", "core", "scheduler", "stories", "examples"],
  examples: ["mod.ts", "losses", "backend", "core", "scheduler", "stories"],
  bench: ["mod.ts", "losses", "backend", "core", "scheduler", "stories"],
  tests: ["*"],
  tools: ["*"],
};

/** The rooms whose source files have mirrors in tests/. */
const MIRRORED = ["backend", "losses", "core", "scheduler", "stories", "cli"];
/** The rooms that also run in a browser. */
const BROWSER = ["backend", "losses", "core", "scheduler", "mod.ts"];
/** What is for Deno alone all the same. */
const DENO_ONLY = ["core/io/"];
/** What stands in for packages of JSR: an import of it is an import of the package. */
const STAND_INS = "tools/std/";
const MOST_LINES = 400;

function roomOf(path: string): string {
  return path.split("/")[0];
}

/** Imports that no door allows. */
export function closedDoors(edges: Edge[]): string[] {
  const errors: string[] = [];
  for (const { from, to } of edges) {
    if (to.startsWith(STAND_INS)) continue;
    const [room, other] = [roomOf(from), roomOf(to)];
    const doors = DOORS[room];
    if (doors === undefined) {
      errors.push(`${from}: ${room} is no room; give it its doors in tools/doors.ts`);
    } else if (room !== other && !doors.includes("*") && !doors.includes(other)) {
      const open = doors.length > 0 ? doors.join(", ") : "nothing of ours";
      errors.push(`${from}: imports ${to}, and ${room} may import ${open}`);
    }
  }
  return [...new Set(errors)];
}

/** Cycles of imports that are loaded at run time, each told once. */
export function cycles(edges: Edge[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, isTypeOnly, isDynamic } of edges) {
    if (isTypeOnly || isDynamic) continue;
    next.set(from, [...next.get(from) ?? [], to]);
  }
  const errors: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      errors.push(
        `${file}: imports itself through ${[...path.slice(start + 1), file].join(" → ")}`,
      );
      return;
    }
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of [...next.keys()].sort()) visit(file, []);
  return errors;
}

/** Names of Deno and Node where a browser must come. */
export function foreignNames(files: SourceFile[]): string[] {
  const errors: string[] = [];
  for (const { path, text } of files) {
    if (!BROWSER.includes(roomOf(path)) || DENO_ONLY.some((folder) => path.startsWith(folder))) {
      continue;
    }
    for (const [i, line] of withoutComments(keepLines(text)).split("\n").entries()) {
      const found = /\bDeno\s*\??\.|["']node:|["']@std\//.exec(line)?.[0];
      if (found === undefined) continue;
      errors.push(
        `${path}:${i + 1}: says ${found.trim()} and must run in a browser; only core/io may`,
      );
    }
  }
  return errors;
}

/** Block comments on one line each, so that line numbers survive their removal. */
function keepLines(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (block) => "\n".repeat(lineCount(block) - 1));
}

/** Source files that no test mirrors. */
export function missingMirrors(files: SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  const errors: string[] = [];
  for (const { path, text } of files) {
    if (!MIRRORED.includes(roomOf(path)) || !path.endsWith(".ts")) continue;
    if (path.endsWith("/mod.ts") || isTypesOnly(text)) continue;
    const mirror = `tests/${path.replace(/\.ts$/, "_test.ts")}`;
    if (!paths.has(mirror)) errors.push(`${path}: has no mirror test ${mirror}`);
  }
  return errors;
}

/**
 * Files that are too long, and reasons that are no longer needed.
 *
 * @param files The source files.
 * @param architecture ARCHITECTURE.md; a reason is a line "- `path` (N lines): reason".
 */
export function longFiles(files: SourceFile[], architecture: string): string[] {
  const reasons = new Set(
    [...architecture.matchAll(/^- `([^`]+)` \(\d+ lines\): \S.*$/gm)].map((match) => match[1]),
  );
  const errors: string[] = [];
  for (const { path, text } of files) {
    const lines = lineCount(text);
    if (lines > MOST_LINES && !reasons.delete(path)) {
      errors.push(
        `${path}: has ${lines} lines, expected at most ${MOST_LINES}; ` +
          `split it or give the reason in ARCHITECTURE.md`,
      );
    }
  }
  for (const path of reasons) {
    errors.push(
      `ARCHITECTURE.md: gives a reason for ${path}, which is not over ${MOST_LINES} lines`,
    );
  }
  return errors;
}

/**
 * Checks a repository.
 *
 * @param root Its folder, absolute.
 * @returns One line an error; none if the house is in order.
 */
export async function checkDoors(root: string): Promise<string[]> {
  const files = await sourceFiles(root);
  const modules = files.map((file) => file.path).filter((path) => /\.tsx?$/.test(path));
  const { edges, broken } = await importGraph(root, modules);
  const architecture = await Deno.readTextFile(`${root}/ARCHITECTURE.md`).catch(() => "");
  return [
    ...broken.map((sentence) => `${sentence}, which is not there`),
    ...closedDoors(edges),
    ...cycles(edges),
    ...foreignNames(files),
    ...missingMirrors(files),
    ...longFiles(files, architecture),
  ];
}

if (import.meta.main) {
  const errors = await checkDoors(Deno.cwd());
  for (const error of errors) console.error(error);
  if (errors.length > 0) {
    console.error(`Cannot pass the doors: ${errors.length} errors, expected none`);
    Deno.exit(1);
  }
  console.log("The doors hold.");
}
