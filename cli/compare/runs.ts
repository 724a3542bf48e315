// The runs of a comparison, one after the other in one process: what is done is skipped, what was interrupted goes on,
// and a plan that changed is refused before anything is trained.
import { loadWordList } from "../../stories/text_quality.ts";
import { type FolderLock, lockFolder, writeFileDurably } from "../../files/mod.ts";
import { counted } from "../terminal/counted.ts";
import { buildAnnotators, type StoriesAnnotators } from "../judge/annotators.ts";
import { readEvidence, recordingReferences } from "./evidence.ts";
import type { PlannedRun } from "./plan.ts";
import type { DoneRun } from "./table.ts";
import { checkFinished } from "../folder/finished.ts";
import { firstDifference, runConfig, type RunSettings } from "../flags/run_config.ts";
import { type TrainRequest, withDefaults } from "../flags/train_request.ts";
import { UsageError } from "../terminal/mistake.ts";
import { Interrupted } from "../terminal/interrupt.ts";
import { differenceOf as identityDifference } from "../folder/identity.ts";
import { withAbsolutePaths } from "../flags/paths.ts";
import { clock } from "../terminal/progress.ts";
import { FILES, readIdentity, type RunIdentity } from "../folder/run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";
import { asUsage } from "../terminal/system_mistake.ts";
import type { Summary } from "../train/results/summary.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { Mistake } from "../../core/base/mistake.ts";
import type { TrainOptions } from "../train/train.ts";

/** Trains as a command says, as `train` does. */
export type Train = (
  request: TrainRequest,
  options: TrainOptions & { readonly annotators?: StoriesAnnotators },
) => Promise<Summary>;

/** How to run a comparison. */
export interface RunsOptions {
  /** Where to print. */
  readonly terminal: Terminal;
  /** Ends it at the next safe moment. */
  readonly signal: AbortSignal;
  /** The train program. */
  readonly train: Train;
}

const FORMAT = "leash-compare-1";

interface StoredPlan {
  readonly format: string;
  readonly configs: Readonly<Record<string, RunSettings>>;
}

/** Where a comparison keeps its plan. */
const planFile = (dir: string) => `${dir}/plan.json`;
/** Where it keeps the texts that answers are measured with. */
const referencesFile = (dir: string) => `${dir}/references.json`;

/**
 * Takes the folder of a comparison: writes the plan into a new one, compares it in one that is there.
 *
 * @returns The lock on the folder; the caller releases it.
 * @throws {UsageError} If the folder has another plan, naming the field, or belongs to another process.
 */
