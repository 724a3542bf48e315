// Every flag of `leash sft`, said once, and the config that follows from it.
import {
  type Flag,
  type FlagSections,
  flagsOf,
  given,
  number,
  text,
  whole,
} from "../flags/kinds.ts";
import {
  ACCEPT_CHANGE_ROW,
  ALPHA_ROW,
  DATA_ROW,
  DATASET_ROWS,
  DEVICE_ROWS,
  MODEL_ROWS,
  RANK_ROW,
  RESUME_ROW,
  SCHEDULE_ROW,
  SEED_ROW,
} from "../flags/shared.ts";
import { CHECKPOINTING_ROW, LORA_ROWS } from "../flags/adapter_rows.ts";
import { type CompleteValues, type GivenValues, type RowsOf, rowsOf } from "../flags/values.ts";
import type { Identity } from "../folder/run_folder.ts";

/** Most tokens of a row unless `--max-length` says otherwise. */
export const DEFAULT_LENGTH: number = 1024;
/** The learning rate of an adapter and of all weights, unless `--lr` says otherwise. */
export const SFT_RATE = { adapter: 2e-4, full: 2e-5 } as const;

/** The table. */
export const SFT_SECTIONS = {
  "Model": MODEL_ROWS,
  "Data": [
    {
      ...DATA_ROW,
      required: true,
      help: "Dataset with prompt and completion, messages, chosen answers, or text",
    },
    ...DATASET_ROWS,
    {
      name: "max-length",
      value: "N",
      type: whole(2, 1e6),
      shownDefault: `the context, at most ${DEFAULT_LENGTH}`,
      help: "Most tokens of a row; a longer one loses its end",
    },
    {
      name: "max-prompt",
      value: "N",
      type: whole(1, 1e6),
      shownDefault: "what its answer leaves",
      help: "Most tokens of a prompt; a longer one loses its oldest turns, then words",
    },
    {
      name: "eval-share",
      value: "S",
      type: number(0, 0.5),
      default: 0.05,
      help: "Share of the rows that is held out to measure on",
    },
  ],
  "Training": [
    {
      name: "steps",
      value: "T",
      type: whole(1, 1e7),
      shownDefault: "by --epochs",
      help: "Updates",
    },
    {
      name: "epochs",
      value: "N",
      type: whole(1, 1000),
      shownDefault: "1",
      help: "Times through the data, instead of --steps",
    },
    {
      name: "batch-tokens",
      value: "N",
      type: whole(1, 1e6),
      default: 2048,
      help: "Tokens of a batch: whole rows, packed without padding",
    },
    {
      name: "micro-tokens",
      value: "N",
      type: whole(1, 1e6),
      shownDefault: "all, or what fits",
      help: "Tokens of a batch that go through the model at once; their gradients are summed",
    },
    CHECKPOINTING_ROW,
    {
      name: "lr",
      settled: true,
      value: "LR",
      type: number(1e-9, 10),
      shownDefault: `${SFT_RATE.adapter}, with --full ${SFT_RATE.full}`,
      help: "Learning rate of AdamW",
    },
    SCHEDULE_ROW,
    SEED_ROW,
  ],
  "What learns": [
    { name: "full", ...given, help: "All weights in f32 instead of an adapter" },
    { ...RANK_ROW, help: "Rank of the adapter" },
    ALPHA_ROW,
    ...LORA_ROWS,
  ],
  "Result": [
    {
      name: "out",
      value: "DIR",
      type: text,
      shownDefault: "runs/TIME-sft-SEED",
      help: "Folder to make, with adapter/ or model/, metrics.jsonl and summary.json",
    },
    RESUME_ROW,
    ACCEPT_CHANGE_ROW,
    {
      name: "checkpoint-every",
      free: true,
      value: "N",
      type: whole(1, 1e7),
      default: 50,
      help: "Steps between checkpoints",
    },
  ],
  "Machine": DEVICE_ROWS,
} as const satisfies FlagSections;

/** Every flag of `leash sft`. */
export const SFT_FLAGS: readonly Flag[] = flagsOf(SFT_SECTIONS);

type Row = RowsOf<typeof SFT_SECTIONS>;
const FOLDER = ["out", "resume", "accept-change"] as const;
type FolderRow = Extract<Row, { readonly name: typeof FOLDER[number] }>;

/** The rows of what defines a run: all but those that say which folder it has. */
export const CONFIG_ROWS: readonly Exclude<Row, FolderRow>[] = rowsOf(SFT_SECTIONS).filter(
  (row): row is Exclude<Row, FolderRow> => !FOLDER.some((name) => name === row.name),
);

/** The values of the flags that were given. */
export type SftValues = GivenValues<Row>;

/** What defines a run. Fields are the flags' names in camel case. */
export type SftConfig = CompleteValues<Exclude<Row, FolderRow>>;

/** What must be the same for a run to go on bit for bit. */
export interface SftIdentity extends Identity<SftConfig> {
  /** Fingerprint of the rows in tokens. */
  readonly rows: string;
}
