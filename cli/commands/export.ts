// `leash export`: a run or adapters as what other programs load. Everything is read and checked first; what is written
// is there whole or not at all.
import {
  type HostAdapter,
  linearLayers,
  type LinearShape,
  meanOfAdapters,
} from "../../core/mod.ts";
import { exportPairs, writeFileDurably } from "../../files/mod.ts";
import { readAdapterConfig } from "../policy/adapter_files.ts";
import { adapterFolder, readNamedAdapter, readRunMembers } from "../policy/adapter_spec.ts";
import { counted } from "../terminal/counted.ts";
import { type ExportModel, openExportModel, writeMerged } from "../policy/export_model.ts";
import { choice, type FlagSections, text, whole } from "../flags/kinds.ts";
import { UsageError } from "../terminal/mistake.ts";
import { pairsLine, trlLines } from "../data/pair_files.ts";
import { FILES, readIdentity } from "../folder/run_folder.ts";
import { ADAPTERS_ROW, END_TOKEN_ROW, MODEL_ROW } from "../flags/shared.ts";
import { parseBytes, showBytes } from "../terminal/sizes.ts";
import { requireNewOut } from "../terminal/system_mistake.ts";
import type { CliCommand } from "./command.ts";
import { defineCommand, type ValuesOf } from "./define.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { ggufOf, reduced, writePeft } from "../policy/export_adapters.ts";
import { requireOneOf } from "../flags/one_of.ts";

const SECTIONS = {
  "Model": [
    {
      ...MODEL_ROW,
      shownDefault: "as the run or adapter says",
      help: "The base model: folder, .gguf file or hub id",
    },
  ],
  "What": [
    { name: "run", value: "DIR", type: text, help: "A run folder: its members, or its pairs" },
    {
      ...ADAPTERS_ROW,
      shownDefault: "none",
      help: "PEFT folder; several are the members of an ensemble",
    },
  ],
  "To": [
    {
      name: "to",
      ...choice("peft", "merged", "gguf-lora", "pairs.jsonl", "pairs.parquet"),
      value: "FORMAT",
      required: true,
      help:
        "peft, merged (a model folder), gguf-lora (llama.cpp), pairs.jsonl or pairs.parquet (a run's preferences)",
    },
    { name: "out", value: "PATH", type: text, required: true, help: "File or folder to make" },
    {
      name: "rank",
      value: "R",
      type: whole(1, 1e4),
      shownDefault: "the exact mean's",
      help: "Best adapter of this rank (SVD) in place of the exact mean; its error is printed",
    },
    {
      name: "dtype",
      ...choice("f32", "f16", "bf16"),
      shownDefault: "f32; merged: the base's",
      help: "Type of the numbers in the files; gguf-lora has f32 and f16",
    },
    {
      name: "max-shard",
      value: "SIZE",
      type: text,
      default: "5GB",
      help: "Largest file of a merged model, as 5GB or 512MiB",
    },
    { ...END_TOKEN_ROW, shownDefault: "the model's, and the run's" },
  ],
} as const satisfies FlagSections;

/** As the files have it. */
const DTYPES = { f32: "F32", f16: "F16", bf16: "BF16" } as const;

type Flags = ValuesOf<typeof SECTIONS>;

/** Exports. */
export const EXPORT: CliCommand = defineCommand({
  name: "export",
  summary: "A run or adapters for PEFT, transformers, vLLM or llama.cpp; a run's pairs for TRL",
  usage: "leash export (--run DIR | --adapter DIR ...) --to FORMAT --out PATH [flags]",
  flags: SECTIONS,
  examples: [
    "leash export --run runs/kind --to peft --rank 8 --out kind-peft",
    "leash export --adapter kind --to merged --dtype bf16 --out kind-model",
    "leash export --run runs/kind --to pairs.parquet --out pairs.parquet",
  ],
  async run(flags, options) {
    checkFlags(flags);
    await requireNewOut("export", flags.out);
    const { run, to } = flags;
    if (run !== undefined && (to === "pairs.jsonl" || to === "pairs.parquet")) {
      return await exportRunPairs(run, flags, options);
    }
    const endToken = flags.endToken ??
      (run === undefined ? undefined : (await readIdentity(run, "export")).config.endToken);
    using model = await openExportModel(await modelOf(flags), options, endToken);
    const layers = linearLayers(model.config);
    const members = run === undefined
      ? await readAdapters(flags.adapter, layers)
      : await readRunMembers(run, layers);
    options.signal?.throwIfAborted();
    const lines = await write(flags, model, members, layers, options);
    for (const line of lines) options.terminal.line(line);
    return 0;
  },
});

