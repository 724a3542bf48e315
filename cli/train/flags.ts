// What `leash train` fills in: the flags whose defaults follow from the data, the model and the adapter.
import { NO_ANNOTATOR } from "../judge/annotators.ts";
import { readAdapterConfig } from "../policy/adapter_files.ts";
import { adapterFolder } from "../policy/adapter_spec.ts";
import { firstKind } from "../data/rows.ts";
import { flagOf } from "../flags/kinds.ts";
import { UsageError } from "../terminal/mistake.ts";
import { USUAL_NEW } from "../flags/shared.ts";
import { STORIES_USUAL, USUAL_RATE } from "../flags/train_table.ts";
import type { TrainValues } from "../flags/train_request.ts";
import type { FetchOptions } from "../policy/hub_files.ts";

/**
 * Fills in what follows from the data, the model and the adapter; those of a run that goes on stay as they are.
 *
 * @param values Those that were given.
 * @throws {UsageError} If two contradict each other, or nobody is named to annotate.
 */
export async function settleTrainFlags(
  values: TrainValues,
  options: FetchOptions,
): Promise<TrainValues> {
  if (values.resume !== undefined) return values;
  requireTogether(values);
  const usual = values.model === undefined ? STORIES_USUAL : { lr: USUAL_RATE, maxNew: USUAL_NEW };
  const annotated = await settleAnnotator({ ...usual, ...values }, options);
  const settled = annotated.offline ? settleOffline(annotated) : annotated;
  const { adapter } = settled;
  return adapter === undefined ? settled : await settleAdapter(settled, adapter);
}

const OF_DATA = [
  ...["split", "columns", "format", "limit", "strict", "system", "chat", "maxPrompt"] as const,
];

function requireTogether(values: TrainValues): void {
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
  const isGiven = (value: unknown) => value !== undefined && value !== "auto";
  const alone = OF_DATA.find((field) => isGiven(values[field]));
  if (alone !== undefined && values.data === undefined) {
    refuse(`--${flagOf(alone)} is given without --data`, "the dataset that it is about");
  }
}

/** Preferences need nobody; prompts need somebody, and whom no flag can guess. */
async function settleAnnotator(values: TrainValues, options: FetchOptions): Promise<TrainValues> {
  const { annotator, offline, data } = values;
  if (annotator !== undefined) return values;
  if (offline) return { ...values, annotator: NO_ANNOTATOR };
  const kind = data === undefined ? undefined : await firstKind({ ...values, data }, options);
  if (kind === "preference") return { ...values, annotator: NO_ANNOTATOR, offline: true };
  throw new UsageError({
    verb: "train",
    found: "--annotator is not given" +
      (kind === undefined ? "" : ` and --data ${data} has no preferences but rows of ${kind}`),
    expected: "who says which answer wins: stories, judge or rule:FILE.ts",
  });
}

/** Of answers in a file nobody knows who wrote them: the reference is the policy that the run starts from. */
function settleOffline(values: TrainValues): TrainValues {
  const { reference = "sft", phases = 1, refreshEvery } = values;
  const refuse = (found: string, expected: string) => {
    throw new UsageError({ verb: "train", thing: "offline", found, expected });
  };
  if (reference === "behaviour" || reference === "ema") {
    refuse(
      `--reference is ${reference}`,
      "sft or the folder of an adapter: who wrote a file's answers is not known",
    );
  }
  if (phases !== 1 || refreshEvery !== undefined) {
    refuse(
      `--${refreshEvery === undefined ? "phases" : "refresh-every"} is given`,
      "no more than one phase: a file's data are never refreshed",
    );
  }
  return { ...values, reference, phases };
}

/** An adapter has its own size and modules. */
async function settleAdapter(values: TrainValues, adapter: string): Promise<TrainValues> {
  const { rank, alpha, rsLora } = await readAdapterConfig(await adapterFolder(adapter));
  const own = { rank, alpha, rslora: rsLora };
  const refuse = (found: string, expected: string) => {
    throw new UsageError({ verb: "train", found, expected });
  };
  for (const field of ["rank", "alpha", "rslora"] as const) {
    if (values[field] !== undefined && values[field] !== own[field]) {
      refuse(`--${field} is ${values[field]}`, `the ${own[field]} of --adapter ${adapter}`);
    }
  }
  if (values.targetModules !== undefined) {
    refuse(
      "--target-modules and --adapter are both given",
      "one of them: an adapter has its modules",
    );
  }
  return { ...values, rank, alpha, ...(rsLora ? { rslora: rsLora } : {}) };
}
