// The flags of `leash train`: those of `deno task train`, on any model and any data. What a flag is by default may follow
// from the others.
import { readAdapterConfig } from "../policy/adapter_files.ts";
import { NO_ANNOTATOR } from "../judge/annotators.ts";
import { USUAL_NEW } from "../data/encoded_prompts.ts";
import { adapterFolder } from "../policy/adapter_spec.ts";
import { firstKind } from "../data/rows.ts";
import { type Flag, type FlagRow, given, text, under, whole } from "../flags/kinds.ts";
import type { FlagValue } from "../flags/parser.ts";
import { UsageError } from "../terminal/mistake.ts";
import { FLAGS } from "../flags/train_table.ts";
import type { FetchOptions } from "../policy/hub_files.ts";
import type { RunConfig } from "../flags/run_config.ts";
import {
  CHAT_FLAGS,
  CHECKPOINTING_ROW,
  DATA_VALUE,
  DEVICE_FLAGS,
  MODEL_FLAG,
  ROW_FLAGS,
  TEMPLATE_ROWS,
} from "../flags/shared.ts";

const STORIES_RATE = 4e-3;
/** For models that have seen more than stories. */
const USUAL_RATE = 1e-4;

/** Most tokens of an answer: stories go on for a sentence or two, chat models say more. */
const STORIES_NEW = 40;

/** Rows of `deno task train` that say more here. */
const CHANGED: Readonly<Record<string, Partial<Flag>>> = {
  model: MODEL_FLAG,
  lr: {
    default: undefined,
    shownDefault: `${STORIES_RATE} for the stories model, else ${USUAL_RATE}`,
  },
  "max-new": {
    default: undefined,
    shownDefault:
      `${STORIES_NEW} for the stories model, else ${USUAL_NEW} or half of a shorter context`,
  },
  reference: { default: undefined, shownDefault: "behaviour; offline sft" },
  annotator: {
    default: undefined,
    shownDefault: "stories; with --data none",
    help: "Who says which answer wins: stories, judge or rule:FILE.ts; then ,swap or ,noise:P",
  },
};

const DATA: readonly FlagRow[] = [
  {
    name: "data",
    value: DATA_VALUE,
    type: text,
    shownDefault: "--prompts",
    help: "Dataset with prompts to answer, or with preferences to learn from",
  },
  ...ROW_FLAGS,
  ...CHAT_FLAGS,
  ...TEMPLATE_ROWS,
  {
    name: "max-prompt",
    value: "N",
    type: whole(1, 1e6),
    shownDefault: "what the answer leaves",
    help: "Most tokens of a prompt; a longer one loses its oldest turns, then words",
  },
  {
    name: "offline",
    ...given,
    shownDefault: "where nobody annotates",
    help: "Learn the preferences of --data and generate nothing",
  },
];

/** Flags on adapters that `leash sft` has too. */
export const LORA_FLAGS: readonly FlagRow[] = [
  {
    name: "target-modules",
    value: "NAMES",
    type: text,
    shownDefault: "all-linear",
    help: "Layers to adapt: names with commas between, a pattern for whole names, or all-linear",
  },
  { name: "rslora", ...given, help: "Scale by alpha / sqrt(rank) instead of alpha / rank" },
];

const ADAPTER: readonly FlagRow[] = [
  {
    name: "adapter",
    value: "DIR",
    type: text,
    shownDefault: "fresh ones",
    help: "PEFT or run folder that every member starts from; sft is then that policy",
  },
  ...LORA_FLAGS,
  CHECKPOINTING_ROW,
  {
    name: "micro-batch",
    value: "N",
    type: whole(1, 4096),
    shownDefault: "all, or what fits",
    help: "Pairs of a step that go through the model at once; their gradients are summed",
  },
];

/** Every flag of `leash train`. */
export const TRAIN_FLAGS: readonly Flag[] = [
  ...under("Data", DATA),
  ...under("Adapters", ADAPTER),
  ...FLAGS.filter(({ group }) => group !== "Machine").map((flag) => ({
    ...flag,
    ...CHANGED[flag.name],
    group: flag.group,
  })),
  ...DEVICE_FLAGS,
];

type Values = Readonly<Record<string, FlagValue>>;

