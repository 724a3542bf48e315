// The configs of a dataset, as `datasets` knows them: declared in the header of its README.md, or a folder each, as
// `push_to_hub` writes them. Rows of two configs are two datasets: they are never read as one.
import { matchesAny } from "../hub/patterns.ts";
import { bare, quote } from "../mistakes.ts";

/** A split of a config. */
export interface ConfigSplit {
  readonly split: string;
  /** Its files, or patterns of them, by their names in the dataset's folder. */
  readonly patterns: readonly string[];
}

/** A config. */
export interface DatasetConfig {
  readonly name: string;
  /** Whether it is read where none is named. */
  readonly isDefault: boolean;
  readonly splits: readonly ConfigSplit[];
}

/** Most lines of a header that are looked at. */
const MOST_LINES = 100_000;
/** A file that `push_to_hub` wrote into the folder of its config. */
const SHARD = /^([^/]+)\/([\w.]+?)-\d{5}-of-\d{5}(-[0-9a-f]+)?\.parquet$/;

/**
 * Configs that lie in folders: `en/train-00000-of-00002.parquet`. None where no two folders have the same split: then
 * they are one dataset's.
 *
 * @param names Names of all data files in the dataset's folder.
 */
export function folderConfigs(names: readonly string[]): DatasetConfig[] {
  const configs = new Map<string, Map<string, string[]>>();
  for (const name of names) {
    const [, folder, split] = SHARD.exec(name) ?? [];
    if (folder === undefined) continue;
    const splits = configs.get(folder) ?? new Map<string, string[]>();
    splits.set(split, [...splits.get(split) ?? [], name]);
    configs.set(folder, splits);
  }
  const splits = [...configs.values()].flatMap((of) => [...of.keys()]);
  if (new Set(splits).size === splits.length) return [];
  return [...configs].map(([name, of]) => ({
    name,
    isDefault: name === "default",
    splits: [...of].map(([split, patterns]) => ({ split, patterns })),
  }));
}

/**
 * Configs that a README.md declares under `configs:` in its header.
 *
 * @param readme Its text.
 * @param path What to call it.
 * @throws {TypeError} If the declaration is not one that `push_to_hub` or the guide of the hub writes.
 * @see https://huggingface.co/docs/hub/datasets-manual-configuration
 */
