/**
 * The files room: model, adapter and preference files, and durable run folders, checkpoints and logs.
 * `codecs.ts` is the half of it that also runs in a browser.
 *
 * @example
 * ```ts
 * import { Mistake } from "@leash/bpo/core";
 * import { readModelFolder } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * await assertRejects(() => readModelFolder("no-such-model"), Mistake, "config.json is missing");
 * ```
 *
 * @module
 */
export type { Mistake, MistakeCode, MistakeParts } from "../core/base/mistake.ts";
export type { ModelConfig } from "../core/model/config.ts";
export type { AdaptedModule, AdapterLayout, LinearShape } from "../core/lora/adapter.ts";
export type { HostAdapter, LoraFactors } from "../core/lora/factors.ts";
export type { ModuleTarget, SelectOptions } from "../core/lora/target_modules.ts";
export type { Tokenizer } from "../core/text/tokenizer/tokenizer.ts";
export * from "../core/formats/mod.ts";
export {
  loadAdapter,
  type LoadedAdapter,
  saveAdapter,
  type SaveAdapterOptions,
} from "./adapter_folder.ts";
export * from "./checkpoint.ts";
export * from "../core/formats/datasets/csv_rows.ts";
export * from "./datasets/export_pairs.ts";
export { type ExportedPair, shownOrder } from "./datasets/exported_pair.ts";
export * from "./datasets/glob.ts";
export * from "./datasets/open_dataset.ts";
export * from "../core/formats/datasets/parquet_rows.ts";
export * from "../core/formats/datasets/trl_columns.ts";
export * from "./datasets/write_rows.ts";
export type { ParquetCodec } from "../core/formats/datasets/parquet_footer.ts";
export type { Decompress, Decompressors } from "../core/formats/datasets/parquet_pages.ts";
export type { DatasetRow } from "../core/text/rows/rows.ts";
export { settleFolders, writeFileDurably } from "./durable/file.ts";
export { writeFolderDurably, type WriteFolderOptions } from "./durable/folder.ts";
export { MANIFEST, readVerifiedFolder } from "./durable/manifest.ts";
export * from "./folder_lock.ts";
export { type ClientOptions } from "./hub/client.ts";
export { HubError } from "./hub/hub_error.ts";
export * from "./gguf_file.ts";
export * from "./hub/download.ts";
export { type Lookup } from "./hub/environment.ts";
export { type RepoType } from "./hub/repo_spec.ts";
export * from "../core/base/exact_json.ts";
export {
  type JsonlAppender,
  LogGone,
  type LogMark,
  openJsonl,
  type OpenJsonlOptions,
  readJsonl,
  type ReadJsonlOptions,
} from "./jsonl.ts";
export * from "./local_file.ts";
export * from "./merged_folder.ts";
export * from "./model_folder.ts";
export * from "./open_model.ts";
export { openRunFolder, type RunFolderSink } from "./run_folder.ts";
export * from "./tensorboard_file.ts";
export * from "./verdict_file.ts";
