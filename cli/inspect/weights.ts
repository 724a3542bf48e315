// Weights by themselves: a safetensors file, the index of several, a GGUF adapter.
import {
  openGgufFile,
  openLocalFile,
  openSafetensors,
  openShardedSafetensors,
  readGgufHeader,
} from "../../files/mod.ts";
import { beside, fileBytes } from "./files.ts";
import { inspectModel } from "./model.ts";
import { readNumbers, type ReadOptions, tensorCounts } from "./tensors.ts";
import type { Report } from "./report.ts";

/** Reads a safetensors file by itself. */
export async function inspectSafetensors(path: string, options: ReadOptions): Promise<Report> {
  using source = await openSafetensors(await openLocalFile(path));
  const all = await readNumbers(source, options);
  return {
    kind: "safetensors file",
    path,
    fileBytes: await fileBytes(path),
    ...tensorCounts(source.tensors),
    numbersRead: all,
  };
}

/** Reads an index and every shard that it names. */
export async function inspectIndex(path: string, options: ReadOptions): Promise<Report> {
  const shards: string[] = [];
  using source = await openShardedSafetensors(await openLocalFile(path), (name) => {
    shards.push(name);
    return openLocalFile(beside(path, name));
  });
  const all = await readNumbers(source, options);
  return {
    kind: "index of safetensors files",
    path,
    shards: shards.length,
    ...tensorCounts(source.tensors),
    numbersRead: all,
  };
}

/** Reads a GGUF file: a model, or a LoRA adapter of llama.cpp. */
export async function inspectGguf(path: string, options: ReadOptions): Promise<Report> {
  const adapter = await ggufAdapter(path);
  if (adapter !== undefined) return adapter;
  if (path.toLowerCase().endsWith(".gguf")) {
    return await inspectModel(path, options);
  }
  // A GGUF file under another name: what it holds, as a model cannot be opened so.
  const { source, metadata } = await openGgufFile(path);
  using _source = source;
  const all = await readNumbers(source, options);
  return {
    kind: "GGUF model whose name does not end in .gguf",
    path,
    fileBytes: await fileBytes(path),
    architecture: String(metadata.get("general.architecture")),
    ...tensorCounts(source.tensors),
    numbersRead: all,
  };
}

/** What an adapter in GGUF is; undefined for anything else. */
async function ggufAdapter(path: string): Promise<Report | undefined> {
  using file = await openLocalFile(path);
  const { metadata, tensors } = await readGgufHeader(file);
  if (metadata.get("adapter.type") !== "lora") return undefined;
  const infos = new Map(
    [...tensors].map(([name, { shape, type }]) => [name, { shape, dtype: type.name }]),
  );
  const alpha = metadata.get("adapter.lora.alpha");
  return {
    kind: "GGUF adapter for llama.cpp",
    path,
    fileBytes: file.size,
    architecture: String(metadata.get("general.architecture")),
    alpha: typeof alpha === "number" ? alpha : null,
    modules: [...tensors.keys()].filter((name) => name.endsWith(".lora_a")).length,
    ...tensorCounts(infos),
  };
}
