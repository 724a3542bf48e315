// `--replay DIR`: the pairs that another run recorded, step by step, instead of new ones.
import { readJsonl } from "../../../files/mod.ts";
import type { PairRecord, ReferenceMode } from "../../../scheduler/mod.ts";
import { sha256 } from "../../../core/base/sha256.ts";
import { flagOf } from "../../flags/kinds.ts";
import { runConfig, type RunSettings } from "../../flags/run_config.ts";
import { completeSettings, STORIES_PRESET } from "../../flags/train_request.ts";
import { DEFAULT_PHASES } from "../../flags/train_table.ts";
import { UsageError } from "../../terminal/mistake.ts";
import { cadenceOf } from "../../flags/cadence.ts";
import { DATASET } from "../../../training/sources/offline.ts";
import { requireWholeLog } from "../../../files/run_checkpoints.ts";
import { requireSame } from "../../folder/identity.ts";
import { FILES, readIdentity, type RunIdentity } from "../../folder/run_folder.ts";
import { isThere } from "../../../files/durable/disk.ts";

/** Recorded pairs that fit a run. */
export interface Replay {
  /** In the order of the file. */
  readonly records: readonly PairRecord[];
  /** Fingerprint of the file. */
  readonly digest: string;
  /** Refuses pairs of another model, tokenizer or rule; known once the model is loaded. */
  requireModel(now: ReplayConditions): void;
}

/** What must be the recorded run's besides flags. */
export type ReplayConditions = Pick<RunIdentity, "model" | "settings" | "tokenizer" | "rule">;

/** What recorded pairs must fit. */
export interface ReplayNeeds {
  /** Steps that each need a pair. */
  readonly steps: number;
  /** Ids are below it. */
  readonly vocabSize: number;
  /** Whose model's tokenizer the ids must be of: its name, and its hash where it has one. */
  readonly tokenizer?: { readonly name: string; readonly hash: string | undefined };
  /** What the loss holds the learner to. */
  readonly reference: ReferenceMode["kind"];
  /** The run's flags: those that the pairs depend on must be the recorded ones. */
  readonly settings: RunSettings;
}

/** Flags that say how pairs came about. */
const DATA_FLAGS = ["pairs", "maxNew", "temperature", "topP", "annotator"] as const;

/** The flags that a replay of this run must repeat because they are not the defaults. */
export function dataFlags(settings: RunSettings): string[] {
  const usually = completeSettings("train", STORIES_PRESET);
  const changed = (["steps", ...DATA_FLAGS] as const)
    .filter((field) => settings[field] !== usually[field])
    .map((field) => `--${flagOf(field)} ${settings[field]}`);
  const { refreshEvery, steps } = cadenceOf(runConfig(settings).method);
  const usual = Math.ceil(steps / Math.min(DEFAULT_PHASES, steps));
  return refreshEvery === usual ? changed : [...changed, `--refresh-every ${refreshEvery}`];
}

function requireSameData(dir: string, recorded: RunSettings, settings: RunSettings): void {
  for (const field of DATA_FLAGS) {
    if (recorded[field] === settings[field]) continue;
    throw new UsageError({
      verb: "replay",
      thing: dir,
      found: `--${flagOf(field)} is ${settings[field]}`,
      expected: `the ${recorded[field]} of the recorded run`,
    });
  }
  const [theirs, ours] = [recorded, settings]
    .map((one) => cadenceOf(runConfig(one).method).refreshEvery);
  if (theirs % ours !== 0) { // a phase would hold pairs of two snapshots
    throw new UsageError({
      verb: "replay",
      thing: dir,
      found: `this run refreshes every ${ours} steps`,
      expected: `a divisor of the recorded run's ${theirs}`,
      fix: `Give --refresh-every ${theirs}`,
    });
  }
}

/**
 * Reads the pairs of another run.
 *
 * @throws {UsageError} If the folder has none, a line is no pair, steps are missing, or they are another model's or
 * another tokenizer's.
 */
