// A run's event file in a folder that TensorBoard watches.
import { type Sink, type TensorboardOptions, tensorboardSink } from "../training/mod.ts";
import { ensureFolder, writeAll } from "./durable/disk.ts";

/**
 * A sink that writes an event file into a folder: `tensorboard --logdir DIR` shows the run while it goes on. Each sink makes
 * a file of its own, as TensorBoard's own writers do; a run that goes on gives `resumedAt`.
 *
 * @example
 * ```ts
 * import { openTensorboardFile } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * {
 *   using sink = await openTensorboardFile(dir);
 *   await sink.append("metrics", { step: 1, loss: 0.69 });
 * }
 * const [{ name }] = [...Deno.readDirSync(dir)];
 * assertEquals(name.startsWith("events.out.tfevents."), true);
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param dir The folder; made where there is none.
 * @returns The sink; the caller disposes it, which closes the file.
 */
export async function openTensorboardFile(
  dir: string,
  options: TensorboardOptions = {},
): Promise<Sink & Disposable> {
  const { now = () => Date.now() / 1000 } = options;
  await ensureFolder(dir);
  const file = await newFile(`${dir}/events.out.tfevents.${Math.floor(now())}.leash`);
  return {
    ...tensorboardSink((bytes) => writeAll(file, bytes), options),
    [Symbol.dispose]: () => file.close(),
  };
}

/** A file that was not there: NAME.0, or the first number that is free. */
async function newFile(name: string, n = 0): Promise<Deno.FsFile> {
  try {
    return await Deno.open(`${name}.${n}`, { write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return await newFile(name, n + 1);
    throw error;
  }
}
