// Which of a repository's files a model needs: its config, tokenizer and templates, and one form of its weights.
import { wholeGgufs } from "../gguf_file.ts";
import { parsePartName, partNames } from "../../core/formats/gguf/split.ts";
import { isObject, quote } from "../../core/base/quote.ts";
import { isCompanion } from "../model_companions.ts";
import { Mistake } from "../../core/base/mistake.ts";

const ADAPTER = new Set(["adapter_config.json", "adapter_model.safetensors"]);
const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const SHARD = /^model-\d{5}-of-\d{5}\.safetensors$/;

/** The files of a model; `file` is a GGUF that was named. */
export function chooseModelFiles(
  names: readonly string[],
  repo: string,
  file: string | undefined,
): string[] {
  const ggufs = names.filter((name) => name.endsWith(".gguf")).sort();
  const list = (some: readonly string[]) =>
    some.slice(0, 12).map(quote).join(", ") + (some.length > 12 ? ", …" : "");
  if (file !== undefined) {
    if (names.includes(file)) return withParts(file, names);
    throw new Mistake("network", {
      verb: "download",
      thing: repo,
      found: `it has no file ${quote(file)}`,
      expected: `one of ${list(ggufs.length > 0 ? ggufs : names) || "some"}`,
    });
  }
  const beside = names.filter((name) => isCompanion(name) || ADAPTER.has(name));
  if (names.includes(SINGLE)) return [...beside, SINGLE];
  if (names.includes(INDEX)) return [...beside, INDEX, ...names.filter((name) => SHARD.test(name))];
  if (names.includes("adapter_model.safetensors")) return beside;
  const whole = wholeGgufs(ggufs);
  if (whole.length === 1) return withParts(whole[0], names);
  if (whole.length > 1) {
    throw new Mistake("network", {
      verb: "download",
      thing: repo,
      found: `it has ${whole.length} GGUF files`,
      expected: "one",
      fix: `Name it as ${repo}:FILE, one of ${list(whole)}`,
    });
  }
  const other = names.filter((name) => /\.(bin|pt|pth|h5|msgpack|onnx)$/.test(name));
  throw new Mistake("network", {
    verb: "download",
    thing: repo,
    found: `it has no ${SINGLE} and no GGUF file${other.length > 0 ? ` but ${list(other)}` : ""}`,
    expected: "weights in one of them",
  });
}

/** A GGUF file with the parts that are there of it, itself first. */
function withParts(file: string, names: readonly string[]): string[] {
  const part = parsePartName(file);
  const others = part
    ? partNames(part).filter((name) => name !== file && names.includes(name))
    : [];
  return [file, ...others];
}

/** The shards that an index names and the cache has not: a download that was never whole. */
export function missingShards(index: unknown, names: readonly string[]): string[] {
  const map = isObject(index) && isObject(index.weight_map) ? index.weight_map : {};
  const shards = new Set(Object.values(map).filter((name) => typeof name === "string"));
  return [...shards].filter((name) => !names.includes(name)).sort();
}
