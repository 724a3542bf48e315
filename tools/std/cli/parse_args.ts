/**
 * Command-line flags in the manner of minimist, traps included: `--beta -1` is an empty `beta` and a
 * flag `1`, what looks like a number becomes one unless its flag is a `string`, a repeated flag keeps
 * its last value unless it is collected, and unknown flags pass in silence unless `unknown` objects.
 */
import type { Aliases, Args, BooleanType, Collectable, Negatable } from "./types.ts";
import type { ParseOptions, StringType, Values } from "./types.ts";

export type { Aliases, Args, BooleanType, Collectable, Negatable } from "./types.ts";
export type { ParseOptions, StringType, Values } from "./types.ts";

type Tree = Record<string, unknown>;

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function isBooleanWord(text: string): boolean {
  return text === "true" || text === "false";
}

function listed(names: unknown): string[] {
  return [names].flat().filter((name): name is string => typeof name === "string" && name !== "");
}

/** Sets `a.b.c` in a tree; a collected leaf grows into an array. */
function plant(
  tree: Tree,
  path: string,
  value: unknown,
  collect = false,
): void {
  const keys = path.split(".");
  const leaf = keys.pop()!;
  for (const key of keys) tree = (tree[key] ??= {}) as Tree;
  const old = tree[leaf];
  if (collect && Array.isArray(old)) old.push(value);
  else if (collect) tree[leaf] = old ? [old, value] : [value];
  else tree[leaf] = value;
}

function isPlanted(tree: Tree, path: string): boolean {
  for (const key of path.split(".")) {
    if (!Object.hasOwn(tree, key)) return false;
    tree = tree[key] as Tree;
  }
  return true;
}

/** What the options say of each name, aliases resolved once. */
class Flags {
  readonly aliases = new Map<string, Set<string>>();
  readonly booleans: Set<string>;
  readonly strings: Set<string>;
  readonly collected: Set<string>;
  readonly negatable: Set<string>;
  readonly allBooleans: boolean;

  constructor(options: ParseOptions) {
    for (const [name, value] of Object.entries(options.alias ?? {})) {
      if (value === undefined) {
        throw new TypeError("Alias value must be defined");
      }
      const group = [name, ...listed(value)];
      for (const one of group) {
        this.aliases.set(
          one,
          new Set(group.filter((n) => n !== one)),
        );
      }
    }
    this.allBooleans = options.boolean === true;
    this.booleans = this.#named(options.boolean);
    this.strings = this.#named(options.string);
    this.collected = this.#named(options.collect);
    this.negatable = this.#named(options.negatable);
  }

  #named(names: unknown): Set<string> {
    return new Set(
      listed(names).flatMap((name) => [name, ...this.namesakes(name)]),
    );
  }

  namesakes(name: string): string[] {
    return [...this.aliases.get(name) ?? []];
  }

  isBoolean(name: string): boolean {
    return this.booleans.has(name) ||
      this.namesakes(name).some((n) => this.booleans.has(n));
  }

  isKnown(name: string): boolean {
    return this.booleans.has(name) || this.strings.has(name) ||
      this.aliases.has(name);
  }

  /** The value of a flag that stands alone. */
  alone(name: string): string | boolean {
    return this.strings.has(name) ? "" : true;
  }
}

type Store = (
  name: string,
  value: string | boolean,
  arg: string,
  collect?: boolean,
) => void;

/** Reads `--name…`; returns how many further arguments it used. */
function readLong(
  flags: Flags,
  arg: string,
  next: string | undefined,
  set: Store,
): 0 | 1 {
  const [, no, body, value] = arg.match(/^--(no-)?(.+?)(?:=(.+?))?$/s)!;
  if (value) {
    set(body, flags.booleans.has(body) ? value !== "false" : value, arg);
    return 0;
  }
  if (no && flags.negatable.has(body)) {
    set(body, false, arg, false);
    return 0;
  }
  const name = no ? `no-${body}` : body;
  if (
    next && !flags.allBooleans && !flags.isBoolean(name) &&
    !next.startsWith("-")
  ) {
    set(name, next, arg);
    return 1;
  }
  if (next && isBooleanWord(next)) {
    set(name, next === "true", arg);
    return 1;
  }
  set(name, flags.alone(name), arg);
  return 0;
}

