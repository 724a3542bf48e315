// A run's folder for a program of one's own: a sink that outlives the process, and the state that a run goes on from.
import { Mistake } from "../core/base/mistake.ts";
import type { RunCheckpoint, Sink } from "../training/mod.ts";
import { settleFolders } from "./durable/file.ts";
import { isThere } from "./durable/disk.ts";
import { lockFolder } from "./folder_lock.ts";
import { type CheckpointMeta, dropLater, findCheckpoint } from "./run_checkpoints.ts";
import { type LogMarks, RunLogs } from "./run_logs.ts";
import { runSink } from "./run_sink.ts";
import { type RunStateMeta, unpackRunState } from "./run_state.ts";

/** An owned run folder: a sink. Disposing it closes its logs and gives the folder back. */
export interface RunFolderSink extends Sink, Disposable {
  /** Where it is. */
  readonly dir: string;
  /** Where the run goes on; absent where it begins. */
  readonly state?: RunCheckpoint;
  /** Why that is not the newest checkpoint, for people; a line each. */
  readonly notes: readonly string[];
}

interface Meta extends CheckpointMeta, RunStateMeta {
  readonly logs: LogMarks;
}

/**
 * Takes a run's folder, made where there is none: metrics.jsonl, pairs.jsonl, answers.jsonl, timing.jsonl and
 * checkpoints/. Every byte that a run goes on from is checked, and the logs are cut to that moment, so that a run that was
 * killed ends with the rows and the bits of one that was not.
 *
 * @example
 * ```ts
 * import { openRunFolder, readJsonl } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * const numbers = Float32Array.of(1);
 * const state = { step: 1, updates: 1, records: [], train: { params: numbers, m: numbers, v: numbers } };
 * {
 *   using folder = await openRunFolder(dir);
 *   await folder.append("metrics", { step: 1, loss: 0.69 });
 *   await folder.checkpoint?.(state);
 *   await folder.append("metrics", { step: 2, loss: 0.5 }); // and then the power fails
 * }
 * using folder = await openRunFolder(dir);
 * assertEquals(folder.state?.step, 1); // for the run's `resume`
 * assertEquals(await readJsonl(`${dir}/metrics.jsonl`), [{ step: 1, loss: 0.69 }]);
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @throws {Mistake} If another process owns it, it is a command's run, or a byte that the run goes on from was changed.
 */
export async function openRunFolder(dir: string): Promise<RunFolderSink> {
  using stack = new DisposableStack();
  const lock = await lockFolder(dir);
  stack.defer(() => lock.release());
  if (await isThere(`${dir}/config.json`)) {
    throw new Mistake("usage", {
      ...{ verb: "open", thing: dir, found: "it has a config.json, as a command's run" },
      ...{ expected: "a folder of this program's", fix: `Go on with it by --resume ${dir}` },
    });
  }
  await settleFolders(dir);
  const { from, notes } = await findCheckpoint<Meta>(dir);
  const state = from && await unpackRunState(from.meta, {
    ...{ dir, pairsBytes: from.meta.logs.pairs.bytes, arrays: from.arrays, array: from.array },
  });
  await dropLater(dir, from?.step);
  const logs = stack.use(await RunLogs.open(dir, from?.meta.logs));
  const held = stack.move();
  return {
    ...runSink({ dir, logs }),
    ...{ dir, notes, ...(state ? { state } : {}) },
    [Symbol.dispose]: () => held.dispose(),
  };
}
