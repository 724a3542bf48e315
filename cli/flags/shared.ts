// Rows of flags that several commands share: which model and adapters, which rows of a dataset, how answers are drawn.
import { scheduleNames } from "../../core/mod.ts";
import { choice, type FlagRow, given, number, text, whole } from "./kinds.ts";
import type { CompleteValues } from "./values.ts";

/** Which model. */
export const MODEL_ROW = {
  name: "model",
  to: "files.model",
  path: true,
  value: "PATH|ID",
  type: text,
  shownDefault: "the stories model",
  help: "Folder with config.json, .gguf file, or hub id as org/name[@revision][:file.gguf]",
} as const satisfies FlagRow;

/** Where answers end. */
export const END_TOKEN_ROW = {
  name: "end-token",
  to: "files.endToken",
  value: "TOKEN",
  type: text,
  joined: true,
  shownDefault: "the model's",
  help: "An end token beside the model's own, as text or id; may be repeated",
} as const satisfies FlagRow;

/** What a model's files leave open: where answers end, and which day it is. */
export const TEMPLATE_ROWS = [
  END_TOKEN_ROW,
  {
    name: "date",
    to: "files.date",
    value: "YYYY-MM-DD",
    type: text,
    shownDefault: "today",
    help: "The day that the chat template is told, where it asks for the date",
  },
] as const satisfies readonly FlagRow[];

/** Which model, and what its files leave open. */
export const MODEL_ROWS = [MODEL_ROW, ...TEMPLATE_ROWS] as const;

/** Which adapters on it. */
export const ADAPTERS_ROW = {
  name: "adapter",
  value: "DIR",
  type: text,
  repeatable: true,
  shownDefault: "base",
  help: "PEFT folder, run folder, RUN#2 for a run's second member, or base; may be repeated",
} as const satisfies FlagRow;

/** The one policy that is asked. */
export const POLICY_ROW = {
  ...ADAPTERS_ROW,
  repeatable: false,
  help: "The policy: PEFT folder, run folder, RUN#2 for a run's second member, or base",
} as const satisfies FlagRow;

/** Which device. */
const MACHINE_ROWS = [
  {
    name: "device",
    to: "device.device",
    ...choice("auto", "cpu", "webgpu"),
    default: "auto",
    help: "auto takes a real WebGPU adapter, else the CPU; webgpu takes a software one too",
  },
  {
    name: "threads",
    to: "device.threads",
    free: true,
    value: "N",
    type: whole(1, 32),
    shownDefault: "cores, at most 8",
    help: "Threads of the CPU device; the result does not depend on it",
  },
  {
    name: "memory",
    to: "device.memory",
    free: true,
    value: "GIB",
    type: number(1e-4, 1e6),
    shownDefault: "what the device has",
    help: "Most memory to take on the device; what does not fit at once goes in parts",
  },
] as const satisfies readonly FlagRow[];

/** What randomness follows from. */
export const SEED_ROW = {
  name: "seed",
  to: "sampling.seed",
  value: "S",
  type: whole(0, Number.MAX_SAFE_INTEGER),
  default: 1,
  help: "Everything random follows from it",
} as const satisfies FlagRow;

/** How the learning rate goes. */
export const SCHEDULE_ROW = {
  name: "schedule",
  to: "optimiser.schedule",
  ...choice(...scheduleNames),
  default: "linear",
  help: "How the learning rate decays",
} as const satisfies FlagRow;

/** Nucleus sampling. */
export const TOP_P_ROW = {
  name: "top-p",
  to: "sampling.topP",
  value: "P",
  type: number(0.01, 1),
  default: 1,
  help: "Sample from the likeliest tokens that hold this share; 1 is all",
} as const satisfies FlagRow;

/** Size of an adapter. */
export const RANK_ROW = {
  name: "rank",
  to: "adapter.rank",
  value: "R",
  type: whole(1, 256),
  default: 8,
  help: "Rank of each adapter",
} as const satisfies FlagRow;

/** Weight of an adapter. */
export const ALPHA_ROW = {
  name: "alpha",
  to: "adapter.alpha",
  value: "A",
  type: number(1e-3, 1e4),
  default: 16,
  help: "The update is scaled by alpha / rank",
} as const satisfies FlagRow;

/** Which run goes on. */
export const RESUME_ROW = {
  name: "resume",
  value: "DIR",
  type: text,
  shownDefault: "none",
  help: "Go on with the run in this folder; its flags stay",
} as const satisfies FlagRow;