export async function loadReplay(dir: string, needs: ReplayNeeds): Promise<Replay> {
  const path = `${dir}/${FILES.pairs}`;
  if (!await isThere(path)) {
    throw new UsageError({
      verb: "replay",
      thing: dir,
      found: `${FILES.pairs} is missing`,
      expected: "the folder of a run",
    });
  }
  const recorded = await isThere(`${dir}/${FILES.config}`)
    ? await readIdentity(dir, "replay")
    : undefined;
  if (recorded !== undefined) requireSameData(dir, recorded.config, needs.settings);
  if (recorded !== undefined) await requireWholeLog(dir, "pairs", "replay");
  const lines = await readJsonl(path);
  const records = lines.map((line, i) => checkRecord(line, `${path} line ${i + 1}`, needs));
  const there = new Set(records.map(({ step }) => step));
  for (let step = 0; step < needs.steps; step++) {
    if (there.has(step)) continue;
    throw new UsageError({
      verb: "replay",
      thing: dir,
      found: `it has no pairs for step ${step}`,
      expected: `pairs for all ${needs.steps} steps`,
      fix: `Give --steps ${step || 1} at most`,
    });
  }
  return {
    records,
    digest: await sha256(await Deno.readFile(path)),
    requireModel(now): void {
      if (recorded === undefined) return;
      const fields = ["rule", "model", "settings", "tokenizer"] as const;
      requireSame({ ...recorded, ...now }, recorded, {
        ...{ doing: `replay ${dir}`, whose: "the recorded run", flags: false },
        fields: fields.filter((field) => recorded[field] !== undefined),
      });
    },
  };
}

function checkRecord(value: unknown, where: string, needs: ReplayNeeds): PairRecord {
  const wrong = (what: string): never => {
    throw new UsageError({ verb: "read", thing: where, found: what });
  };
  const record = value as PairRecord;
  if (typeof value !== "object" || value === null || !Number.isSafeInteger(record.step)) {
    return wrong("step is missing, expected a recorded pair");
  }
  const isIds = (ids: unknown) =>
    Array.isArray(ids) && ids.length > 0 &&
    ids.every((id) => Number.isInteger(id) && id >= 0 && id < needs.vocabSize);
  if (!isIds(record.promptIds)) {
    return wrong(`promptIds is malformed, expected ids below ${needs.vocabSize}`);
  }
  const [theirs, ours] = [record.tokenizer?.hash, needs.tokenizer?.hash];
  if (theirs !== undefined && ours !== undefined && theirs !== ours) {
    return wrong(
      `its token ids are of the tokenizer ${String(theirs).slice(0, 12)}, expected ${
        ours.slice(0, 12)
      }, that of ` +
        `${
          needs.tokenizer!.name
        }. Give the model of the recorded run, or export its pairs and give them as --data`,
    );
  }
  for (const name of ["a", "b"] as const) {
    const answer = record[name];
    const sound = isIds(answer?.ids) && Array.isArray(answer.logps) &&
      answer.logps.length === answer.ids.length && answer.logps.every(Number.isFinite) &&
      Number.isFinite(answer.referenceLogp);
    if (!sound) {
      return wrong(
        `answer ${name} is malformed, expected ids below ${needs.vocabSize}, as many logps, and referenceLogp`,
      );
    }
  }
  if (!["a", "b", "tie", "failed"].includes(record.verdict?.outcome)) {
    return wrong("verdict is malformed, expected an outcome of a, b, tie or failed");
  }
  if (typeof record.snapshotId !== "string" || typeof record.referenceId !== "string") {
    return wrong("snapshotId or referenceId is missing, expected both");
  }
  if (needs.reference === "behaviour" && record.snapshotId === DATASET) {
    return wrong(
      "its answers are a dataset's, expected those of a snapshot, since --reference is behaviour",
    );
  }
  if (needs.reference === "ema" && !record.referenceId.startsWith("ema-")) {
    return wrong(
      `the reference is ${record.referenceId}, expected that of an ema run, since --reference is ema`,
    );
  }
  return record;
}
