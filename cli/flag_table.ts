// Every flag of `deno task train`, one row each: its kind, its default, what it says of itself.

/** What a flag's value may be. */
export type FlagKind =
  /** A whole number within bounds. */
  | { readonly kind: "whole"; readonly least: number; readonly most: number }
  /** A number within bounds. */
  | { readonly kind: "number"; readonly least: number; readonly most: number }
  /** One of several words. */
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** Text that whoever uses it checks. */
  | { readonly kind: "text" };

/** One flag. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** Heading that `--help` puts it under. */
  readonly group: string;
  /** What stands for the value in `--help`. */
  readonly value: string;
  /** What the value may be. */
  readonly type: FlagKind;
  /** Used where the flag is not given. */
  readonly default?: number | string;
  /** What `--help` says of the default where it is no plain value. */
  readonly shownDefault?: string;
  /** One line. */
  readonly help: string;
}

const whole = (least: number, most: number): FlagKind => ({ kind: "whole", least, most });
const number = (least: number, most: number): FlagKind => ({ kind: "number", least, most });
const text: FlagKind = { kind: "text" };

function choice(...choices: string[]): { value: string; type: FlagKind } {
  return { value: choices.join("|"), type: { kind: "choice", choices } };
}

type Row = Omit<Flag, "group">;

const METHOD: readonly Row[] = [
  {
    name: "loss",
    ...choice("dpo", "ipo", "slic", "slic-hf"),
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
];

const SIZE: readonly Row[] = [
  { name: "steps", value: "T", type: whole(1, 1e6), default: 60, help: "Training steps" },
  { name: "pairs", value: "B", type: whole(1, 4096), default: 16, help: "Pairs of answers a step" },
  {
    name: "max-new",
    value: "N",
    type: whole(1, 4096),
    default: 40,
    help: "Most tokens of an answer",
  },
  { name: "rank", value: "R", type: whole(1, 256), default: 8, help: "Rank of each adapter" },
  {
    name: "alpha",
    value: "A",
    type: number(1e-3, 1e4),
    default: 16,
    help: "The update is scaled by alpha / rank",
  },
];

const OPTIMISER: readonly Row[] = [
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
  {
    name: "schedule",
    ...choice("linear", "cosine", "constant"),
    default: "linear",
    help: "How the learning rate decays",
  },
  {
    name: "seed",
    value: "S",
    type: whole(0, Number.MAX_SAFE_INTEGER),
    default: 1,
    help: "Everything random follows from it",
  },
  {
    name: "temperature",
    value: "T",
    type: number(0.01, 10),
    default: 0.8,
    help: "Of sampling, in training and evaluation",
  },
  {
    name: "top-p",
    value: "P",
    type: number(0.01, 1),
    default: 1,
    help: "Sample from the likeliest tokens that hold this share; 1 is all",
  },
];

const MACHINE: readonly Row[] = [
  {
    name: "device",
    ...choice("auto", "cpu", "webgpu"),
    default: "auto",
    help: "auto takes a real WebGPU adapter, else the CPU; webgpu takes a software one too",
  },
  {
    name: "threads",
    value: "N",
    type: whole(1, 32),
    shownDefault: "cores, at most 8",
    help: "Threads of the CPU device; the result does not depend on it",
  },
];

const FILES: readonly Row[] = [
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
  {
    name: "resume",
    value: "DIR",
    type: text,
    shownDefault: "none",
    help: "Go on with the run in this folder; its flags stay",
  },
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

const under = (group: string, rows: readonly Row[]): Flag[] =>
  rows.map((row) => ({ ...row, group }));

/** Every flag but `--help`. */
export const FLAGS: readonly Flag[] = [
  ...under("Method", METHOD),
  ...under("Size", SIZE),
  ...under("Optimiser and sampling", OPTIMISER),
  ...under("Machine", MACHINE),
  ...under("Data and files", FILES),
];

/** Default number of phases, where there are as many steps. */
export const DEFAULT_PHASES = 10;

/** A flag's name as a field of the config: `max-new` is `maxNew`. */
export function fieldOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A config's field as a flag's name: `maxNew` is `max-new`. */
export function flagOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
