// Checkpoints: named arrays, bit for bit, and a JSON value, in a durable folder. A run keeps several under one
// root, `step-00000012`; the newest one that is whole is where it goes on.
import { removeFolderDurably, settleFolders, writeFileDurably } from "./durable/file.ts";
import { writeFolderDurably } from "./durable/folder.ts";
import { readVerifiedFolder } from "./durable/manifest.ts";
import { isThere, writeAll } from "./durable/disk.ts";
import { exactParse, exactStringify } from "../core/base/exact_json.ts";
import { parseJsonObject } from "../core/base/json_object.ts";
import { isObject, quote, show } from "../core/base/quote.ts";
import { cannotRead } from "../core/base/mistake.ts";

/** A value that our JSON keeps exactly: NaN and the infinities too, and −0 stays −0. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** An array that a checkpoint keeps bit for bit, NaN payloads included. */
export type CheckpointArray = Float32Array | Uint32Array | Int32Array;

/** What a checkpoint holds. */
export interface Checkpoint<A extends CheckpointArray = CheckpointArray> {
  /** Arrays by name; their meaning is the caller's. */
  readonly arrays: Map<string, A>;
  /** Everything else: counters, keys, cursors, offsets, the config. */
  readonly meta: JsonValue;
}

/** A checkpoint's folder and the step that it was made after. */
export interface CheckpointAt {
  /** Steps that were done. */
  readonly step: number;
  /** The folder. */
  readonly dir: string;
}

const INDEX = "checkpoint.json";
const DATA = "arrays.bin";
const FORMAT = "leash-checkpoint-1";

/**
 * The folder of a step's checkpoint.
 *
 * @example
 * ```ts
 * import { checkpointDir } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * assertEquals(checkpointDir("run/checkpoints", 12), "run/checkpoints/step-00000012");
 * ```
 *
 * @param root The folder of the run's checkpoints.
 * @param step Steps that were done, a whole number.
 * @returns `root`/step-NNNNNNNN.
 * @throws {RangeError} If `step` is not a whole number of at least 0.
 */
export function checkpointDir(root: string, step: number): string {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new RangeError(`Cannot name a checkpoint: step is ${step}, expected a whole number ≥ 0`);
  }
  return `${root}/step-${String(step).padStart(8, "0")}`;
}

/**
 * Writes a checkpoint, whole or not at all; one of the same name is replaced.
 *
 * @example
 * ```ts
 * import { loadCheckpoint, saveCheckpoint } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * const arrays = new Map([["m", Float32Array.of(0.1, NaN)]]);
 * await saveCheckpoint(`${dir}/step-00000001`, { arrays, meta: { step: 1, lr: 3e-4 } });
 * const loaded = await loadCheckpoint(`${dir}/step-00000001`);
 * assertEquals(loaded, { arrays, meta: { step: 1, lr: 3e-4 } });
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param dir Its folder, e.g. from `checkpointDir`.
 * @param checkpoint Arrays and meta; borrowed.
 * @throws {TypeError} If `meta` holds something that JSON would change: a function, a typed array,
 * a bigint; the message says where.
 */