/**
 * Fills in what follows from the data, the model and the adapter; those of a run that goes on stay as they are.
 *
 * @param values Those that were given.
 * @throws {UsageError} If two contradict each other, or nobody is named to annotate.
 */
export async function settleTrainFlags(values: Values, options: FetchOptions): Promise<Values> {
  if (values.resume !== undefined) return values;
  const settled: Record<string, FlagValue> = { ...values };
  settled.lr ??= values.model === undefined ? STORIES_RATE : USUAL_RATE;
  settled.maxNew ??= values.model === undefined ? STORIES_NEW : USUAL_NEW;
  requireTogether(values);
  if (values.data === undefined) settled.annotator ??= "stories";
  else if (values.annotator === undefined && !values.offline) {
    await settleAnnotator(settled, options);
  } else settled.annotator ??= NO_ANNOTATOR;
  if (settled.offline) settleOffline(settled);
  settled.reference ??= "behaviour";
  if (values.adapter !== undefined) await settleAdapter(settled, String(values.adapter));
  return settled;
}

function requireTogether(values: Values): void {
  const refuse = (found: string, expected: string) => {
    throw new UsageError({ verb: "train", found, expected });
  };
  if (values.data !== undefined && values.prompts !== undefined) {
    refuse("--data and --prompts are both given", "one of them");
  }
  if (values.offline && values.data === undefined) {
    refuse("--offline is given without --data", "the dataset whose preferences are learnt");
  }
  if (values.offline && values.replay !== undefined) {
    refuse("--offline and --replay are both given", "one of them");
  }
  const data = ["split", "columns", "format", "limit", "strict", "system", "chat", "max-prompt"];
  const field = (name: string) => name === "max-prompt" ? "maxPrompt" : name;
  const isGiven = (value: FlagValue | undefined) => value !== undefined && value !== "auto";
  const alone = data.find((name) => isGiven(values[field(name)]));
  if (alone !== undefined && values.data === undefined) {
    refuse(`--${alone} is given without --data`, "the dataset that it is about");
  }
}

/** Preferences need nobody; prompts need somebody, and whom no flag can guess. */
async function settleAnnotator(
  settled: Record<string, FlagValue>,
  options: FetchOptions,
): Promise<void> {
  const flags = settled as unknown as RunConfig & { readonly data: string };
  const kind = await firstKind(flags, options);
  if (kind !== "preference") {
    throw new UsageError({
      verb: "train",
      found: `--annotator is not given and --data ${flags.data} has no preferences but rows of ` +
        `${kind}`,
      expected: "who says which answer wins: stories, judge or rule:FILE.ts",
    });
  }
  settled.annotator = NO_ANNOTATOR;
  settled.offline = true;
}

/** Of answers in a file nobody knows who wrote them: the reference is the policy that the run starts from. */
function settleOffline(settled: Record<string, FlagValue>): void {
  settled.reference ??= "sft";
  if (settled.reference === "behaviour" || settled.reference === "ema") {
    throw new UsageError({
      verb: "train",
      thing: "offline",
      found: `--reference is ${settled.reference}`,
      expected: "sft or the folder of an adapter: who wrote a file's answers is not known",
    });
  }
  if ((settled.phases ?? 1) !== 1 || settled.refreshEvery !== undefined) {
    throw new UsageError({
      verb: "train",
      thing: "offline",
      found: `--${settled.refreshEvery === undefined ? "phases" : "refresh-every"} is given`,
      expected: "no more than one phase: a file's data are never refreshed",
    });
  }
  settled.phases = 1;
}

async function settleAdapter(
  settled: Record<string, FlagValue>,
  adapter: string,
): Promise<void> {
  const { rank, alpha, rsLora } = await readAdapterConfig(await adapterFolder(adapter));
  const own = { rank, alpha, rslora: rsLora };
  for (const field of ["rank", "alpha", "rslora"] as const) {
    if (settled[field] !== undefined && settled[field] !== own[field]) {
      throw new UsageError({
        verb: "train",
        found: `--${field} is ${settled[field]}`,
        expected: `the ${own[field]} of --adapter ${adapter}`,
      });
    }
    if (own[field] !== false) settled[field] = own[field];
  }
  if (settled.targetModules !== undefined) {
    throw new UsageError({
      verb: "train",
      found: "--target-modules and --adapter are both given",
      expected: "one of them: an adapter has its modules",
    });
  }
}
