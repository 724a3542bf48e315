// Every flag of `train`, said once: its kind, its default, what it says of itself, and where its value goes in a run's
// config.
import { lossNames } from "../../losses/mod.ts";
import {
  choice,
  type Flag,
  type FlagRow,
  type FlagSections,
  flagsOf,
  given,
  number,
  text,
  whole,
} from "./kinds.ts";
import { rowsOf } from "./values.ts";
import { ADAPTER_ROWS } from "./adapter_rows.ts";
import { JUDGE_ROWS } from "./judge_rows.ts";
import { RULE_ROWS } from "./rule_rights.ts";
import {
  ACCEPT_CHANGE_ROW,
  ALPHA_ROW,
  DATA_ROW,
  DATASET_ROWS,
  DEVICE_ROWS,
  MODEL_ROW,
  RANK_ROW,
  RESUME_ROW,
  SCHEDULE_ROW,
  SEED_ROW,
  TEMPLATE_ROWS,
  TOP_P_ROW,
  USUAL_NEW,
} from "./shared.ts";

/** What is usual for the stories model: stories go on for a sentence or two, and it has seen little else. */
export const STORIES_USUAL = { lr: 4e-3, maxNew: 40 } as const;
/** The learning rate of models that have seen more. */
export const USUAL_RATE = 1e-4;

const DATA = [
  {
    ...DATA_ROW,
    to: "data.data",
    path: true,
    shownDefault: "--prompts",
    help: "Dataset with prompts to answer, or with preferences to learn from",
  },
  ...DATASET_ROWS,
  ...TEMPLATE_ROWS,
  {
    name: "max-prompt",
    to: "data.maxPrompt",
    value: "N",
    type: whole(1, 1e6),
    shownDefault: "what the answer leaves",
    help: "Most tokens of a prompt; a longer one loses its oldest turns, then words",
  },
  {
    name: "offline",
    to: "method.offline",
    ...given,
    shownDefault: "where nobody annotates",
    help: "Learn the preferences of --data and generate nothing",
  },
] as const satisfies readonly FlagRow[];

const METHOD = [
  {
    name: "loss",
    to: "method.loss",
    ...choice(...lossNames),
    default: "dpo",
    help: "Preference loss",
  },
  {
    name: "reference",
    to: "method.reference",
    path: true,
    value: "NAME|DIR",
    type: text,
    settled: true,
    shownDefault: "behaviour; offline sft",
    help:
      "What the loss holds the learner to: behaviour (BPO), sft, ema, or a PEFT adapter's folder",
  },
  {
    name: "ema-rate",
    to: "method.emaRate",
    value: "A",
    type: number(0, 1),
    default: 0.5,
    help: "Share of the members that the ema reference takes over at a refresh",
  },
  {
    name: "phases",
    to: "method.phases",
    value: "F",
    type: whole(1, 1e6),
    shownDefault: "10",
    help:
      "Phases of data: 1 is offline, as many as steps on-policy; the snapshot is refreshed before each",
  },
  {
    name: "refresh-every",
    to: "method.refreshEvery",
    value: "K",
    type: whole(1, 1e6),
    shownDefault: "ceil(steps / phases)",
    help: "Steps between refreshes, instead of --phases",
  },
  {
    name: "members",
    to: "adapter.members",
    value: "K",
    type: whole(1, 64),
    default: 5,
    help: "LoRA adapters, trained in one pass",
  },
  {
    name: "annotator",
    to: "method.annotator",
    value: "NAME",
    type: text,
    settled: true,
    shownDefault: "none for preferences",
    help:
      "Who says which answer wins: stories, stories-judge, rule:FILE.ts or judge:URL#MODEL; then ,swap or ,noise:P",
  },
  ...RULE_ROWS,
  ...JUDGE_ROWS,
] as const satisfies readonly FlagRow[];

