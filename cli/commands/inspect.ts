// `leash inspect`: what is at a path or hub id, read far enough to find what is wrong with it.
import { parseModelConfig } from "../../core/mod.ts";
import { parseJsonObject, refuseWrongDownload } from "../../core/base/json_object.ts";
import { inspectAdapter } from "../inspect/adapter.ts";
import { inspectDataset } from "../inspect/dataset.ts";
import { beside, bytesOf, folderOf } from "../inspect/files.ts";
import { fileKind, folderKind, type PathKind } from "../inspect/kind.ts";
import { deviceBytes, inspectModel, sizesOf } from "../inspect/model.ts";
import { type Report, reportJson, reportLines } from "../inspect/report.ts";
import { inspectRun, inspectSftRun } from "../inspect/run.ts";
import type { ReadOptions } from "../inspect/tensors.ts";
import { inspectTemplate, inspectTokenizer, inspectTokenizerConfig } from "../inspect/tokenizer.ts";
import { inspectGguf, inspectIndex, inspectSafetensors } from "../inspect/weights.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { modelDownloader } from "../policy/hub_files.ts";
import { FORMATS } from "../folder/run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";
import { type FlagSections, given, text } from "../flags/kinds.ts";
import type { CliCommand } from "./command.ts";
import { defineCommand, type ValuesOf } from "./define.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { printData } from "../terminal/terminal.ts";

const SECTIONS = {
  "Inspection": [
    { name: "json", ...given, help: "Print everything as JSON" },
    {
      name: "values",
      ...given,
      help: "Read all numbers of weights over 128 MiB too, to find NaN and infinities",
    },
    {
      name: "model",
      value: "PATH",
      type: text,
      help: "Check an adapter against this model, folder or .gguf file",
    },
    {
      name: "split",
      value: "NAME",
      type: text,
      help: "Part of a dataset's folder: train, test, validation; of several configs, CONFIG/SPLIT",
    },
  ],
} as const satisfies FlagSections;

type Flags = ValuesOf<typeof SECTIONS>;

/** Inspects. */
export const INSPECT: CliCommand = defineCommand({
  name: "inspect",
  summary:
    "What a folder, file or hub id is: sizes, types, tokenizer, rows, and what is wrong with it",
  usage: "leash inspect PATH|ID [flags]",
  flags: SECTIONS,
  positional: 1,
  examples: [
    "leash inspect stories/model",
    "leash inspect model.gguf --json",
    "leash inspect pairs.parquet",
  ],
  async run(flags, options, [spec]) {
    if (spec === undefined) {
      throw new UsageError({
        verb: "inspect",
        found: "no path is given",
        expected: "leash inspect PATH|ID",
      });
    }
    const report = await inspect(await localPath(spec, options), flags, options);
    const { terminal } = options;
    terminal.status("");
    if (flags.json) printData(reportJson(report), terminal);
    else for (const line of reportLines(report)) terminal.line(line);
    return 0;
  },
});

/** The path itself, or where a hub id is downloaded to. */
async function localPath(spec: string, options: CommandOptions): Promise<string> {
  const path = spec.length > 1 ? spec.replace(/\/+$/, "") : spec;
  if (await isThere(path)) return path;
  if (/^[\w-][\w.-]*\/[\w-][\w.-]*(@[\w./-]+)?(:[\w./-]+\.gguf)?$/.test(spec)) {
    return await modelDownloader(options)(spec);
  }
  throw new UsageError({
    verb: "inspect",
    thing: quote(spec),
    found: "it is not there",
    expected: "a folder, a file or a hub id as org/name",
  });
}

async function inspect(
  path: string,
  { values, model, split }: Flags,
  { terminal, signal }: CommandOptions,
): Promise<Report> {
  const { isDirectory } = await Deno.stat(path);
  const kind = isDirectory ? await folderKind(path) : await fileKind(path);
  const reading: ReadOptions = {
    ...{ values, signal },
    onProgress: (done, of) => terminal.status(`reading tensor ${done} of ${of}`),
  };
  const readers: Readonly<Record<PathKind, () => Promise<Report>>> = {
    model: () => inspectModel(path, reading),
    adapter: () => inspectAdapter(path, model),
    run: () => inspectRun(path),
    "sft run": () => inspectSftRun(path),
    "tokenizer folder": () => inspectTokenizer(path, true),
    "dataset folder": () => inspectDataset(path, true, { split, signal }),
    gguf: () => inspectGguf(path, reading),
    safetensors: () => inspectSafetensors(path, reading),
    index: () => inspectIndex(path, reading),
    config: () => inspectConfig(path),
    "adapter file": () => inspectAdapter(folderOf(path) || ".", model),
    tokenizer: () => inspectTokenizer(path, false),
    "tokenizer config": () => inspectCompanion(path),
    template: () => inspectTemplate(path),
    "dataset file": () => inspectDataset(path, false, { signal }),
  };
  return await readers[kind]();
}

/** config.json by itself. */
async function inspectConfig(path: string): Promise<Report> {
  const bytes = await bytesOf(path);
  refuseWrongDownload(bytes, path, "a JSON object");
  const json = parseJsonObject(bytes, path, "the file");
  const folder = folderOf(path) || ".";
  if (json.format === FORMATS.train) return await inspectRun(folder);
  if (json.format === FORMATS.sft) return await inspectSftRun(folder);
  const config = parseModelConfig(json, path);
  return {
    kind: "model config",
    path,
    family: config.family ?? "llama",
    ...sizesOf(config),
    deviceBytes: deviceBytes(config),
  };
}

/** A file that goes with a tokenizer: read together with it where it is there. */
async function inspectCompanion(path: string): Promise<Report> {
  const there = await Promise.all(
    ["tokenizer.json", "vocab.json"].map((name) => isThere(beside(path, name))),
  );
  if (there.some(Boolean)) return { ...await inspectTokenizer(path, false), path };
  const kind = path.endsWith("generation_config.json") ? "generation config" : "tokenizer config";
  return await inspectTokenizerConfig(path, kind);
}
