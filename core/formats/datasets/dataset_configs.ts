// The configs of a dataset, as `datasets` knows them: declared in the header of its README.md, or a folder each, as
// `push_to_hub` writes them. Rows of two configs are two datasets: they are never read as one.
import { CORE_SCHEMA, load, YAMLException } from "js-yaml";
import { matchesAny } from "../wildcards.ts";
import { bare, isObject, quote, show } from "../../base/quote.ts";
import { splitMeant, splitOf } from "./split_names.ts";
import { cannotRead, Mistake } from "../../base/mistake.ts";

/** A split of a config. */
export interface ConfigSplit {
  readonly split: string;
  /** Its files, or patterns of them, by their names in the config's folder. */
  readonly patterns: readonly string[];
}

/** A config. */
export interface DatasetConfig {
  readonly name: string;
  /** Whether it is read where none is named. */
  readonly isDefault: boolean;
  /** Where its files are, "" or a path that ends in a slash. */
  readonly folder: string;
  /** None: the names of the files in the folder say which split they are of. */
  readonly splits: readonly ConfigSplit[];
}

/** Longest header that is parsed. The worst that was found, a mapping of keys, takes 0.6 s and 110 MiB. */
const MOST_CHARACTERS = 2 ** 20;
/** Most aliases in it: each may stand for a list of all its other texts. */
const MOST_ALIASES = 20;
/** Longest patterns of a split together; each is tried on every name. */
const MOST_PATTERN_CHARACTERS = 2 ** 14;
/** Most names in a message. */
const MOST_LISTED = 12;
/** A file that `push_to_hub` wrote into the folder of its config. */
const SHARD = /^([^/]+)\/([\w.]+?)-\d{5}-of-\d{5}(-[0-9a-f]+)?\.parquet$/;
/** What to do about a README.md that cannot be read. */
const FIX = "Mend it, or name the files themselves, by a pattern";

/**
 * Configs that lie in folders: `en/train-00000-of-00002.parquet`. None where no two folders have the same split: then
 * they are one dataset's. `datasets.load_dataset` reads folders of the same split as one where no README.md declares
 * them; here one has to be named, since rows of two languages or tasks that are mixed unawares are worse than a question.
 *
 * @param names Names of all data files in the dataset's folder.
 */
export function folderConfigs(names: readonly string[]): DatasetConfig[] {
  const shards = names.flatMap((name) => {
    const [, folder, split] = SHARD.exec(name) ?? [];
    return folder === undefined ? [] : [{ name, folder, split }];
  });
  const configs = [...Map.groupBy(shards, ({ folder }) => folder)].map(([name, of]) => ({
    name,
    isDefault: name === "default",
    folder: `${name}/`,
    splits: [...Map.groupBy(of, ({ split }) => split)]
      .map(([split, these]) => ({
        split,
        patterns: these.map(({ name: file }) => file.slice(name.length + 1)),
      })),
  }));
  const splits = configs.flatMap((config) => config.splits.map(({ split }) => split));
  return new Set(splits).size === splits.length ? [] : configs;
}

/**
 * Configs that a README.md declares under `configs:` in its header. Keys of a config that say how its files are read
 * (`sep`, `features`) are passed over.
 *
 * @param readme Its text.
 * @param path What to call it.
 * @throws {Mistake} If the header is no YAML, or declares what `datasets` does not take.
 * @throws {Mistake} If the header is over 1048576 characters long.
 * @see https://huggingface.co/docs/hub/datasets-manual-configuration
 */
