// How a run's steps fit into its device's memory: said in one line before anything is made, or refused with the flags that
// help.
import type { Device } from "../../../backend/mod.ts";
import { counted } from "../../terminal/counted.ts";
import { NOBODY } from "../../judge/annotators.ts";
import { promptIds } from "../../../scheduler/mod.ts";
import { OutOfMemory, type PairLength, planMemory } from "../../../training/mod.ts";
import type { RunConfig, RunSettings } from "../../flags/run_config.ts";
import { UsageError } from "../../terminal/mistake.ts";
import type { Replay } from "../plan/replay.ts";
import { runOptions } from "../run_options.ts";
import type { RunIdentity } from "../../folder/run_folder.ts";
import { showBytes } from "../../terminal/sizes.ts";
import type { Workload } from "./workload.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import type { RunPolicies } from "./run_policies.ts";

/** How a run's steps are split, as config.json remembers it; empty where they fit at once. */
export type StepSplit = Pick<RunSettings, "microBatch" | "gradientCheckpointing">;

/** What steps are made of. */
export interface StepParts {
  /** With the model and the run's fixed policies on it. */
  readonly device: Device;
  /** Model and prompts. */
  readonly workload: Workload;
  /** The flags. */
  readonly config: RunConfig;
  /** What the folder says of a run that goes on: its split stays. */
  readonly stored?: RunIdentity;
  /** Pairs that are there. */
  readonly replay?: Replay;
  /** What the loss holds the learner to, and what the members start from. */
  readonly policies: RunPolicies;
  /** Where it is said how a step is split. */
  readonly terminal: Pick<Terminal, "line">;
}

/**
 * Splits a run's steps so that they fit, and says so.
 *
 * @returns What of the settings changes: `microBatch` where a step is split, `gradientCheckpointing` where that is needed.
 * @throws {UsageError} If it cannot fit.
 */
export async function splitSteps(parts: StepParts): Promise<StepSplit> {
  const { device, config, stored, terminal } = parts;
  const { method: { pairs }, optimiser } = config;
  const begun = stored !== undefined; // as it began, so it goes on: all at once where no split is kept
  const run = {
    ...runOptions({ ...parts, annotators: NOBODY }), // who judges takes no memory
    ...(begun ? { microBatch: optimiser.microBatch ?? pairs } : {}),
  };
  const budget = device.room + device.stats().bytes;
  const plan = await planMemory(device, { run, ...lengthsOf(parts), generates: true, budget })
    .catch((error) => {
      throw error instanceof OutOfMemory ? tooLarge(error, parts) : error;
    });
  const { gradientCheckpointing, stepBytes, sampleBytes } = plan;
  const microBatch = Math.min(plan.microBatch, pairs);
  const turnedOn = gradientCheckpointing && !optimiser.gradientCheckpointing;
  if (microBatch < pairs || turnedOn) {
    const parts = Math.ceil(pairs / microBatch);
    const split = parts > 1 ? ` in ${parts} micro-batches of ${microBatch}` : "";
    const lean = gradientCheckpointing ? ", with gradient checkpointing" : "";
    const bytes = showBytes(Math.max(stepBytes, sampleBytes));
    const of = budget === Infinity ? "" : ` of ${showBytes(budget)}`;
    terminal.line(`Memory: ${counted(pairs, "pair")}${split}${lean}: ${bytes}${of}`);
  }
  return {
    ...(microBatch < pairs ? { microBatch } : {}),
    ...(turnedOn ? { gradientCheckpointing } : {}),
  };
}

/** How long the pairs are that steps may see, and the texts that are continued or scored. */
function lengthsOf({ workload, config, replay }: StepParts): {
  pairs: readonly PairLength[];
  longest: { prompt: number; answer: number };
} {
  const { maxNew } = config.sampling;
  const { tokenizer, prompts, model: { config: { maxPositions } } } = workload;
  const lengths = (list: typeof prompts.train) =>
    list.map((prompt) => promptIds(tokenizer, prompt).length);
  const train = lengths(prompts.train);
  const pairs = replay !== undefined
    ? replay.records.map(({ promptIds, a, b }) => length(promptIds, a.ids, b.ids))
    : workload.pairs !== undefined
    ? workload.pairs.train.map(({ prompt, chosen, rejected }) => length(prompt, chosen, rejected))
    : train.map((prompt): PairLength => ({ prompt, answers: [maxNew, maxNew] }));
  const prompt = most([...train, ...lengths(prompts.evaluation)]);
  const answer = Math.max(maxNew, most(pairs.flatMap(({ answers }) => answers)));
  const room = Math.max(1, maxPositions - prompt);
  return { pairs, longest: { prompt, answer: Math.min(answer, room) } };
}

type Ids = ArrayLike<number>;
const length = (prompt: Ids, a: Ids, b: Ids): PairLength => ({
  prompt: prompt.length,
  answers: [a.length, b.length],
});
const most = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b), 1);

/** The one line, with the flags that help. */
function tooLarge(error: OutOfMemory, { device, config, stored }: StepParts): UsageError {
  const isStep = error.what.startsWith("a step");
  const { method, adapter, optimiser: { microBatch }, data, files } = config;
  const settled = isStep && microBatch !== undefined && microBatch > 1;
  const own = stored === undefined;
  const help = [
    ...(settled && own ? ["--micro-batch"] : []),
    ...(own && !method.offline ? ["--max-new"] : []),
    ...(own && data.data !== undefined ? ["--max-prompt"] : []),
    ...(own && isStep && adapter.members > 1 ? ["--members"] : []),
    ...(own && isStep ? ["--rank"] : []),
  ];
  const advice = [
    ...(help.length > 0 ? [`Lower ${help.join(", ")}`] : []),
    ...(own && files.model !== undefined && config.device.baseDtype === "f32"
      ? ["give --base-dtype int8"]
      : []),
    config.device.memory === undefined && device.info.kind === "cpu"
      ? "take --device webgpu where there is a GPU"
      : "raise --memory",
  ];
  const { bytes, what } = error;
  const found = bytes === Infinity
    ? `has a tensor that is larger than the device can bind, expected at most ${
      showBytes(error.most)
    }`
    : `takes ${showBytes(bytes)}, expected at most ${showBytes(error.most)}`;
  const fix = advice.join(", or ");
  return new UsageError({
    verb: "train",
    found: `${what} ${found}`,
    fix: `${fix.charAt(0).toUpperCase()}${fix.slice(1)}`,
  });
}
