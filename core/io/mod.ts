/**
 * The files room: model, adapter and preference files, and durable run folders, checkpoints and logs.
 * `codecs.ts` is the half of it that also runs in a browser.
 *
 * @example
 * ```ts
 * import { readModelFolder } from "@leash/bpo/io";
 * import { assertRejects } from "@std/assert";
 * await assertRejects(() => readModelFolder("no-such-model"), TypeError, "config.json is missing");
 * ```
 *
 * @module
 */
export type { LlamaConfig } from "../model/config.ts";
export type { Tokenizer } from "../text/tokenizer.ts";
export * from "./codecs.ts";
export * from "./checkpoint.ts";
export * from "./csv_pairs.ts";
export {
  MANIFEST,
  readVerifiedFolder,
  settleFolders,
  writeFileDurably,
  writeFolderDurably,
  type WriteFolderOptions,
} from "./durable.ts";
export * from "./folder_lock.ts";
export * from "./jsonl.ts";
export * from "./model_folder.ts";
