// `--config`: flags in a JSON or TOML file. A key is a flag's name, with dashes or in camel case; a flag that is given
// beside the file wins.
import { parse as parseToml, TomlError } from "smol-toml";
import { didYouMean } from "../../core/base/nearest.ts";
import { parseJsonObject, refuseWrongDownload } from "../../core/base/json_object.ts";
import { quote, show } from "../../core/base/quote.ts";
import { readSmallFile } from "../../files/small_file.ts";
import { fieldOf, type Flag } from "./kinds.ts";
import { type FlagValue, readFlagValue, wanted } from "./parser.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { MistakeParts } from "../../core/base/mistake.ts";

const MOST_BYTES = 2 ** 20;

/**
 * Reads a config file for a table of flags.
 *
 * @param path Ends in .json or .toml.
 * @returns Values by field, as `parseTable` gives them.
 * @throws {UsageError} If it is not there, is no such file, or a key or value is not one of the table's.
 */
export async function readConfigFile(
  path: string,
  flags: readonly Flag[],
): Promise<Record<string, FlagValue>> {
  const bytes = await readSmallFile(path, MOST_BYTES);
  if (bytes === undefined) {
    throw unreadable(path, {
      found: "it is not there",
      expected: "a .json or .toml file",
    });
  }
  return parseConfig(bytes, path, flags);
}

/** The same from bytes. */
export function parseConfig(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  flags: readonly Flag[],
): Record<string, FlagValue> {
  const [, ending] = /\.(json|toml)$/i.exec(name) ?? [];
  if (ending === undefined) {
    throw unreadable(name, {
      found: "its name ends otherwise",
      expected: ".json or .toml",
    });
  }
  const isToml = ending.toLowerCase() === "toml";
  refuseWrongDownload(bytes, name, isToml ? "TOML" : "a JSON object");
  const entries = isToml ? tomlEntries(bytes, name) : parseJsonObject(bytes, name, "the file");
  const values: Record<string, FlagValue> = {};
  for (const [key, value] of Object.entries(entries)) {
    const flag = flags.find((flag) => flag.name === key || fieldOf(flag.name) === key);
    if (flag === undefined) {
      const names = flags.map((flag) => flag.name);
      throw unreadable(name, {
        found: `the key ${quote(key)} is no flag`,
        expected: `flags that --help lists.${didYouMean(key, names)}`,
      });
    }
    const field = fieldOf(flag.name);
    if (Object.hasOwn(values, field)) {
      throw unreadable(name, {
        found: `the key ${quote(key)} is there in two spellings`,
        expected: "one",
      });
    }
    values[field] = readValue(value, flag, name);
  }
  return values;
}

function unreadable(
  name: string,
  parts: Omit<MistakeParts, "verb" | "thing">,
  options?: ErrorOptions,
): UsageError {
  return new UsageError({ verb: "read", thing: name, ...parts }, options);
}

function tomlEntries(bytes: Uint8Array, name: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(name, {
      found: "the file is not UTF-8",
      expected: "TOML",
    });
  }
  try {
    return parseToml(text);
  } catch (error) {
    const line = error instanceof TomlError ? error.line : 1;
    const said = error instanceof Error ? error.message : String(error);
    const why = said.split("\n")[0].replace(/^Invalid TOML document: /, "");
    throw unreadable(name, {
      found: `line ${line} is no TOML (${why})`,
      expected: "KEY = VALUE",
    }, { cause: error });
  }
}

function readValue(value: unknown, flag: Flag, name: string): FlagValue {
  const refuse = (): never => {
    throw unreadable(name, {
      found: `${flag.name} is ${value instanceof Date ? "a date" : show(value)}`,
      expected: flag.type.kind === "flag" ? "true or false" : wanted(flag),
    });
  };
  if (flag.type.kind === "flag") return typeof value === "boolean" ? value : refuse();
  if (Array.isArray(value)) {
    const all = value.map((entry) => one(entry, flag, name, refuse));
    return flag.repeatable ? all : flag.joined && all.length > 0 ? all.join(",") : refuse();
  }
  const read = one(value, flag, name, refuse);
  return flag.repeatable ? [read] : read;
}

function one(value: unknown, flag: Flag, name: string, refuse: () => never): number | string {
  const isNumber = flag.type.kind === "number" || flag.type.kind === "whole";
  const isWanted = isNumber ? typeof value === "number" : typeof value === "string";
  if (!isWanted) return refuse();
  return readFlagValue(`read ${name}`, flag, String(value));
}
