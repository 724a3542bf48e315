// Pairs that are there before a run, to train on instead of new ones: a dataset's, or those that another run recorded.
import type { WorkloadFiles } from "./workload_files.ts";
import type { RunConfig, RunSettings } from "../../flags/run_config.ts";
import { loadReplay, type Replay } from "./replay.ts";
import { offline, type PairSource, replayed } from "../../../training/mod.ts";
import type { ReferenceMode } from "../../../scheduler/mod.ts";
import type { RunData } from "./run_data.ts";

/** The pairs that `--replay` names, checked against this run; undefined where it names none. */
export async function readReplay(
  { settings, config }: { readonly settings: RunSettings; readonly config: RunConfig },
  { sizes, tokenizer, modelName }: Pick<WorkloadFiles, "sizes" | "tokenizer" | "modelName">,
): Promise<Replay | undefined> {
  const { data: { replay }, method: { steps } } = config;
  if (replay === undefined) return undefined;
  const { vocabSize } = sizes;
  return await loadReplay(replay, {
    steps,
    vocabSize,
    tokenizer: { name: modelName, hash: await tokenizer.hash?.() },
    reference: modeOf(config),
    settings,
  });
}

/** What a replay needs to know of the reference: its mode. */
function modeOf({ method: { reference } }: RunConfig): ReferenceMode["kind"] {
  if (reference === "behaviour" || reference === "sft" || reference === "ema") return reference;
  return "fixed";
}

/** Pairs that are there before the run: a replay's, or the dataset's of an offline run. */
export function recordedPairs(
  { pairs, prompts }: Pick<RunData, "pairs" | "prompts">,
  replay: Replay | undefined,
): PairSource | undefined {
  const entries = (pairs ?? prompts).train.length;
  if (replay !== undefined) return { ...replayed(replay.records), entries };
  return pairs && offline(pairs.train);
}