/** What may differ in a run that goes on. */
export const ACCEPT_CHANGE_ROW = {
  name: "accept-change",
  value: "NAMES",
  type: text,
  shownDefault: "none",
  help:
    "With --resume, what may differ from now on, kept in config.json: rule, data, template, tokenizer or device",
} as const satisfies FlagRow;

/** How the model lies on which device. */
export const DEVICE_ROWS = [
  ...MACHINE_ROWS,
  {
    name: "base-dtype",
    to: "device.baseDtype",
    ...choice("f32", "f16", "int8", "int4"),
    default: "f32",
    help: "How the base model's matrices lie on the device",
  },
  {
    name: "context",
    to: "device.context",
    value: "N",
    type: whole(2, 1e6),
    shownDefault: "the model's, at most 8192",
    help:
      "Longest text in tokens, prompt and answer together; past pretraining's, longrope and dynamic models read all texts as long ones",
  },
] as const satisfies readonly FlagRow[];

/** What a dataset flag takes. */
const DATA_VALUE = "FILE|DIR|ID";

/** Which dataset; whoever has it says what it is for. */
export const DATA_ROW = {
  name: "data",
  value: DATA_VALUE,
  type: text,
} as const satisfies Omit<FlagRow, "help">;

/** Which rows of a dataset, and under which names. */
export const DATA_ROWS = [
  {
    name: "split",
    to: "data.split",
    value: "NAME",
    type: text,
    help:
      "Part of a folder or hub dataset: train, test, validation; of several configs, CONFIG/SPLIT",
  },
  {
    name: "columns",
    to: "data.columns",
    value: "OURS=THEIRS",
    type: text,
    help: "Columns with other names, as prompt=question,chosen=good",
  },
  {
    name: "format",
    to: "data.format",
    // deno-fmt-ignore
    ...choice(
      "preference", "hh", "sharegpt", "question", "implicit", "ultrafeedback", "alpaca",
      "unpaired", "completion", "label", "messages", "conversations", "prompt", "text",
    ),
    value: "NAME",
    shownDefault: "as the rows say",
    help:
      "What rows hold: preference, hh, sharegpt, question, implicit, ultrafeedback, alpaca, unpaired, completion, label, messages, conversations, prompt or text",
  },
  {
    name: "limit",
    to: "data.limit",
    value: "N",
    type: whole(1, 1e9),
    shownDefault: "all",
    help: "Rows to read at most",
  },
  {
    name: "strict",
    to: "data.strict",
    ...given,
    help: "End at the first row that cannot be used, instead of counting it",
  },
] as const satisfies readonly FlagRow[];

/** When text is a turn of a dialogue. */
export const CHAT_ROWS = [
  {
    name: "system",
    to: "data.system",
    value: "TEXT",
    type: text,
    help: "First message of every dialogue; needs a chat template",
  },
  {
    name: "chat",
    to: "data.chat",
    ...choice("auto", "always", "never"),
    default: "auto",
    help: "Whether text is a user's turn in the chat template; auto: where the model has one",
  },
] as const satisfies readonly FlagRow[];

/** Which rows of a dataset, and what becomes a dialogue. */
export const DATASET_ROWS = [...DATA_ROWS, ...CHAT_ROWS] as const;

/** Most tokens of an answer where no flag says it, and the context has room. */
export const USUAL_NEW = 128;

/** How answers are drawn. */
export const SAMPLING_ROWS = [
  {
    name: "max-new",
    value: "N",
    type: whole(1, 1e6),
    shownDefault: `${USUAL_NEW}, or half of a shorter context`,
    help: "Most tokens of an answer",
  },
  {
    name: "temperature",
    value: "T",
    type: number(0, 100),
    default: 0.7,
    help: "Softmax temperature; 0 always takes the likeliest token",
  },
  {
    name: "top-k",
    value: "K",
    type: whole(0, 1e6),
    default: 0,
    help: "Sample from the K likeliest tokens; 0 is all",
  },
  TOP_P_ROW,
  {
    name: "min-p",
    value: "P",
    type: number(0, 1),
    default: 0,
    help: "Sample from tokens with this share of the likeliest one's probability; 0 is all",
  },
  SEED_ROW,
] as const satisfies readonly FlagRow[];

/** Values of the sampling flags. */
export type SamplingChoice = CompleteValues<typeof SAMPLING_ROWS[number]>;
