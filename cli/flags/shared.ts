// Rows of flags that several commands share: which model and adapters, which rows of a dataset, how answers are drawn.
import { type SamplingOptions, scheduleNames } from "../../core/mod.ts";
import { choice, type Flag, type FlagRow, given, number, text, under, whole } from "./kinds.ts";

/** Which model. */
export const MODEL_FLAG: Flag = {
  group: "Model",
  name: "model",
  value: "PATH|ID",
  type: text,
  shownDefault: "the stories model",
  help: "Folder with config.json, .gguf file, or hub id as org/name[@revision][:file.gguf]",
};

/** Where answers end. */
export const END_TOKEN_ROW: FlagRow = {
  name: "end-token",
  value: "TOKEN",
  type: text,
  joined: true,
  shownDefault: "the model's",
  help: "An end token beside the model's own, as text or id; may be repeated",
};

/** What a model's files leave open: where answers end, and which day it is. */
export const TEMPLATE_ROWS: readonly FlagRow[] = [
  END_TOKEN_ROW,
  {
    name: "date",
    value: "YYYY-MM-DD",
    type: text,
    shownDefault: "today",
    help: "The day that the chat template is told, where it asks for the date",
  },
];

/** Which model, and what its files leave open. */
export const MODEL_FLAGS: readonly Flag[] = [MODEL_FLAG, ...under("Model", TEMPLATE_ROWS)];

/** Which adapters on it. */
export const ADAPTER_FLAG: Flag = {
  group: "Model",
  name: "adapter",
  value: "DIR",
  type: text,
  repeatable: true,
  shownDefault: "base",
  help: "PEFT folder, run folder, RUN#2 for a run's second member, or base; may be repeated",
};

/** The one policy that is asked. */
export const POLICY_FLAG: Flag = {
  ...ADAPTER_FLAG,
  repeatable: false,
  help: "The policy: PEFT folder, run folder, RUN#2 for a run's second member, or base",
};

/** Which device. */
export const MACHINE_ROWS: readonly FlagRow[] = [
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
  {
    name: "memory",
    value: "GIB",
    type: number(1e-4, 1e6),
    shownDefault: "what the device has",
    help: "Most memory to take on the device; what does not fit at once goes in parts",
  },
];

/** What randomness follows from. */
export const SEED_ROW: FlagRow = {
  name: "seed",
  value: "S",
  type: whole(0, Number.MAX_SAFE_INTEGER),
  default: 1,
  help: "Everything random follows from it",
};

/** How the learning rate goes. */
export const SCHEDULE_ROW: FlagRow = {
  name: "schedule",
  ...choice(...scheduleNames),
  default: "linear",
  help: "How the learning rate decays",
};

/** Nucleus sampling. */
export const TOP_P_ROW: FlagRow = {
  name: "top-p",
  value: "P",
  type: number(0.01, 1),
  default: 1,
  help: "Sample from the likeliest tokens that hold this share; 1 is all",
};

/** Size of an adapter. */
export const RANK_ROW: FlagRow = {
  name: "rank",
  value: "R",
  type: whole(1, 256),
  default: 8,
  help: "Rank of each adapter",
};

/** Weight of an adapter. */
export const ALPHA_ROW: FlagRow = {
  name: "alpha",
  value: "A",
  type: number(1e-3, 1e4),
  default: 16,
  help: "The update is scaled by alpha / rank",
};

/** Time for memory. */
export const CHECKPOINTING_ROW: FlagRow = {
  name: "gradient-checkpointing",
  ...given,
  shownDefault: "where a step does not fit",
  help: "Keep only each block's input for the backward pass: a third more work, far less memory",
};

/** Which run goes on. */
export const RESUME_ROW: FlagRow = {
  name: "resume",
  value: "DIR",
  type: text,
  shownDefault: "none",
  help: "Go on with the run in this folder; its flags stay",
};

/** What may differ in a run that goes on. */
export const ACCEPT_CHANGE_ROW: FlagRow = {
  name: "accept-change",
  value: "NAMES",
  type: text,
  shownDefault: "none",
  help:
    "With --resume, what may differ from now on, kept in config.json: rule, data, template, tokenizer or device",
};

/** How the model lies on which device. */
export const DEVICE_FLAGS: readonly Flag[] = under("Machine", [
  ...MACHINE_ROWS,
  {
    name: "base-dtype",
    ...choice("f32", "f16", "int8", "int4"),
    default: "f32",
    help: "How the base model's matrices lie on the device",
  },
  {
    name: "context",
    value: "N",
    type: whole(2, 1e6),
    shownDefault: "the model's, at most 8192",
    help:
      "Longest text in tokens, prompt and answer together; past pretraining's, longrope and dynamic models read all texts as long ones",
  },
]);

/** What a dataset flag takes. */
export const DATA_VALUE = "FILE|DIR|ID";

/** Which rows of a dataset, and under which names. */
export const ROW_FLAGS: readonly FlagRow[] = [
  {
    name: "split",
    value: "NAME",
    type: text,
    help:
      "Part of a folder or hub dataset: train, test, validation; of several configs, CONFIG/SPLIT",
  },
  {
    name: "columns",
    value: "OURS=THEIRS",
    type: text,
    help: "Columns with other names, as prompt=question,chosen=good",
  },
  {
    name: "format",
    ...choice(
      ...["preference", "hh", "sharegpt", "question", "implicit", "ultrafeedback", "alpaca"],
      ...["unpaired", "completion", "label", "messages", "conversations", "prompt", "text"],
    ),
    value: "NAME",
    shownDefault: "as the rows say",
    help:
      "What rows hold: preference, hh, sharegpt, question, implicit, ultrafeedback, alpaca, unpaired, completion, label, messages, conversations, prompt or text",
  },
  {
    name: "limit",
    value: "N",
    type: whole(1, 1e9),
    shownDefault: "all",
    help: "Rows to read at most",
  },
  {
    name: "strict",
    ...given,
    help: "End at the first row that cannot be used, instead of counting it",
  },
];

/** When text is a turn of a dialogue. */
export const CHAT_FLAGS: readonly FlagRow[] = [
  {
    name: "system",
    value: "TEXT",
    type: text,
    help: "First message of every dialogue; needs a chat template",
  },
  {
    name: "chat",
    ...choice("auto", "always", "never"),
    default: "auto",
    help: "Whether text is a user's turn in the chat template; auto: where the model has one",
  },
];

/** How answers are drawn. */
export const SAMPLING_FLAGS: readonly FlagRow[] = [
  {
    name: "max-new",
    value: "N",
    type: whole(1, 1e6),
    shownDefault: "128, or half of a shorter context",
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
];

/** Values of the sampling flags. */
export interface SamplingChoice {
  /** Most tokens of an answer; absent for what the context allows. */
  readonly maxNew?: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 is off. */
  readonly topK: number;
  /** 1 is off. */
  readonly topP: number;
  /** 0 is off. */
  readonly minP: number;
  /** A user's number. */
  readonly seed: number;
}

/** The options of `generate` among the values of a command. */
export function samplingOf(
  { temperature, topK, topP, minP }: SamplingChoice,
): Required<SamplingOptions> {
  return { temperature, topK, topP, minP };
}