export async function ownComparison(
  dir: string,
  plan: readonly PlannedRun[],
): Promise<FolderLock> {
  const path = planFile(dir);
  if (await isThere(`${dir}/${FILES.config}`)) {
    throw new UsageError({
      verb: "compare",
      thing: `in ${dir}`,
      found: `it has a ${FILES.config}`,
      expected: "a folder of its own, not a run's",
    });
  }
  const configs = Object.fromEntries(plan.map(({ name, settings }) => [name, settings]));
  if (await isThere(path)) requireSamePlan(dir, configs, await readPlan(path));
  const lock = await asUsage(() => lockFolder(dir));
  try {
    if (!await isThere(path)) {
      const stored: StoredPlan = { format: FORMAT, configs };
      const text = JSON.stringify(stored, null, 2) + "\n";
      await writeFileDurably(path, new TextEncoder().encode(text));
    }
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function readPlan(path: string): Promise<StoredPlan["configs"]> {
  let value;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch {
    value = undefined;
  }
  if (value?.format === FORMAT && typeof value.configs === "object") return value.configs;
  throw new UsageError({
    verb: "compare",
    found: `${path} has format ${JSON.stringify(value?.format)}`,
    expected: `"${FORMAT}"`,
  });
}

function requireSamePlan(
  dir: string,
  now: StoredPlan["configs"],
  stored: StoredPlan["configs"],
): void {
  const refuse = (name: string, found: string, expected: string) => {
    throw new UsageError({
      verb: "compare",
      thing: `in ${dir}`,
      found: `${name} is ${found}`,
      expected: `${expected} as when the comparison began`,
      fix: "Leave it so, or choose another --out",
    });
  };
  const values = (configs: StoredPlan["configs"], of: (settings: RunSettings) => unknown) =>
    [...new Set(Object.values(configs).map(of))].join();
  const seeds = (configs: StoredPlan["configs"]) =>
    String(values(configs, (c) => c.seed).split(",").length);
  const members = (configs: StoredPlan["configs"]) => values(configs, (c) => c.members);
  if (seeds(now) !== seeds(stored)) refuse("--seeds", seeds(now), seeds(stored));
  if (members(now) !== members(stored)) refuse("--members", members(now), members(stored));
  const names = (configs: StoredPlan["configs"]) => Object.keys(configs).sort().join(", ");
  if (names(now) !== names(stored)) refuse("the list of runs", names(now), names(stored));
  for (const [name, config] of Object.entries(now)) {
    const difference = differenceOf(config, stored[name]);
    if (difference) refuse(difference.flag, difference.found, difference.expected);
  }
}

function differenceOf(a: RunSettings, b: RunSettings): ReturnType<typeof firstDifference> {
  // What is shared comes first: of --steps and the --phases that follow from it, the user gave --steps.
  const shared = ["steps", "pairs"];
  const fields = [...new Set([...shared, ...Object.keys(a), ...Object.keys(b)])];
  // A run settles for itself how its steps fit into memory.
  const whole = (settings: RunSettings) => withAbsolutePaths(withDefaults(settings));
  const planned = fields.filter((field) => field !== "microBatch");
  return firstDifference(whole(a), whole(b), planned);
}

/** How long a run took. */
export interface Taken {
  /** Which method. */
  readonly method: string;
  /** K. */
  readonly members: number;
  /** Wall clock. */
  readonly seconds: number;
}

/**
 * Seconds that the runs still to come will take: each as long as those of its cell, else as those with as many members,
 * else as all of them took so far; undefined before the first.
 */
export function secondsLeft(
  done: readonly Taken[],
  left: readonly Pick<Taken, "method" | "members">[],
): number | undefined {
  if (done.length === 0) return undefined;
  return left.reduce((sum, { method, members }) => {
    const alike = done.filter((run) => run.members === members);
    const same = alike.filter((run) => run.method === method);
    const like = same.length > 0 ? same : alike.length > 0 ? alike : done;
    return sum + like.reduce((total, { seconds }) => total + seconds, 0) / like.length;
  }, 0);
}

/**
 * Makes every run of a plan in its folder.
 *
 * @returns All runs with what they show, in the order of the plan.
 * @throws {UsageError} If a run that is there was made under other conditions.
 * @throws {Interrupted} If a run ended early; the same call goes on.
 */
export async function makeRuns(
  dir: string,
  plan: readonly PlannedRun[],
  { terminal, signal, train }: RunsOptions,
): Promise<DoneRun[]> {
  const conditions = new Conditions();
  for (const run of plan) {
    const at = `${dir}/${run.name}`;
    if (await isThere(`${at}/${FILES.config}`)) {
      conditions.add(at, run, await readIdentity(at, "compare"));
    }
  }
  const known = await loadWordList();
  const done: DoneRun[] = [];
  for (const [i, run] of plan.entries()) {
    const at = `${dir}/${run.name}`;
    const annotators = await buildAnnotators(runConfig(run.settings).method.annotator, run.seed);
    const skipped = await isThere(`${at}/${FILES.summary}`);
    if (skipped) await checkFinished(at, "compare");
    if (!skipped) {
      const request = await isThere(`${at}/${FILES.config}`)
        ? { kind: "resume", dir: at, given: run.settings } as const
        : { kind: "start", settings: run.settings, out: at } as const;
      const evaluation = recordingReferences(annotators.evaluation, referencesFile(dir));
      try {
        signal.throwIfAborted();
        await train(request, {
          terminal: quiet(terminal, `[${i + 1}/${plan.length}] ${run.name}`),
          signal,
          annotators: { ...annotators, evaluation },
          next: () => [],
        });
      } catch (error) {
        if (error instanceof Mistake) throw error;
        const why = signal.aborted ? "Interrupted" : error instanceof Error ? error.message : error;
        throw new Interrupted(
          `${why} in ${run.name}; ${done.length} of ${counted(plan.length, "run")} are done`,
          dir,
          { cause: error },
        );
      }
      conditions.add(at, run, await readIdentity(at, "compare"));
    }
    const evidence = await readEvidence(at, referencesFile(dir), { ...annotators, known });
    done.push({ ...run, evidence });
    terminal.line(runLine(i + 1, plan, done, skipped));
  }
  return done;
}

/** What must be the same in all runs besides the flags: the model, the prompts, the arithmetic. */
class Conditions {
  #first: { readonly dir: string; readonly identity: RunIdentity } | undefined;

  add(dir: string, run: PlannedRun, identity: RunIdentity): void {
    const difference = differenceOf(identity.config, run.settings);
    if (difference) {
      this.#refuse(dir, difference.flag, difference.found, difference.expected, "planned");
    }
    this.#first ??= { dir, identity };
    const other = identityDifference(identity, this.#first.identity, {
      fields: ["kernelPath", "model", "settings", "tokenizer", "prompts"],
      flags: false,
    });
    if (other === undefined) return;
    this.#refuse(dir, other.name, other.found, other.expected, `in ${this.#first.dir}`);
  }

  #refuse(dir: string, name: string, found: string, expected: string, where: string): never {
    throw new UsageError({
      verb: "compare",
      thing: dir,
      found: `${name} is ${found}`,
      expected: `${expected} as ${where}`,
      fix: "Remove one of both folders, or choose another --out",
    });
  }
}

/** A terminal for a run within others: its status line shows, its lines do not. */
function quiet(terminal: Terminal, prefix: string): Terminal {
  return {
    isTty: terminal.isTty,
    get columns() {
      return terminal.columns;
    },
    line: () => {},
    status: (text) => terminal.status(text === "" ? "" : `${prefix} ${text}`),
    error: (text) => terminal.error(text),
  };
}

function runLine(
  count: number,
  plan: readonly PlannedRun[],
  done: readonly DoneRun[],
  skipped: boolean,
): string {
  const { name } = plan[count - 1];
  const { summary } = done[count - 1].evidence;
  const width = Math.max(...plan.map((run) => run.name.length));
  const taken = done.map(({ method, members, evidence }) => ({
    method: method.id,
    members,
    seconds: evidence.summary.seconds,
  }));
  const rest = plan.slice(count).map(({ method, members }) => ({ method: method.id, members }));
  const left = rest.length === 0 ? "" : ` · ${clock(secondsLeft(taken, rest)!)} left`;
  return `[${String(count).padStart(String(plan.length).length)}/${plan.length}] ${
    name.padEnd(width)
  }` +
    ` · win rate ${summary.winRate.after.value.toFixed(3)}` +
    ` · held-out ${summary.heldOutWinRate.after.value.toFixed(3)}` +
    ` · KL ${summary.kl.toFixed(1)} · ${summary.seconds.toFixed(0)} s` +
    (skipped ? ", done before" : left);
}
