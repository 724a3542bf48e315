// A finished run's folder: MANIFEST.json has the SHA-256 of every file that stands in it then, and is sealed itself.
import { createHash } from "node:crypto";
import { MANIFEST } from "../../files/mod.ts";
import { isObject } from "../../core/base/quote.ts";
import { sha256 } from "../../core/base/sha256.ts";
import { UsageError } from "../terminal/mistake.ts";
import { FILES } from "./run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";
import { brokenSeal, readSealed, writeSealed } from "./sealed_json.ts";

/** What it says that it is. */
const FORMAT = "leash-results-1";

/** Not of the result: the lock, what a later `--resume` reads and checks by itself, and this file. */
const LEFT_OUT = [".lock", FILES.checkpoints, MANIFEST, FILES.summary];

/**
 * Writes the manifest of a folder whose summary is about to be written.
 *
 * @param summary The bytes that summary.json will have.
 */
export async function sealResults(dir: string, summary: string): Promise<void> {
  const files: Record<string, string> = {};
  for (const path of (await filesOf(dir, "")).sort()) {
    files[path] = await fileHash(`${dir}/${path}`);
  }
  files[FILES.summary] = await sha256(summary);
  await writeSealed(`${dir}/${MANIFEST}`, { format: FORMAT, files });
}

/**
 * Checks every file of a finished run.
 *
 * @throws {UsageError} If one is missing or was changed; names it.
 */
export async function checkFinished(dir: string, verb = "resume"): Promise<void> {
  const path = `${dir}/${MANIFEST}`;
  const again =
    `Remove ${dir}/${FILES.summary} to have the results written again from the last checkpoint`;
  if (!await isThere(path)) {
    throw new UsageError({
      verb,
      thing: dir,
      found: `${MANIFEST} is missing`,
      expected: "what a finished run writes",
      fix: again,
    });
  }
  const { value, seal } = await readSealed(await Deno.readFile(path)) ?? { seal: "changed" };
  if (seal !== "whole" || !isObject(value?.files)) {
    const broken = brokenSeal(seal === "none" ? "none" : "changed");
    throw new UsageError({ verb, thing: path, ...broken, fix: `${broken.fix}. ${again}` });
  }
  for (const [file, hash] of Object.entries(value.files)) {
    const found = !await isThere(`${dir}/${file}`)
      ? "missing"
      : await fileHash(`${dir}/${file}`) === hash
      ? undefined
      : "changed since it was written";
    if (found === undefined) continue;
    throw new UsageError({
      verb,
      thing: dir,
      found: `${dir}/${file} is ${found}`,
      expected: `it as ${MANIFEST} says`,
      fix: again,
    });
  }
}

async function filesOf(dir: string, prefix: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${dir}/${prefix}`)) {
    if (prefix === "" && LEFT_OUT.includes(name)) continue;
    if (isDirectory) files.push(...await filesOf(dir, `${prefix}${name}/`));
    else files.push(prefix + name);
  }
  return files;
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path, { read: true });
  const block = new Uint8Array(1 << 20);
  for (let got = await file.read(block); got !== null; got = await file.read(block)) {
    hash.update(block.subarray(0, got));
  }
  return hash.digest("hex");
}