export function declaredConfigs(readme: string, path: string): DatasetConfig[] {
  const [first, ...lines] = readme.split(/\r?\n/, MOST_LINES);
  const end = lines.findIndex((line) => /^---\s*$/.test(line));
  if (first.trim() !== "---" || end < 0) return [];
  const header = lines.slice(0, end);
  const from = header.findIndex((line) => /^configs:\s*$/.test(line)) + 1;
  if (from === 0) return [];
  const block = header.slice(from);
  const after = block.findIndex((line) => /^[^\s#-]/.test(line));
  const wrong = (line: string): never => {
    throw new TypeError(
      `Cannot read ${bare(path)}: its configs have the line ${quote(line.trim())}, expected ` +
        "config_name, data_files, split, path, data_dir or default. Name the files themselves, by a pattern",
    );
  };
  const configs: MutableConfig[] = [];
  let list = false; // of patterns, an item a line
  for (const line of after < 0 ? block : block.slice(0, after)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, dash, key, value] = /^\s*(- +)?(\w+):(?:\s+(.*?))?\s*$/.exec(line) ?? [];
    const [, item] = /^\s*- +(.+?)\s*$/.exec(line) ?? [];
    const isOfConfig = ["config_name", "data_files", "data_dir", "default"].includes(key);
    if (isOfConfig && (dash || configs.length === 0)) configs.push(emptyConfig());
    const config = configs.at(-1);
    if (config === undefined || key === undefined && item === undefined) return wrong(line);
    const { splits } = config;
    if (isOfConfig) list = false;
    if ((key === "split" || key === "path") && (dash || splits.length === 0)) {
      splits.push({ split: "train", patterns: [] });
    }
    if (key === "config_name") config.name = scalar(value ?? wrong(line));
    else if (key === "default") config.isDefault = value === "true";
    else if (key === "data_dir") config.folder = `${scalar(value ?? wrong(line))}/`;
    else if (key === "split") splits.at(-1)!.split = scalar(value ?? wrong(line));
    else if (key === "path" || key === "data_files") {
      list = value === undefined;
      if (value !== undefined) patternsOf(config).push(...scalars(value));
    } else if (key === undefined && list) patternsOf(config).push(...scalars(item));
  }
  return configs.map(({ name, isDefault, folder, splits }) => ({
    ...{ name: name || "default", isDefault: isDefault || name === "default" },
    splits: (splits.length > 0 ? splits : [{ split: "train", patterns: ["**"] }])
      .map(({ split, patterns }) => ({ split, patterns: patterns.map((path) => folder + path) })),
  }));
}

interface MutableConfig {
  name: string;
  isDefault: boolean;
  folder: string;
  readonly splits: { split: string; patterns: string[] }[];
}

function emptyConfig(): MutableConfig {
  return { name: "", isDefault: false, folder: "", splits: [] };
}

/** Where patterns go: to the last split that was named, or the only one. */
function patternsOf({ splits }: MutableConfig): string[] {
  if (splits.length === 0) splits.push({ split: "train", patterns: [] });
  return splits.at(-1)!.patterns;
}

/** A YAML scalar, in quotes or not. */
function scalar(text: string): string {
  const [, quoted] = /^(?:"(.*)"|'(.*)')$/.exec(text)?.filter((part) => part !== undefined) ?? [];
  return (quoted ?? text.replace(/\s+#.*$/, "")).replace(/^\.\//, "");
}

function scalars(text: string): string[] {
  const [, inner] = /^\[(.*)\]$/.exec(text) ?? [];
  return inner === undefined ? [scalar(text)] : inner.split(",").map((part) => scalar(part.trim()));
}

/**
 * The files of the config and split that are asked for.
 *
 * @param names Names of all data files in the dataset's folder.
 * @param asked `SPLIT`, `CONFIG` or `CONFIG/SPLIT`.
 * @throws {TypeError} If several are meant, or none.
 */
export function filesOfConfig(
  source: string,
  configs: readonly DatasetConfig[],
  names: readonly string[],
  asked: string | undefined,
): string[] {
  const refuse = (found: string, expected: string): never => {
    throw new TypeError(`Cannot open ${source}: it has ${found}, expected ${expected}`);
  };
  const list = (some: readonly string[]) =>
    some.slice(0, 12).map(bare).join(", ") + (some.length > 12 ? ", …" : "");
  const named = (name: string) => configs.find((config) => config.name === name);
  const [left, right] = asked?.includes("/") ? asked.split(/\/(.*)/s) : [undefined, asked];
  const isConfig = left === undefined && right !== undefined && named(right) !== undefined;
  const wantedConfig = left ?? (isConfig ? right : undefined);
  const wantedSplit = isConfig ? undefined : right;
  const all = configs.map(({ name }) => name);
  let config: DatasetConfig | undefined;
  if (wantedConfig !== undefined) {
    config = named(wantedConfig) ?? refuse(`the configs ${list(all)}`, quote(wantedConfig));
  } else {
    config = configs.length === 1 ? configs[0] : configs.find(({ isDefault }) => isDefault);
  }
  if (config === undefined) {
    const example = `${all[0]}/${wantedSplit ?? configs[0].splits[0].split}`;
    return refuse(
      `the configs ${list(all)}`,
      `one. Say which by split, as ${bare(example)}`,
    );
  }
  const { splits } = config;
  const of = configs.length > 1 ? ` in config ${bare(config.name)}` : "";
  const those = wantedSplit === undefined ? splits : splits.filter((s) => s.split === wantedSplit);
  if (those.length !== 1) {
    const found = `the splits ${list(splits.map(({ split }) => split).sort())}${of}`;
    const how = configs.length > 1 ? `, as ${bare(`${config.name}/${splits[0].split}`)}` : "";
    return refuse(
      found,
      wantedSplit === undefined ? `one. Say which by split${how}` : quote(wantedSplit),
    );
  }
  const files = names.filter((name) => matchesAny(name, those[0].patterns));
  if (files.length > 0) return files;
  return refuse(
    `no data file for the split ${bare(those[0].split)}${of}`,
    `some that match ${list(those[0].patterns)}`,
  );
}
