// Which linear layers carry an adapter, by PEFT's rules: a list entry is a module's whole name or its ending after a
// dot, a string is a pattern for the whole name, and "all-linear" is every layer.
import { nearest } from "../base/nearest.ts";
import { quote } from "../base/quote.ts";
import type { LinearShape } from "./adapter.ts";
import { Mistake } from "../base/mistake.ts";

/** A choice of modules: names or endings of names, a pattern for whole names, or "all-linear". */
export type ModuleTarget = string | readonly string[] | RegExp;

/** What narrows a choice of modules. */
export interface SelectOptions {
  /** Modules to leave out, chosen in the same way. */
  readonly exclude?: ModuleTarget;
  /** Numbers of the blocks to adapt, of those that a list chooses; default all. */
  readonly layersToTransform?: readonly number[];
  /** Names before a block's number, e.g. `layers` or `h`; default any. */
  readonly layersPattern?: readonly string[];
}

const ALL = "all-linear";

/**
 * The layers that a choice of modules means, in the order of the model.
 *
 * @example
 * ```ts
 * import { Mistake, selectModules } from "@leash/bpo/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 * const layers = ["self_attn.q_proj", "self_attn.v_proj", "mlp.up_proj"].map((name) => {
 *   return { name: `model.layers.0.${name}`, inDim: 8, outDim: 8 };
 * });
 * assertEquals(selectModules(layers, ["q_proj", "v_proj"]), layers.slice(0, 2));
 * assertEquals(selectModules(layers, ".*attn\\..*", { exclude: ["q_proj"] }), [layers[1]]);
 * assertThrows(() => selectModules(layers, ["up_prj"]), Mistake, "as up_proj, q_proj, v_proj");
 * ```
 *
 * @param layers All linear layers that can be adapted; the output head is not one of them.
 * @param target Names, a pattern for the whole name (a string is read as Python's `re.fullmatch` does), or
 * `all-linear`. Run patterns only from people you trust: one can take for ever.
 * @param options `exclude`; `layersToTransform` and `layersPattern` for a list.
 * @throws {Mistake} If a name or the whole choice matches no layer, with the nearest names; if a string is no
 * pattern; or if `layersToTransform` comes with a pattern, as PEFT refuses too.
 */
export function selectModules(
  layers: readonly LinearShape[],
  target: ModuleTarget,
  options: SelectOptions = {},
): LinearShape[] {
  if (isList(target)) {
    for (const entry of target) {
      if (layers.some(({ name }) => endsIn(name, entry))) continue;
      throw new Mistake("usage", {
        verb: "select",
        thing: "modules",
        found: `${quote(entry)} matches none of ${layers.length} linear layers`,
        expected: `a module name as ${nearestModules(layers, entry).join(", ")}`,
      });
    }
  }
  const chosen = layers.filter(moduleFilter(target, options));
  if (chosen.length > 0) return chosen;
  throw new Mistake("usage", {
    verb: "select",
    thing: "modules",
    found:
      `${showTarget(target)}${
        options.exclude === undefined && !options.layersToTransform ? "" : " with what is left out"
      } ` + `matches none of ${layers.length} linear layers`,
    expected: "names as " +
      `${nearestModules(layers, isList(target) ? "" : String(target), true).join(", ")}${
        isList(target) ? "" : ". A pattern must match the whole name"
      }`,
  });
}

/**
 * Whether a layer is chosen; nothing is checked against a model.
 *
 * @throws {Mistake} If a string is no pattern, or `layersToTransform` comes with a pattern.
 */
