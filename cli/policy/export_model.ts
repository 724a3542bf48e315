// The base model of an export: its sizes, its tensors and the files that belong to it, and the same with adapters merged
// into it. No tokenizer is asked of it.
import {
  type HostAdapter,
  type ModelConfig,
  parseModelConfig,
  type TensorSource,
} from "../../core/mod.ts";
import { parseJsonObject } from "../../core/base/json_object.ts";
import { readSmallFile } from "../../files/small_file.ts";
import {
  type MergedModel,
  type OpenedModel,
  openGgufFile,
  openModel,
  type SafetensorsDType,
  writeMergedFolder,
  type WriteMergedOptions,
} from "../../files/mod.ts";
import { EMBEDDED_MODEL, endTokensOf, openBase } from "./base_model.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { modelDownloader } from "./hub_files.ts";
import { hubNameOf } from "./hub_name.ts";
import { absolutePath } from "../flags/paths.ts";
import { statusLine } from "../terminal/progress.ts";
import { isThere } from "../../files/durable/disk.ts";

/** A base whose files are open. Disposing it closes them. */
export interface ExportModel extends Disposable {
  /** Sizes. */
  readonly config: ModelConfig;
  /** Where the weights are. */
  readonly source: TensorSource;
  /** What PEFT finds it by: a folder, an address or a hub id. */
  readonly peftName: string;
  /** Whether its numbers are quantised, so that they cannot stay as they are. */
  readonly quantised: boolean;
  /** What belongs to it beside its weights. */
  files(): Promise<BaseFiles>;
}

/** What belongs to a base beside its weights, for `writeMergedFolder`: the folder to copy it from, or the files. */
export type BaseFiles = Pick<WriteMergedOptions, "from" | "extraFiles">;

/**
 * The config and tokenizer of a base, for a folder with other weights; undefined is the embedded model. Where the weights
 * or the user know better than a file, the file says it: a head of its own, more end tokens.
 */
export async function baseFiles(opened: OpenedModel | undefined): Promise<BaseFiles> {
  if (opened === undefined) return { extraFiles: await embeddedFiles() };
  const { path, gguf, configJson, config, addedEnds } = opened;
  const files = gguf ? await ggufFiles(path, configJson) : new Map<string, Uint8Array>();
  if (!config.tied && parseModelConfig(configJson, path).tied) {
    files.set("config.json", jsonFile({ ...configJson, tie_word_embeddings: false }));
  }
  if (addedEnds.length > 0) {
    const name = "generation_config.json";
    const bytes = gguf ? undefined : await readSmallFile(`${path}/${name}`);
    const said = bytes ? parseJsonObject(bytes, `${path}/${name}`, "the file") : {};
    files.set(name, jsonFile({ ...said, eos_token_id: config.eosId }));
  }
  return { ...(gguf ? {} : { from: path }), ...(files.size > 0 ? { extraFiles: files } : {}) };
}

function jsonFile(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value, null, 2) + "\n");
}

/**
 * Opens a base by path or hub id; undefined is the embedded model.
 *
 * @param endToken As `--end-token` of the run that is exported.
 */
export async function openExportModel(
  model: string | undefined,
  options: CommandOptions,
  endToken?: string,
): Promise<ExportModel> {
  if (model === undefined) return await openEmbedded();
  const isLocal = await isThere(model);
  const opened = await openModel(model, {
    download: modelDownloader(options),
    endTokens: endTokensOf(endToken),
  });
  const { config, source, path, gguf, name } = opened;
  return {
    ...{ config, source, quantised: gguf },
    peftName: isLocal ? await peftNameOf(path) : name.replace(/[@:].*$/, ""),
    files: () => baseFiles(opened),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

/** A hub id where the folder is the hub's cache, given as it is or through a link; else its real path. */
async function peftNameOf(path: string): Promise<string> {
  const real = await Deno.realPath(path);
  const named = hubNameOf(absolutePath(path));
  return named === absolutePath(path) ? hubNameOf(real) : named;
}

async function openEmbedded(): Promise<ExportModel> {
  const base = await openBase({});
  return {
    ...{ config: base.sizes, source: base.source, peftName: base.peftName, quantised: false },
    files: () => baseFiles(undefined),
    [Symbol.dispose]: () => base[Symbol.dispose](),
  };
}

async function embeddedFiles(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    const response = await fetch(new URL(name, EMBEDDED_MODEL));
    files.set(name, await response.bytes());
  }
  return files;
}

/** What a GGUF file says beside its weights, as files of a folder. */
async function ggufFiles(
  path: string,
  configJson: Readonly<Record<string, unknown>>,
): Promise<Map<string, Uint8Array>> {
  const { source, tokenizerJson, tokenizerConfig } = await openGgufFile(path);
  source[Symbol.dispose]();
  return new Map([
    ["config.json", jsonFile(configJson)],
    ...(tokenizerJson === undefined ? [] : [
      ["tokenizer.json", jsonFile(tokenizerJson)] as const,
      ["tokenizer_config.json", jsonFile(tokenizerConfig)] as const,
    ]),
  ]);
}

/** How to write it. */
export interface MergedOptions extends CommandOptions {
  /** Type of the numbers; absent: the base's. */
  readonly dtype?: SafetensorsDType;
  /** Bytes of a file. */
  readonly maxShardBytes: number;
}

/** Merges the members' mean into the base and writes the folder, whole or not at all; a quantised base becomes f32. */
export async function writeMerged(
  out: string,
  model: ExportModel,
  members: readonly HostAdapter[],
  { dtype, maxShardBytes, terminal, signal }: MergedOptions,
): Promise<MergedModel> {
  try {
    return await writeMergedFolder(out, model.source, members, {
      ...{ dtype: dtype ?? (model.quantised ? "F32" : undefined), maxShardBytes },
      ...await model.files(),
      progress(written, all) {
        signal?.throwIfAborted();
        terminal.status(
          statusLine(written / all, [`tensor ${written} of ${all}`], terminal.columns),
        );
      },
    });
  } finally {
    terminal.status("");
  }
}