const SIZE = [
  {
    name: "steps",
    to: "method.steps",
    value: "T",
    type: whole(1, 1e6),
    default: 60,
    help: "Training steps",
  },
  {
    name: "pairs",
    to: "method.pairs",
    value: "B",
    type: whole(1, 4096),
    default: 16,
    help: "Pairs of answers a step",
  },
  {
    name: "max-new",
    to: "sampling.maxNew",
    value: "N",
    type: whole(1, 4096),
    settled: true,
    shownDefault:
      `${STORIES_USUAL.maxNew} for the stories model, else ${USUAL_NEW} or half of a shorter context`,
    help: "Most tokens of an answer",
  },
  RANK_ROW,
  ALPHA_ROW,
] as const satisfies readonly FlagRow[];

const OPTIMISER = [
  {
    name: "beta",
    to: "method.beta",
    value: "B",
    type: number(1e-6, 1e6),
    default: 0.1,
    help: "dpo's and slic's beta, ipo's tau (mean over tokens); slic-hf's margin is 1 / beta nats",
  },
  {
    name: "lr",
    to: "optimiser.lr",
    value: "LR",
    type: number(1e-9, 10),
    settled: true,
    shownDefault: `${STORIES_USUAL.lr} for the stories model, else ${USUAL_RATE}`,
    help: "Learning rate of AdamW",
  },
  SCHEDULE_ROW,
  SEED_ROW,
  {
    name: "temperature",
    to: "sampling.temperature",
    value: "T",
    type: number(0.01, 10),
    default: 0.8,
    help: "Of sampling, in training and evaluation",
  },
  TOP_P_ROW,
] as const satisfies readonly FlagRow[];

const FILES = [
  {
    name: "prompts",
    to: "data.prompts",
    path: true,
    value: "FILE",
    type: text,
    shownDefault: "story openings",
    help: "One prompt a line, or .json or .jsonl with prompt; a quarter at most is held out",
  },
  MODEL_ROW,
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
    to: "data.replay",
    path: true,
    value: "DIR",
    type: text,
    shownDefault: "none",
    help: "Train on the recorded pairs of this run instead of generating",
  },
  {
    name: "eval-prompts",
    to: "data.evalPrompts",
    value: "N",
    type: whole(2, 1e6),
    default: 256,
    help: "Prompts to evaluate on, at most",
  },
  {
    name: "phase-prompts",
    to: "data.phasePrompts",
    value: "N",
    type: whole(2, 1e6),
    default: 64,
    help: "The first of them that evaluations within the run take; the start and the end take all",
  },
  {
    name: "eval-every",
    to: "data.evalEvery",
    value: "K",
    type: whole(1, 1e6),
    settled: true,
    shownDefault: "ceil(steps / 10)",
    help: "Evaluate at the end of a phase, at least this many steps after the last time",
  },
  {
    name: "checkpoint-every",
    to: "files.checkpointEvery",
    free: true,
    value: "N",
    type: whole(1, 1e6),
    default: 10,
    help: "Steps between checkpoints within a phase",
  },
] as const satisfies readonly FlagRow[];

/** The table. */
export const TRAIN_SECTIONS = {
  "Data": DATA,
  "Adapters": ADAPTER_ROWS,
  "Method": METHOD,
  "Size": SIZE,
  "Optimiser and sampling": OPTIMISER,
  "Data and files": FILES,
  "Machine": DEVICE_ROWS,
} as const satisfies FlagSections;

/** The one key of a config that is no flag: what `--steps` leaves where it makes a run longer. */
const EXTENDED_AT = {
  name: "extended-at",
  to: "method.extendedAt",
  value: "T,T",
  type: text,
  help: "Steps that the run had each time before it was extended; a phase begins there",
} as const satisfies FlagRow;

/** Every flag but `--help`. */
export const TRAIN_FLAGS: readonly Flag[] = flagsOf(TRAIN_SECTIONS);

/** Every key of a config, as a row. */
export const CONFIG_ROWS = [...rowsOf(TRAIN_SECTIONS), EXTENDED_AT] as const;

/** Default number of phases, where there are as many steps. */
export const DEFAULT_PHASES = 10;
