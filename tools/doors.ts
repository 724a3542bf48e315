// deno-lint-ignore-file no-console -- a command prints
/**
 * Checks the house: which room may import which, no import cycles, no Deno and no Node where a
 * browser must come, floors within rooms, a mirror test for every source file, no full folder, no source over 300 lines.
 */
import { type Edge, importGraph } from "./graph.ts";
import { isTypesOnly, lineCount, type SourceFile, sourceFiles, withoutComments } from "./source.ts";

/** What each room may import besides itself; `mod.ts` is the room of that one file. */
const DOORS: Record<string, readonly string[]> = {
  backend: [],
  losses: [],
  core: ["backend", "losses"],
  scheduler: ["core", "backend", "losses"],
  training: ["scheduler", "core", "backend", "losses"],
  "mod.ts": ["losses", "backend", "core", "scheduler", "training"],
  files: ["training", "scheduler", "core", "backend"],
  stories: ["mod.ts", "training", "scheduler", "core", "losses", "backend"],
  cli: [
    ...["mod.ts", "losses", "backend", "core", "scheduler", "training"],
    ...["files", "stories", "examples"],
  ],
  examples: [
    ...["mod.ts", "losses", "backend", "core", "scheduler", "training", "files", "stories"],
  ],
  bench: ["mod.ts", "losses", "backend", "core", "scheduler", "training", "files", "stories"],
  tests: ["*"],
  tools: ["*"],
};

/**
 * Rooms on floors: a room imports only those named before it in its list, besides itself and files that lie in the
 * house's hall (directly in the folder), which import any. No room imports a file of the hall.
 */
const FLOORS: Record<string, readonly string[]> = {
  core: [
    ...["base", "text/template", "text/tokenizer", "text/rows", "lora", "batch", "ops", "optim"],
    ...["annotator", "judge", "eval", "model", "policy", "formats", "train"],
  ],
  cli: [
    ...["terminal", "flags", "folder", "policy", "judge", "data", "train", "sft", "inspect"],
    ...["compare", "commands"],
  ],
};

/** The rooms whose source files have mirrors in tests/. */
const MIRRORED = [
  ...["backend", "losses", "core", "files", "scheduler", "training", "stories", "cli"],
];
/** The rooms that also run in a browser. */
const BROWSER = ["backend", "losses", "core", "scheduler", "training", "mod.ts"];
/** The rooms that users get: no folder of theirs holds more than {@linkcode MOST_FILES} files. */
const PRODUCT = [...MIRRORED, "examples"];
const MOST_FILES = 25;
/** What stands in for packages of JSR: an import of it is an import of the package. */
const STAND_INS = "tools/std/";
const MOST_LINES = 300;
const MOST_TEST_LINES = 400;

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

/** Imports that run back up the stairs of a room with floors. */
export function backUp(edges: Edge[]): string[] {
  const errors = new Set<string>();
  for (const { from, to } of edges) {
    const room = roomOf(from);
    const floors = FLOORS[room];
    if (floors === undefined || roomOf(to) !== room) continue;
    const [start, end] = [floorOf(from, floors), floorOf(to, floors)];
    if (start === undefined || start === -1) continue; // the hall; an unknown floor is told of below
    if (end === -1) errors.add(`${from}: imports ${to} of the hall, expected a floor below`);
    else if (end !== undefined && end > start) {
      errors.add(
        `${from}: imports ${to}, which is above it; the floors of ${room} are ${floors.join(", ")}`,
      );
    }
  }
  return [...errors];
}

/** Folders of rooms with floors that are on none of them. */
export function unknownFloors(files: SourceFile[]): string[] {
  const errors = new Set<string>();
  for (const { path } of files) {
    const floors = FLOORS[roomOf(path)];
    if (floors === undefined || floorOf(path, floors) !== undefined) continue;
    errors.add(`${path}: is on no floor of ${roomOf(path)}; give it one in tools/doors.ts`);
  }
  return [...errors];
}

/** Index of a file's floor; −1 in the hall; undefined where the floors do not name its folder. */
function floorOf(path: string, floors: readonly string[]): number | undefined {
  const inside = path.slice(path.indexOf("/") + 1);
  if (!inside.includes("/")) return -1;
  const at = floors.findIndex((floor) => inside.startsWith(`${floor}/`));
  return at < 0 ? undefined : at;
}

/** Folders of the product that hold too many files. */
export function fullFolders(files: SourceFile[]): string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    if (!PRODUCT.includes(roomOf(path))) continue;
    const folder = path.slice(0, path.lastIndexOf("/"));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > MOST_FILES).map(([folder, count]) =>
    `${folder}: holds ${count} files, expected at most ${MOST_FILES}; make rooms of it`
  );
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
    if (!BROWSER.includes(roomOf(path))) continue;
    for (const [i, line] of withoutComments(keepLines(text)).split("\n").entries()) {
      const found = /\bDeno\s*\??\.|["']node:|["']@std\/(?!csv)/.exec(line)?.[0];
      if (found === undefined) continue;
      errors.push(
        `${path}:${i + 1}: says ${found.trim()} and must run in a browser; files may`,
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

/** Tests, and scripts that make their fixtures, may be longer than sources. */
function mostLines(path: string): number {
  const isTest = roomOf(path) === "tests" || path.startsWith("tools/fixtures/");
  return isTest ? MOST_TEST_LINES : MOST_LINES;
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
    const lines = lineCount(text), most = mostLines(path);
    if (lines > most && !reasons.delete(path)) {
      errors.push(
        `${path}: has ${lines} lines, expected at most ${most}; ` +
          `split it or give the reason in ARCHITECTURE.md`,
      );
    }
  }
  for (const path of reasons) {
    errors.push(
      `ARCHITECTURE.md: gives a reason for ${path}, which is not over ${mostLines(path)} lines`,
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
    ...backUp(edges),
    ...unknownFloors(files),
    ...fullFolders(files),
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
