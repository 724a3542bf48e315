// Every flag of `deno task train`, one row each: its kind, its default, what it says of itself.

import { lossNames } from "../../losses/mod.ts";
import { choice, type Flag, type FlagRow, number, text, under, whole } from "./kinds.ts";
import {
  ACCEPT_CHANGE_ROW,
  ALPHA_ROW,
  MACHINE_ROWS,
  RANK_ROW,
  RESUME_ROW,
  SCHEDULE_ROW,
  SEED_ROW,
  TOP_P_ROW,
} from "./shared.ts";
import { RULE_FLAGS } from "./rule_rights.ts";

export { fieldOf, flagOf } from "./kinds.ts";
export type { Flag } from "./kinds.ts";

const METHOD: readonly FlagRow[] = [
  {
    name: "loss",
    ...choice(...lossNames),
    default: "dpo",
    help: "Preference loss",
  },
  {
    name: "reference",
    value: "NAME|DIR",
    type: text,
    default: "behaviour",
    help:
      "What the loss holds the learner to: behaviour (BPO), sft, ema, or a PEFT adapter's folder",
  },
  {
    name: "ema-rate",
    value: "A",
    type: number(0, 1),
    default: 0.5,
    help: "Share of the members that the ema reference takes over at a refresh",
  },
  {
    name: "phases",
    value: "F",
    type: whole(1, 1e6),
    shownDefault: "10",
    help:
      "Phases of data: 1 is offline, as many as steps on-policy; the snapshot is refreshed before each",
  },
  {
    name: "refresh-every",
    value: "K",
    type: whole(1, 1e6),
    shownDefault: "ceil(steps / phases)",
    help: "Steps between refreshes, instead of --phases",
  },
  {
    name: "members",
    value: "K",
    type: whole(1, 64),
    default: 5,
    help: "LoRA adapters, trained in one pass",
  },
  {
    name: "annotator",
    value: "NAME",
    type: text,
    default: "stories",
    help: "Who says which answer wins: stories or judge; then ,swap or ,noise:P",
  },
  ...RULE_FLAGS,
];

const SIZE: readonly FlagRow[] = [
  { name: "steps", value: "T", type: whole(1, 1e6), default: 60, help: "Training steps" },
  { name: "pairs", value: "B", type: whole(1, 4096), default: 16, help: "Pairs of answers a step" },
  {
    name: "max-new",
    value: "N",
    type: whole(1, 4096),
    default: 40,
    help: "Most tokens of an answer",
  },
  RANK_ROW,
  ALPHA_ROW,
];

const OPTIMISER: readonly FlagRow[] = [
  {
    name: "beta",
    value: "B",
    type: number(1e-6, 1e6),
    default: 0.1,
    help: "dpo's and slic's beta, ipo's tau (mean over tokens); slic-hf's margin is 1 / beta nats",
  },
  {
    name: "lr",
    value: "LR",
    type: number(1e-9, 10),
    default: 4e-3,
    help: "Learning rate of AdamW",
  },
  SCHEDULE_ROW,
  SEED_ROW,
  {
    name: "temperature",
    value: "T",
    type: number(0.01, 10),
    default: 0.8,
    help: "Of sampling, in training and evaluation",
  },
  TOP_P_ROW,
];

const FILES: readonly FlagRow[] = [
  {
    name: "prompts",
    value: "FILE",
    type: text,
    shownDefault: "story openings",
    help: "One prompt a line, or .json or .jsonl with prompt; a quarter at most is held out",
  },
  {
    name: "model",
    value: "DIR",
    type: text,
    shownDefault: "the stories model",
    help: "Hugging Face folder of a Llama model with tokenizer.json",
  },
  {
    name: "out",
    value: "DIR",
    type: text,
    shownDefault: "runs/TIME-LOSS-SEED",
    help: "Run folder to make",
  },
  RESUME_ROW,
  ACCEPT_CHANGE_ROW,
  {
    name: "replay",
    value: "DIR",
    type: text,
    shownDefault: "none",
    help: "Train on the recorded pairs of this run instead of generating",
  },
  {
    name: "eval-prompts",
    value: "N",
    type: whole(2, 1e6),
    default: 256,
    help: "Prompts to evaluate on, at most",
  },
  {
    name: "phase-prompts",
    value: "N",
    type: whole(2, 1e6),
    default: 64,
    help: "The first of them that evaluations within the run take; the start and the end take all",
  },
  {
    name: "eval-every",
    value: "K",
    type: whole(1, 1e6),
    shownDefault: "ceil(steps / 10)",
    help: "Evaluate at the end of a phase, at least this many steps after the last time",
  },
  {
    name: "checkpoint-every",
    value: "N",
    type: whole(1, 1e6),
    default: 10,
    help: "Steps between checkpoints within a phase",
  },
];

/** Every flag but `--help`. */
export const FLAGS: readonly Flag[] = [
  ...under("Method", METHOD),
  ...under("Size", SIZE),
  ...under("Optimiser and sampling", OPTIMISER),
  ...under("Machine", MACHINE_ROWS),
  ...under("Data and files", FILES),
];

/** Default number of phases, where there are as many steps. */
export const DEFAULT_PHASES = 10;