export function moduleFilter(
  target: ModuleTarget,
  options: SelectOptions = {},
): (layer: { readonly name: string }) => boolean {
  const { exclude, layersToTransform, layersPattern } = options;
  const matches = matcher(target);
  const excluded = exclude === undefined ? () => false : matcher(exclude);
  if (!layersToTransform) return ({ name }) => matches(name) && !excluded(name);
  if (!isList(target)) {
    throw new Mistake("usage", {
      verb: "select",
      thing: "modules",
      found: `layers_to_transform is there with ${showTarget(target)}`,
      expected: "a list of names",
      fix: "Put the layers' numbers into the pattern",
    });
  }
  const before = (layersPattern ?? []).length > 0
    ? `(?:^|.*?\\.)(?:${layersPattern!.join("|")})`
    : ".*?\\.[^.]*";
  const numbered = compile(`${before}\\.(\\d+)\\..*`);
  return ({ name }) => {
    if (!matches(name) || excluded(name)) return false;
    if (target.includes(name)) return true; // a whole name is meant as it stands
    const number = name.match(numbered)?.[1];
    return number !== undefined && layersToTransform.includes(Number(number));
  };
}

/**
 * The shortest list that chooses exactly these modules in a model: last parts of their names where that is exact,
 * else whole names.
 *
 * @param layers All linear layers of the model.
 * @param chosen Names of the adapted ones.
 */
export function targetNames(layers: readonly LinearShape[], chosen: readonly string[]): string[] {
  const short = [...new Set(chosen.map(lastPart))];
  const adapted = new Set(chosen);
  const meant = matcher(short);
  const exact = layers.every(({ name }) => adapted.has(name) || !meant(name));
  return exact ? short : [...chosen];
}

/** Up to three modules that are named most like `text`: last parts of names, or whole names. */
export function nearestModules(
  layers: readonly LinearShape[],
  text: string,
  whole: boolean = text.includes("."),
): string[] {
  const names = new Set(layers.map(({ name }) => whole ? name : lastPart(name)));
  const found = [...names].filter((name) => text !== "" && name.includes(text)).slice(0, 3);
  for (const name of found) names.delete(name);
  while (found.length < 3 && names.size > 0) {
    found.push(nearest(text.slice(0, 200), [...names]));
    names.delete(found[found.length - 1]);
  }
  return found;
}

function isList(target: ModuleTarget): target is readonly string[] {
  return Array.isArray(target);
}

function matcher(target: ModuleTarget): (name: string) => boolean {
  if (isList(target)) {
    const entries = new Set(target);
    return (name) => endings(name).some((ending) => entries.has(ending));
  }
  if (target instanceof RegExp) {
    const { source, flags } = target;
    const whole = new RegExp(`^(?:${source})$`, flags.replace(/[gy]/g, ""));
    return (name) => whole.test(name);
  }
  if (target.toLowerCase() === ALL) return () => true;
  const pattern = compile(target);
  return (name) => pattern.test(name);
}

/** A Python pattern that must match the whole of a name. */
function compile(python: string): RegExp {
  const flags = python.match(/^\(\?([is]+)\)/)?.[1] ?? "";
  const source = python.slice(flags ? flags.length + 3 : 0)
    .replace(/\(\?P</g, "(?<").replace(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replace(/\\[\s\S]/g, (escape) => escape === "\\A" ? "^" : escape === "\\Z" ? "$" : escape);
  try {
    return new RegExp(`^(?:${source})$`, flags);
  } catch (cause) {
    throw new Mistake("usage", {
      verb: "select",
      thing: "modules",
      found: `${quote(python)} is no pattern`,
      expected: "a regular expression for whole module names, or a list of names",
    }, { cause });
  }
}

function showTarget(target: ModuleTarget): string {
  if (isList(target)) return `[${target.map(quote).join(", ")}]`;
  return target instanceof RegExp ? `the pattern ${target}` : `the pattern ${quote(target)}`;
}

function endsIn(name: string, entry: string): boolean {
  return name === entry || name.endsWith(`.${entry}`);
}

/** The name, and what follows each of its dots. */
function endings(name: string): string[] {
  const parts = name.split(".");
  return parts.map((_, i) => parts.slice(i).join("."));
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