export function declaredConfigs(readme: string, path: string): DatasetConfig[] {
  const header = headerOf(readme);
  if (!header.includes("configs")) return [];
  if (header.length > MOST_CHARACTERS) {
    throw cannotRead(bare(path), {
      found: `its header is ${header.length} characters long`,
      expected: `at most ${MOST_CHARACTERS}`,
      fix: FIX,
    });
  }
  const wrong = (field: string, found: unknown, wanted: string): never => {
    const value = found === undefined ? "missing" : show(found);
    throw cannotRead(bare(path), { found: `${field} is ${value}`, expected: wanted, fix: FIX });
  };
  const configs = configsIn(header, path);
  if (configs === undefined || configs === null) return [];
  if (!Array.isArray(configs)) return wrong("configs", configs, "a list");
  const taken = new Set<string>();
  return configs.map((config: unknown, i) => {
    const field = `configs[${i}]`;
    if (!isObject(config)) return wrong(field, config, "a mapping");
    const { config_name: name, data_dir, data_files, default: isDefault } = config;
    if (typeof name !== "string") return wrong(`${field}.config_name`, name, "text");
    if (taken.has(name)) return wrong(`${field}.config_name`, name, "a name of its own");
    taken.add(name);
    const dir = data_dir ?? "";
    if (typeof dir !== "string") return wrong(`${field}.data_dir`, dir, "text");
    const parts = dir.split("/").filter((part) => part !== "" && part !== ".");
    const folder = parts.map((part) => `${part}/`).join("");
    return {
      name,
      isDefault: isDefault === true || name === "default",
      folder,
      splits: (splitsIn(data_files) ??
        wrong(
          `${field}.data_files`,
          data_files,
          "text, a list of texts, or a list of split and path, each split once",
        )).map(({ split, patterns }) => ({
          split,
          patterns: patterns.map((pattern) => pattern.replace(/^\.\//, "")),
        })),
    };
  });
}

/** What stands between the first two lines of ---; "" if there is none. */
function headerOf(readme: string): string {
  const [open] = /^\ufeff?---[^\S\n]*\n/.exec(readme) ?? [];
  if (open === undefined) return "";
  const close = readme.slice(open.length - 1).search(/\n---[^\S\n]*(?:\n|$)/);
  return close < 0 ? "" : readme.slice(open.length, open.length + close);
}

function configsIn(header: string, path: string): unknown {
  try {
    const value = load(header, { schema: CORE_SCHEMA, maxAliases: MOST_ALIASES });
    return isObject(value) ? value.configs : undefined;
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause;
    const line = cause.mark ? `line ${cause.mark.line + 2}: ` : ""; // after the ---
    throw cannotRead(bare(path), {
      found: `its header is no YAML (${line}${bare(cause.reason)})`,
      expected: "YAML between two lines of ---",
      fix: FIX,
    }, { cause });
  }
}

/** What `data_files` says; undefined where it is none of its forms. */
function splitsIn(files: unknown): ConfigSplit[] | undefined {
  if (files === undefined || files === null) return [];
  const texts = textsIn(files);
  if (texts !== undefined) return [{ split: "train", patterns: texts }];
  if (!Array.isArray(files) || files.length === 0) return undefined;
  const splits = new Map<string, ConfigSplit>();
  for (const item of files) {
    if (!isObject(item) || Object.keys(item).length !== 2) return undefined;
    const patterns = textsIn(item.path);
    if (typeof item.split !== "string" || patterns === undefined) return undefined;
    splits.set(item.split, { split: item.split, patterns });
  }
  return splits.size === files.length ? [...splits.values()] : undefined;
}

function textsIn(value: unknown): string[] | undefined {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  const isTexts = texts.length > 0 && texts.every((text) => typeof text === "string");
  return isTexts ? texts as string[] : undefined;
}

/**
 * The files of the config and split that are asked for.
 *
 * @param source What errors call the dataset.
 * @param configs Its configs, at least one.
 * @param names Names of all data files in the dataset's folder.
 * @param asked `SPLIT`, `CONFIG` or `CONFIG/SPLIT`; `val`, `valid` and `dev` mean the split validation too.
 * @throws {Mistake} If several are meant, or none.
 * @throws {Mistake} If the split's patterns are over 16384 characters long together.
 */
export function filesOfConfig(
  source: string,
  configs: readonly DatasetConfig[],
  names: readonly string[],
  asked: string | undefined,
): string[] {
  const refuse = (found: string, expected: string): never => {
    throw new Mistake("file", { verb: "open", thing: source, found: `it has ${found}`, expected });
  };
  const list = (some: readonly string[]) =>
    some.slice(0, MOST_LISTED).map(bare).join(", ") + (some.length > MOST_LISTED ? ", …" : "");
  const inside = ({ folder }: DatasetConfig) =>
    names.filter((name) => name.startsWith(folder)).map((name) => name.slice(folder.length));
  const splitsOf = (config: DatasetConfig, split?: string) =>
    config.splits.length > 0 ? config.splits : splitsByName(inside(config), split);
  const [wantedConfig, wantedSplit] = meant(configs, asked, splitsOf);
  const all = configs.map(({ name }) => name);
  if (wantedConfig !== undefined && !all.includes(wantedConfig)) {
    return refuse(`the configs ${list(all)}`, quote(wantedConfig));
  }
  const defaults = configs.length === 1 ? configs : configs.filter(({ isDefault }) => isDefault);
  const candidates = wantedConfig === undefined
    ? defaults
    : configs.filter(({ name }) => name === wantedConfig);
  if (candidates.length !== 1) {
    const examples = configs.slice(0, MOST_LISTED).flatMap((config) =>
      splitsOf(config, wantedSplit).map(({ split }) => ({ name: config.name, split }))
    );
    const example = withSplit(examples, wantedSplit)[0] ?? examples[0];
    return refuse(
      `the configs ${list(all)}`,
      `one. Say which by split${example ? `, as ${bare(`${example.name}/${example.split}`)}` : ""}`,
    );
  }
  const [config] = candidates;
  const splits = splitsOf(config, wantedSplit);
  const of = configs.length > 1 ? ` in config ${bare(config.name)}` : "";
  if (splits.length === 0) {
    return refuse(`no data file${of}`, `some below ${bare(config.folder)}`);
  }
  const those = wantedSplit === undefined ? splits : withSplit(splits, wantedSplit);
  if (those.length !== 1) {
    const found = `the splits ${list(splits.map(({ split }) => split).sort())}${of}`;
    const how = configs.length > 1 ? `, as ${bare(`${config.name}/${splits[0].split}`)}` : "";
    return refuse(
      found,
      wantedSplit === undefined ? `one. Say which by split${how}` : quote(wantedSplit),
    );
  }
  const files = matching(source, inside(config), those[0]);
  if (files.length > 0) return files.map((name) => config.folder + name);
  const wanted = those[0].patterns.slice(0, MOST_LISTED + 1);
  return refuse(
    `no data file for the split ${bare(those[0].split)}${of}`,
    `some that match ${list(wanted.map((pattern) => config.folder + pattern))}`,
  );
}

/** The config and the split that are asked for by name. The only config is seldom named: first it is asked for a split. */
function meant(
  configs: readonly DatasetConfig[],
  asked: string | undefined,
  splitsOf: (config: DatasetConfig, split?: string) => readonly ConfigSplit[],
): [config: string | undefined, split: string | undefined] {
  if (asked === undefined) return [undefined, undefined];
  const [first] = configs;
  const isSplit = configs.length === 1 && withSplit(splitsOf(first, asked), asked).length > 0;
  if (!isSplit && configs.some(({ name }) => name === asked)) return [asked, undefined];
  const slash = asked.lastIndexOf("/"); // a config's name may have slashes
  return slash < 0 ? [undefined, asked] : [asked.slice(0, slash), asked.slice(slash + 1)];
}

/** Those of a split, else those of what its name means. */
function withSplit<S extends { readonly split: string }>(
  splits: readonly S[],
  wanted: string | undefined,
): readonly S[] {
  const those = splits.filter(({ split }) => split === wanted);
  if (those.length > 0 || wanted === undefined) return those;
  return splits.filter(({ split }) => splitMeant(split) === splitMeant(wanted));
}

/** Splits by the names of files; where some name theirs, files that name none are of no split, as for `datasets`. */
function splitsByName(names: readonly string[], asked?: string): ConfigSplit[] {
  const splits = Map.groupBy(names, (name) => splitOf(name, asked));
  if (splits.size > 1) splits.delete("");
  return [...splits].map(([split, patterns]) => ({ split: split || "train", patterns }));
}

function matching(
  source: string,
  names: readonly string[],
  { split, patterns }: ConfigSplit,
): string[] {
  const all = new Set(names), whole = new Set(patterns);
  const others = patterns.filter((pattern) => !all.has(pattern) && /[*?]/.test(pattern));
  const length = others.reduce((sum, pattern) => sum + pattern.length, 0);
  if (length > MOST_PATTERN_CHARACTERS) {
    throw new Mistake("file", {
      verb: "open",
      thing: source,
      found: `the patterns of its split ${bare(split)} are ${length} characters long`,
      expected: `at most ${MOST_PATTERN_CHARACTERS}`,
      fix: FIX,
    });
  }
  return names.filter((name) => whole.has(name) || matchesAny(name, others));
}
