// One file from the hub to its blob: taken up where it was cut, checked by size and hash, one writer at a time.
import { createHash, type Hash } from "node:crypto";
import { ensureFolder, syncFolder, writeAll } from "../durable/disk.ts";
import type { RepoCache } from "./cache.ts";
import { type ClientOptions, type HubClient, type ListedFile, TIMEOUT } from "./client.ts";
import { HubError } from "./hub_error.ts";
import type { RepoSpec } from "./repo_spec.ts";
import { Mistake } from "../../core/base/mistake.ts";
import { pause } from "../../core/base/pause.ts";

/** What a download is of. */
export interface BlobTask {
  readonly client: HubClient;
  readonly cache: RepoCache;
  readonly spec: RepoSpec;
  readonly commit: string;
  readonly file: ListedFile;
}

const PIECE = 1_048_576;

/**
 * Fetches a file's blob, unless it is there. `onBytes` hears how many bytes are there, resumed ones included.
 *
 * @throws {HubError} If the hub does not give the file, or gives another one than it lists.
 */
export async function fetchBlob(
  task: BlobTask,
  options: ClientOptions,
  onBytes: (received: number) => void,
): Promise<void> {
  const { cache, file } = task;
  const blob = cache.blob(file);
  if (await isWhole(blob, file)) return onBytes(file.size);
  await ensureFolder(cache.locks);
  await ensureFolder(`${cache.folder}/blobs`);
  using lock = await Deno.open(`${cache.locks}/${file.hash}.lock`, {
    read: true,
    write: true,
    create: true,
  });
  while (!await lock.tryLock(true)) await pause(50, options.signal); // another process fetches it
  if (await isWhole(blob, file)) return onBytes(file.size);
  const incomplete = `${blob}.incomplete`;
  await fill(incomplete, task, options, onBytes);
  await Deno.rename(incomplete, blob);
  await syncFolder(`${cache.folder}/blobs`);
}

async function isWhole(blob: string, file: ListedFile): Promise<boolean> {
  const info = await Deno.stat(blob).catch(() => undefined);
  return info !== undefined && info.isFile && info.size === file.size;
}

async function fill(
  path: string,
  task: BlobTask,
  options: ClientOptions,
  onBytes: (received: number) => void,
): Promise<void> {
  const { file, spec } = task;
  using out = await Deno.open(path, { read: true, write: true, create: true });
  const had = await hashSoFar(out, file);
  let { hash, length } = had;
  const restart = () => {
    out.truncateSync(0);
    out.seekSync(0, Deno.SeekMode.Start);
    hash = begin(file);
    length = 0;
  };
  for (let cuts = 0; length < file.size || file.size === 0;) {
    onBytes(length);
    const before = length;
    const why = await receive(out, task, options, length, restart, (bytes) => {
      hash.update(bytes);
      length += bytes.length;
      onBytes(length);
    });
    if (why === undefined) break;
    cuts = length > before ? 0 : cuts + 1; // as long as it comes on, we go on
    if (cuts > (options.retries ?? 4)) {
      throw new HubError({
        thing: `${spec.repo}/${file.path}`,
        found: `it was cut at ${length} of ${file.size} bytes (${why})`,
        expected: "all of it",
        fix: "Run it again: what came is kept",
      }, undefined);
    }
    await pause((options.backoff ?? 500) * 2 ** cuts, options.signal);
  }
  onBytes(length);
  const found = hash.digest("hex");
  if (found === file.hash) return await out.sync();
  restart(); // what is wrong is not kept
  if (had.length > 0) return await fill(path, task, options, onBytes); // the part from before may be to blame
  const kind = file.hash.length === 64 ? "SHA-256" : "git SHA-1";
  throw new HubError({
    thing: `${spec.repo}/${file.path}`,
    found: `its ${kind} is ${found}`,
    expected: file.hash,
    fix: "The bytes are not those that the hub lists: they were thrown away",
  }, 200);
}

/** Takes one answer in; returns why it ended early, if it did. */
async function receive(
  out: Deno.FsFile,
  task: BlobTask,
  options: ClientOptions,
  start: number,
  restart: () => void,
  take: (bytes: Uint8Array) => void,
): Promise<string | undefined> {
  const { client, commit, file, spec } = task;
  const response = await client.file(spec, commit, file.path, start);
  let expected = file.size - start;
  if (response.status === 200) { // from the beginning: the server does no parts
    if (start > 0) restart();
    expected = file.size;
  } else if (!isRest(response, start, file.size)) {
    await response.body?.cancel();
    restart();
    return `the server answers ${response.status} to the rest of it`;
  }
  const announced = response.headers.get("content-length");
  if (announced !== null && Number(announced) !== expected) {
    await response.body?.cancel();
    throw wrongSize(task, `announces ${Number(announced) + file.size - expected} bytes`);
  }
  const reader = response.body?.getReader();
  if (!reader) return expected === 0 ? undefined : "no bytes";
  try {
    for (let left = expected;;) {
      const { done, value } = await inTime(reader.read(), options.timeout ?? TIMEOUT);
      if (done) return left === 0 ? undefined : "the connection closed";
      if (value.length > left) throw wrongSize(task, "sends more bytes");
      writeAll(out, value);
      take(value);
      left -= value.length;
    }
  } catch (error) {
    if (error instanceof HubError || options.signal?.aborted || isDisk(error)) throw error;
    return error instanceof Late ? error.message : "the connection broke";
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function isRest(response: Response, start: number, size: number): boolean {
  const [, from, to, total] = response.headers.get("content-range")
    ?.match(/^bytes (\d+)-(\d+)\/(\d+|\*)$/) ?? [];
  return response.status === 206 && Number(from) === start && Number(to) === size - 1 &&
    (total === "*" || Number(total) === size);
}

function wrongSize({ file, spec }: BlobTask, found: string): HubError {
  return new HubError({
    thing: `${spec.repo}/${file.path}`,
    found: `the hub ${found}`,
    expected: `the ${file.size} that it lists`,
  }, 200);
}

/** Errors of our own disk are not the server's: another try would not help. */
function isDisk(error: unknown): boolean {
  if (error instanceof Mistake) return true;
  return error instanceof Error && "code" in error && DISK.includes(error.code as string);
}

/** Of the system: a full disk, a full quota, a disk that is only read, and one that fails. */
const DISK: readonly string[] = ["ENOSPC", "EDQUOT", "EROFS", "EIO"];

/** Nothing came for too long. */
class Late extends Error {}

async function inTime<T>(promise: Promise<T>, timeout: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(`nothing for ${timeout} ms`)), timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function begin(file: ListedFile): Hash {
  if (file.hash.length === 64) return createHash("sha256");
  return createHash("sha1").update(`blob ${file.size}\0`); // as git names its blobs
}

/** The hash of what is there from before; the file stands at its end. */
async function hashSoFar(
  out: Deno.FsFile,
  file: ListedFile,
): Promise<{ hash: Hash; length: number }> {
  const hash = begin(file);
  if ((await out.stat()).size > file.size) out.truncateSync(0);
  const piece = new Uint8Array(PIECE);
  let length = 0;
  for (let n = await out.read(piece); n !== null; n = await out.read(piece)) {
    hash.update(piece.subarray(0, n));
    length += n;
  }
  return { hash, length };
}
