// deno-lint-ignore-file no-console -- a command prints
/**
 * Finds exports of the product that no file but a test imports. What the entry points of deno.json export is the public
 * surface, and used by definition; a re-export elsewhere uses nothing by itself. What a test imports
 * and its own file uses is a part that is tested by itself; what nobody imports needs no `export`, unless it is a type
 * that another export of its file mentions.
 */
import { dirname, join } from "node:path/posix";
import { type SourceFile, sourceFiles, withoutComments } from "./source.ts";

/** Rooms of the product. */
const ROOMS = [
  ...["backend", "losses", "core", "scheduler", "training", "files", "stories", "cli"],
];
/** The formulas in f64 that tests hold the kernels to: nothing else needs them. */
const FORMULAS = "backend/reference/";

/** Where a name that a file exports comes from. */
interface Origin {
  /** The file that it is taken from; absent where it is declared here. */
  readonly from?: string;
  /** Its name there. */
  readonly name: string;
  /** Whether the rest of its file mentions it. */
  readonly isMentioned?: boolean;
  /** Whether it is a type. */
  readonly isType?: boolean;
}

/** A file's exports and imports. */
export interface FileNames {
  /** By the name that others import. */
  readonly exports: ReadonlyMap<string, Origin>;
  /** Files of which everything is passed on. */
  readonly stars: readonly string[];
  /** What it takes of other files; `*` is all. */
  readonly imports: readonly { readonly file: string; readonly name: string }[];
}

const DECLARED =
  /^export (?:declare )?(?:abstract )?(?:async )?(function\*?|class|const enum|enum|const|let|interface|type|namespace) ([\w$]+)/gm;
const LIST =
  /^(import|export)\s+(?:type\s+)?(?:[\w$]+\s*,\s*)?\{([^}]*)\}(?:\s*from\s*"([^"]+)")?/gm;
const STAR = /^export\s+(?:type\s+)?\*\s+from\s*"([^"]+)"/gm;
const WHOLE =
  /^import\s+\*\s+as\s+[\w$]+\s+from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"|new URL\(\s*"([^"]+\.tsx?)"/gm;

/**
 * Reads the names off a file's text.
 *
 * @param resolve The file that an import names; undefined for packages.
 */
export function namesOf(
  text: string,
  resolve: (specifier: string) => string | undefined,
): FileNames {
  const code = withoutComments(text);
  const exports = new Map<string, Origin>();
  const imports: { file: string; name: string }[] = [];
  for (const [, kind, name] of code.matchAll(DECLARED)) {
    const isType = kind === "interface" || kind === "type";
    const mentions = code.match(
      new RegExp(`(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`, "g"),
    );
    exports.set(name, { name, isType, isMentioned: mentions!.length > 1 });
  }
  for (const [, verb, list, specifier] of code.matchAll(LIST)) {
    const from = specifier === undefined ? undefined : resolve(specifier);
    if (specifier !== undefined && from === undefined) continue;
    for (const item of list.split(",").map((item) => item.trim()).filter((item) => item !== "")) {
      const [name, alias = name] = item.replace(/^type\s+/, "").split(/\s+as\s+/);
      if (verb === "export") exports.set(alias, { from, name });
      else if (from !== undefined) imports.push({ file: from, name });
    }
  }
  for (const [, ...specifiers] of code.matchAll(WHOLE)) {
    const file = resolve(specifiers.find((specifier) => specifier !== undefined)!);
    if (file !== undefined) imports.push({ file, name: "*" });
  }
  const stars = Array.from(code.matchAll(STAR), ([, specifier]) => resolve(specifier))
    .filter((file) => file !== undefined);
  return { exports, stars, imports };
}

/** An export that the product does without. */
export interface Unused {
  readonly path: string;
  readonly name: string;
  /** Whether a test imports it. */
  readonly isTested: boolean;
}

/**
 * The exports that nothing but tests imports.
 *
 * @param files All code of the repository.
 * @param entries Files of the public surface by what users import: `@leash/bpo/core` and so on.
 */
export function unusedExports(
  files: readonly SourceFile[],
  entries: ReadonlyMap<string, string>,
): Unused[] {
  const paths = new Set(files.map(({ path }) => path));
  const names = new Map<string, FileNames>();
  for (const { path, text } of files) {
    if (!/\.[jt]sx?$/.test(path)) continue;
    names.set(
      path,
      namesOf(text, (specifier) => {
        const file = specifier.startsWith(".")
          ? join(dirname(path), specifier)
          : entries.get(specifier);
        return file !== undefined && paths.has(file) ? file : undefined;
      }),
    );
  }
  const used = usedBy(names, (path) => !path.startsWith("tests/"), entries);
  const tested = usedBy(names, (path) => path.startsWith("tests/"), new Map());
  const unused: Unused[] = [];
  for (const [path, { exports }] of names) {
    if (!ROOMS.includes(path.split("/")[0]) || path.startsWith(FORMULAS)) continue;
    for (const [name, { isType, isMentioned }] of exports) {
      const key = `${path}:${name}`;
      const isPart = isMentioned && (isType || tested.has(key));
      if (!used.has(key) && !isPart) unused.push({ path, name, isTested: tested.has(key) });
    }
  }
  return unused;
}

/** `FILE:NAME` of all that some files take, through every file that passes it on. */
function usedBy(
  names: ReadonlyMap<string, FileNames>,
  isUser: (path: string) => boolean,
  entries: ReadonlyMap<string, string>,
): Set<string> {
  const used = new Set<string>();
  const take = (file: string, name: string): boolean => {
    const of = names.get(file);
    if (of === undefined) return false;
    if (name === "*") {
      for (const each of of.exports.keys()) take(file, each);
      for (const star of of.stars) take(star, "*");
      return true;
    }
    const origin = of.exports.get(name);
    if (origin === undefined) return of.stars.some((star) => take(star, name));
    used.add(`${file}:${name}`);
    if (origin.from !== undefined) take(origin.from, origin.name);
    return true;
  };
  for (const [path, { imports }] of names) {
    if (!isUser(path)) continue;
    for (const { file, name } of imports) if (file !== path) take(file, name);
  }
  for (const entry of entries.values()) take(entry, "*");
  return used;
}

/**
 * Checks a repository.
 *
 * @param root Its folder, absolute.
 */
export async function checkUnused(root: string): Promise<Unused[]> {
  const { name, exports } = JSON.parse(await Deno.readTextFile(`${root}/deno.json`)) as {
    name: string;
    exports: Record<string, string>;
  };
  const entries = Object.entries(exports).map(([key, path]) =>
    [join(name, key), join(path)] as const
  );
  return unusedExports(await sourceFiles(root), new Map(entries));
}

if (import.meta.main) {
  const unused = await checkUnused(Deno.cwd());
  for (const { path, name, isTested } of unused) {
    console.error(`${path}: ${name} is imported by ${isTested ? "tests alone" : "nobody"}`);
  }
  if (unused.length > 0) {
    console.error(`Cannot find a use of ${unused.length} exports, expected one of each`);
    Deno.exit(1);
  }
  console.log("Every export is used.");
}