/** Reads `-abc…`: letters, the last of which may have a value; returns how many arguments it used. */
function readShort(
  flags: Flags,
  arg: string,
  next: string | undefined,
  set: Store,
): 0 | 1 {
  const letters = arg.slice(1, -1).split("");
  for (const [j, letter] of letters.entries()) {
    const rest = arg.slice(j + 2);
    if (rest === "-") {
      set(letter, rest, arg);
      continue;
    }
    if (/[A-Za-z]/.test(letter)) {
      const value = /=(.+)/.exec(rest)?.[1] ??
        (/-?\d+(\.\d*)?(e-?\d+)?$/.test(rest) ? rest : undefined);
      if (value !== undefined) {
        set(letter, value, arg);
        return 0;
      }
    }
    if (/\W/.test(letters[j + 1] ?? "_")) {
      set(letter, rest, arg);
      return 0;
    }
    set(letter, flags.alone(letter), arg);
  }
  const name = arg.slice(-1);
  if (name === "-") return 0;
  if (next && !/^--?[^-]/.test(next) && !flags.isBoolean(name)) {
    set(name, next, arg);
    return 1;
  }
  if (next && isBooleanWord(next)) {
    set(name, next === "true", arg);
    return 1;
  }
  set(name, flags.alone(name), arg);
  return 0;
}

/** Gives every flag that was not given its default: the caller's, else false or an empty array. */
function fill(flags: Flags, tree: Tree, defaults: Tree): void {
  for (const [name, value] of Object.entries(defaults)) {
    if (isPlanted(tree, name)) continue;
    for (const one of [name, ...flags.namesakes(name)]) plant(tree, one, value);
  }
  for (const name of flags.booleans) {
    if (!isPlanted(tree, name)) {
      plant(tree, name, flags.collected.has(name) ? [] : false);
    }
  }
  for (const name of flags.strings) {
    if (!isPlanted(tree, name) && flags.collected.has(name)) {
      plant(tree, name, []);
    }
  }
}

/**
 * Reads an argument vector into flags and the rest.
 *
 * @param args The arguments, mostly `Deno.args`.
 * @param options Which flags there are, and of what kind.
 * @throws {TypeError} If an alias is undefined.
 */
export function parseArgs<
  TArgs extends Values<
    TBooleans,
    TStrings,
    TCollectable,
    TNegatable,
    TDefaults,
    TAliases
  >,
  TDoubleDash extends boolean | undefined = undefined,
  TBooleans extends BooleanType = undefined,
  TStrings extends StringType = undefined,
  TCollectable extends Collectable = undefined,
  TNegatable extends Negatable = undefined,
  TDefaults extends Record<string, unknown> | undefined = undefined,
  TAliases extends Aliases<TAliasArgNames, TAliasNames> | undefined = undefined,
  TAliasArgNames extends string = string,
  TAliasNames extends string = string,
>(
  args: string[],
  options?: ParseOptions<
    TBooleans,
    TStrings,
    TCollectable,
    TNegatable,
    TDefaults,
    TAliases,
    TDoubleDash
  >,
): Args<TArgs, TDoubleDash> {
  const given = (options ?? {}) as ParseOptions;
  const flags = new Flags(given);
  const rest: (string | number)[] = [];
  const tree: Tree = { _: rest };
  const set: Store = (name, value, arg, collect = true) => {
    const isKnown = flags.isKnown(name) ||
      flags.allBooleans && /^--[^=]+$/.test(arg);
    if (!isKnown && given.unknown?.(arg, name, value) === false) return;
    const stored = typeof value === "string" && !flags.strings.has(name) && isNumber(value)
      ? Number(value)
      : value;
    const grows = collect && flags.collected.has(name);
    for (const one of [name, ...flags.namesakes(name)]) {
      plant(tree, one, stored, grows);
    }
  };

  const dashes = args.indexOf("--");
  const parsed = dashes < 0 ? args : args.slice(0, dashes);
  const unparsed = dashes < 0 ? [] : args.slice(dashes + 1);
  for (let i = 0; i < parsed.length; i++) {
    const arg = parsed[i];
    if (/^--./s.test(arg)) i += readLong(flags, arg, parsed[i + 1], set);
    else if (/^-./s.test(arg)) i += readShort(flags, arg, parsed[i + 1], set);
    else {
      if (given.unknown?.(arg) !== false) {
        rest.push(flags.strings.has("_") || !isNumber(arg) ? arg : Number(arg));
      }
      if (given.stopEarly) {
        rest.push(...parsed.slice(i + 1));
        break;
      }
    }
  }
  fill(flags, tree, (given.default ?? {}) as Tree);
  if (given["--"]) tree["--"] = unparsed;
  else rest.push(...unparsed);
  return tree as Args<TArgs, TDoubleDash>;
}