function checkFlags({ run, adapter, to, rank, dtype, endToken }: Flags): void {
  requireOneOf("export", { run, adapter: adapter.length === 0 ? undefined : adapter });
  const refuse = (found: string, expected: string): never => {
    throw new UsageError({ verb: "export", found, expected });
  };
  if (to.startsWith("pairs.") && run === undefined) {
    refuse(`--to is ${to} without --run`, "a run with pairs");
  }
  if (rank !== undefined && to !== "peft" && to !== "gguf-lora") {
    refuse(`--rank is given with --to ${to}`, "it with peft or gguf-lora only");
  }
  if (endToken !== undefined && to !== "merged") {
    refuse(`--end-token is given with --to ${to}`, "it with merged only");
  }
  if (to === "gguf-lora" && dtype === "bf16") {
    refuse("--dtype is bf16 with --to gguf-lora", "f32 or f16");
  }
}

async function exportRunPairs(
  run: string,
  { to, out }: Flags,
  { terminal }: CommandOptions,
): Promise<number> {
  const { config } = await readIdentity(run, "export");
  const format = to === "pairs.jsonl" ? "jsonl" : "parquet";
  const counts = await exportPairs(`${run}/${FILES.pairs}`, out, format, {
    annotator: config.annotator,
  });
  terminal.line(pairsLine(out, counts));
  for (const line of trlLines(counts.trlIds)) terminal.line(line);
  return 0;
}

/** The base that is named, or that the run or the first adapter names; undefined for the embedded one. */
async function modelOf({ model, run, adapter }: Flags): Promise<string | undefined> {
  if (model !== undefined) return model;
  if (run !== undefined) return (await readIdentity(run, "export")).config.model;
  const folder = await adapterFolder(adapter[0].replace(/#\d+$/, ""));
  const { baseModel } = await readAdapterConfig(folder);
  if (baseModel !== "") return baseModel;
  throw new UsageError({
    verb: "export",
    found: `${folder}/adapter_config.json names no base model`,
    expected: "--model PATH|ID",
  });
}

async function readAdapters(
  specs: readonly string[],
  layers: readonly LinearShape[],
): Promise<HostAdapter[]> {
  const adapters: HostAdapter[] = [];
  for (const spec of specs) {
    const { adapter } = await readNamedAdapter(spec, layers);
    if (adapter === undefined) {
      throw new UsageError({
        verb: "export",
        found: "--adapter is base",
        expected: "an adapter's folder",
      });
    }
    adapters.push(adapter);
  }
  return adapters;
}

async function write(
  flags: Flags,
  model: ExportModel,
  members: readonly HostAdapter[],
  layers: readonly LinearShape[],
  options: CommandOptions,
): Promise<string[]> {
  const dtype = flags.dtype && DTYPES[flags.dtype];
  switch (flags.to) {
    case "merged": {
      const maxShardBytes = parseBytes(flags.maxShard, "export", "--max-shard");
      const { files, bytes, merged } = await writeMerged(flags.out, model, members, {
        ...{ dtype, maxShardBytes },
        ...options,
      });
      const shards = files.filter((file) => file.endsWith(".safetensors")).length;
      return [
        `${flags.out}: ${showBytes(bytes)} in ${counted(shards, "file")}, ` +
        `${counted(merged.length, "weight")} changed by the mean of ${
          counted(members.length, "adapter")
        }`,
      ];
    }
    case "gguf-lora": {
      const { adapter, said } = reduced(meanOfAdapters(members, layers), flags.rank);
      const bytes = ggufOf(model.config, adapter, dtype === "F16" ? "F16" : "F32");
      await writeFileDurably(flags.out, bytes);
      return [`${flags.out}: ${showBytes(bytes.length)}, ${said}`];
    }
    default:
      return await writePeft(flags, model, members, layers, dtype);
  }
}
