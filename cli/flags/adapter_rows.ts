// Rows of flags on adapters: where they start from, which layers they change, and how their step goes through the model.
import { type FlagRow, given, text, whole } from "./kinds.ts";

/** Time for memory. */
export const CHECKPOINTING_ROW = {
  name: "gradient-checkpointing",
  to: "optimiser.gradientCheckpointing",
  free: true,
  ...given,
  shownDefault: "where a step does not fit",
  help: "Keep only each block's input for the backward pass: a third more work, far less memory",
} as const satisfies FlagRow;

/** Flags on adapters that `leash sft` has too. */
export const LORA_ROWS = [
  {
    name: "target-modules",
    to: "adapter.targetModules",
    value: "NAMES",
    type: text,
    shownDefault: "all-linear",
    help: "Layers to adapt: names with commas between, a pattern for whole names, or all-linear",
  },
  {
    name: "rslora",
    to: "adapter.rslora",
    ...given,
    help: "Scale by alpha / sqrt(rank) instead of alpha / rank",
  },
] as const satisfies readonly FlagRow[];

/** Those of `train`. */
export const ADAPTER_ROWS = [
  {
    name: "adapter",
    to: "adapter.from",
    path: true,
    value: "DIR",
    type: text,
    shownDefault: "fresh ones",
    help: "PEFT or run folder that every member starts from; sft is then that policy",
  },
  ...LORA_ROWS,
  CHECKPOINTING_ROW,
  {
    name: "micro-batch",
    to: "optimiser.microBatch",
    value: "N",
    type: whole(1, 4096),
    shownDefault: "all, or what fits",
    help: "Pairs of a step that go through the model at once; their gradients are summed",
  },
] as const satisfies readonly FlagRow[];