export async function saveCheckpoint(dir: string, checkpoint: Checkpoint): Promise<void> {
  const arrays: string[] = [];
  for (const [name, array] of checkpoint.arrays) {
    const entry = { name, type: typeOf(name, array), length: array.length };
    arrays.push(JSON.stringify(entry));
  }
  const meta = exactJson(checkpoint.meta, "meta");
  const index = `{"format":"${FORMAT}","arrays":[${arrays.join(",")}],"meta":${meta}}\n`;
  await writeFolderDurably(dir, async (folder) => {
    {
      using file = await Deno.open(`${folder}/${DATA}`, { write: true, createNew: true });
      for (const array of checkpoint.arrays.values()) {
        writeAll(file, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      }
    }
    await writeFileDurably(`${folder}/${INDEX}`, new TextEncoder().encode(index));
  }, { replace: true });
}

/**
 * Reads a checkpoint and checks every byte of it.
 *
 * @example
 * ```ts
 * import { Mistake } from "@leash/bpo/core";
 * import { loadCheckpoint } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * await assertRejects(() => loadCheckpoint("no-such-checkpoint"), Mistake, "MANIFEST.json");
 * ```
 *
 * @param dir Its folder.
 * @returns What was saved, bit for bit, in the order it was saved in.
 * @throws {Mistake} If the folder is damaged or not a checkpoint; the message names the file.
 */
export async function loadCheckpoint(
  dir: string,
): Promise<
  Checkpoint<Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>
> {
  const files = await readVerifiedFolder(dir);
  const name = `${dir}/${INDEX}`;
  const indexBytes = files.get(INDEX);
  const data = files.get(DATA);
  if (!indexBytes || !data) {
    throw cannotRead(dir, { found: `${INDEX} or ${DATA} is missing`, expected: "a checkpoint" });
  }
  const index = parseJsonObject(indexBytes, name, "the file");
  if (index.format !== FORMAT || !Array.isArray(index.arrays)) {
    throw cannotRead(name, { found: `format is ${show(index.format)}`, expected: `"${FORMAT}"` });
  }
  const arrays: Checkpoint<
    Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>
  >["arrays"] = new Map();
  let at = 0;
  for (const entry of index.arrays) {
    const { name: key, type, length } = isObject(entry) ? entry : {};
    const whole = Number.isSafeInteger(length) && (length as number) >= 0;
    if (typeof key !== "string" || !whole || !["f32", "u32", "i32"].includes(type as string)) {
      throw cannotRead(name, {
        found: `arrays has ${show(entry)}`,
        expected: "a name, a type and a length",
      });
    }
    const end = at + 4 * (length as number);
    const { buffer } = data.slice(at, end);
    if (buffer.byteLength !== end - at) {
      throw cannotRead(`${dir}/${DATA}`, {
        found: `it ends within array ${quote(key)}`,
        expected: "all",
      });
    }
    arrays.set(
      key,
      type === "f32"
        ? new Float32Array(buffer)
        : type === "u32"
        ? new Uint32Array(buffer)
        : new Int32Array(buffer),
    );
    at = end;
  }
  if (at !== data.length) {
    throw cannotRead(`${dir}/${DATA}`, {
      found: `it is ${data.length} bytes long`,
      expected: `the ${at} of its arrays`,
    });
  }
  const { meta } = exactParse(new TextDecoder().decode(indexBytes)) as { readonly meta: JsonValue };
  return { arrays, meta };
}

/**
 * The newest checkpoint under `root`. Half-written ones have temporary names and do not count.
 *
 * @example
 * ```ts
 * import { checkpointDir, latestCheckpoint, saveCheckpoint } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const root = await Deno.makeTempDir();
 * assertEquals(await latestCheckpoint(root), undefined);
 * for (const step of [9, 10]) {
 *   await saveCheckpoint(checkpointDir(root, step), { arrays: new Map(), meta: { step } });
 * }
 * assertEquals((await latestCheckpoint(root))?.step, 10);
 * await Deno.remove(root, { recursive: true });
 * ```
 *
 * @param root The folder of the run's checkpoints.
 * @returns Its step and folder; undefined where there is none.
 */
export async function latestCheckpoint(root: string): Promise<CheckpointAt | undefined> {
  return (await listCheckpoints(root)).at(-1);
}

/**
 * Removes all but the newest `keep` checkpoints, and what a killed process left half-written.
 *
 * @example
 * ```ts
 * import { checkpointDir, pruneCheckpoints, saveCheckpoint } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const root = await Deno.makeTempDir();
 * for (const step of [1, 2, 3]) {
 *   await saveCheckpoint(checkpointDir(root, step), { arrays: new Map(), meta: null });
 * }
 * await pruneCheckpoints(root, 2);
 * assertEquals([...Deno.readDirSync(root)].map((e) => e.name).sort(), ["step-00000002", "step-00000003"]);
 * await Deno.remove(root, { recursive: true });
 * ```
 *
 * @param root The folder of the run's checkpoints; only its owner may call this.
 * @param keep How many stay, at least 1.
 * @throws {RangeError} If `keep` is not a whole number of at least 1.
 */
export async function pruneCheckpoints(root: string, keep: number): Promise<void> {
  if (!Number.isSafeInteger(keep) || keep < 1) {
    throw new RangeError(`Cannot prune checkpoints: keep is ${keep}, expected a whole number ≥ 1`);
  }
  await settleFolders(root);
  const all = await listCheckpoints(root);
  for (const { dir } of all.slice(0, -keep)) await removeFolderDurably(dir);
}

/**
 * Every checkpoint under `root`, the oldest first. Half-written ones have temporary names and do not count; one that is
 * damaged does, and reading it says so.
 *
 * @example
 * ```ts
 * import { listCheckpoints } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * assertEquals(await listCheckpoints("no-such-folder"), []);
 * ```
 *
 * @param root The folder of the run's checkpoints.
 * @returns Their steps and folders.
 */
export async function listCheckpoints(root: string): Promise<CheckpointAt[]> {
  if (!await isThere(root)) return [];
  const found: CheckpointAt[] = [];
  for await (const entry of Deno.readDir(root)) {
    const step = entry.name.match(/^step-(\d+)$/)?.[1];
    const dir = `${root}/${entry.name}`;
    if (step) found.push({ step: Number(step), dir });
  }
  return found.sort((a, b) => a.step - b.step);
}

function typeOf(name: string, array: CheckpointArray): "f32" | "u32" | "i32" {
  if (array instanceof Float32Array) return "f32";
  if (array instanceof Uint32Array) return "u32";
  if (array instanceof Int32Array) return "i32";
  throw new TypeError(
    `Cannot save the checkpoint: array ${quote(name)} is ${
      Object.prototype.toString.call(array)
    }, ` +
      "expected a Float32Array, Uint32Array or Int32Array",
  );
}

/** JSON text that parses to the same value; throws where JSON.stringify would change it in silence. */
function exactJson(value: unknown, path: string): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string" || typeof value === "number") return exactStringify(value)!;
  if (Array.isArray(value)) {
    return `[${value.map((item, i) => exactJson(item, `${path}[${i}]`)).join(",")}]`;
  }
  if (isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    const pairs = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => `${JSON.stringify(key)}:${exactJson(item, `${path}.${key}`)}`);
    return `{${pairs.join(",")}}`;
  }
  const found = typeof value === "object" ? Object.prototype.toString.call(value) : String(value);
  throw new TypeError(
    `Cannot save the checkpoint: ${path} is ${found}, expected a value that JSON keeps. ` +
      "Numbers in bulk belong in arrays",
  );
}
