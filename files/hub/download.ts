// Models and datasets from the hub into the cache that Python's tools share, or from the cache alone.
import { quote } from "../../core/base/quote.ts";
import { fetchBlob } from "./blob.ts";
import { RepoCache } from "./cache.ts";
import { chooseModelFiles, missingShards } from "./choose_files.ts";
import { type ClientOptions, HubClient, type ListedFile } from "./client.ts";
import { HubError } from "./hub_error.ts";
import { hubEnvironment, type Lookup } from "./environment.ts";
import { matchesAny } from "../../core/formats/wildcards.ts";
import { wholeGgufs } from "../gguf_file.ts";
import { isCommit, parseRepoSpec, type RepoSpec, type RepoType } from "./repo_spec.ts";
import { Mistake } from "../../core/base/mistake.ts";

/** How far a download is. */
export interface DownloadProgress {
  /** The file that comes in. */
  readonly file: string;
  /** Bytes of it that are there. */
  readonly received: number;
  /** Its bytes. */
  readonly size: number;
  /** Bytes of all files that are there. */
  readonly totalReceived: number;
  /** Bytes of all files. */
  readonly totalSize: number;
}

/** How to download. */
export interface DownloadOptions extends ClientOptions {
  /** Hears how far it is, with every piece of a file. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Looks variables up; default this process's environment. */
  readonly lookup?: Lookup;
}

/** How to download files by patterns. */
export interface DownloadFilesOptions extends DownloadOptions {
  /** Default `model`. */
  readonly repoType?: RepoType;
}

/** What was downloaded. */
export interface Downloaded {
  /** The snapshot's folder; files stand in it by their names in the repository. */
  readonly folder: string;
  /** Its commit. */
  readonly commit: string;
  /** Names of the files that were asked for, in order. */
  readonly files: readonly string[];
  /** Whether the cache alone gave them, because we are offline or the hub is out of reach. */
  readonly offline: boolean;
}

/** A model that was downloaded. */
export interface DownloadedModel extends Downloaded {
  /** What to open: the folder, or the GGUF file in it. */
  readonly path: string;
}

type Choose = (names: readonly string[]) => string[];

/**
 * Downloads a model: config, tokenizer, chat template and safetensors, or one GGUF file.
 *
 * What is in the cache is not fetched again, a cut download is taken up, sizes and hashes are checked. Without a
 * connection, or with HF_HUB_OFFLINE=1, the cache alone gives it, by commit or by branch. The cache is Python's
 * (HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME), the hub HF_ENDPOINT, the token HF_TOKEN's.
 *
 * @example
 * ```ts
 * import { downloadModel } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * const lookup = (name: string) => name === "HF_HUB_OFFLINE" ? "1" : undefined;
 * await assertRejects(
 *   () => downloadModel("org/no-such-model", { lookup }),
 *   Error,
 *   "Cannot download org/no-such-model: main is not in the cache",
 * );
 * ```
 *
 * @param spec `org/name`, `org/name@revision`, or with `:file.gguf` behind it.
 * @param options Progress, `signal`, retries.
 * @returns Where it lies.
 * @throws {Mistake} If the name is none, the repository has no weights that we read, several GGUF files and none
 * named, or a file name that would leave its folder.
 * @throws {HubError} If the hub refuses, is out of reach and the cache has it not, or sends other bytes than it lists.
 * @see https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */
export async function downloadModel(
  spec: string,
  options: DownloadOptions = {},
): Promise<DownloadedModel> {
  const parsed = parseRepoSpec(spec);
  const choose: Choose = (names) => chooseModelFiles(names, parsed.repo, parsed.file);
  const done = await download(parsed, "model", choose, options);
  const only = done.files.length > 0 && done.files.every((file) => file.endsWith(".gguf"));
  return { ...done, path: only ? `${done.folder}/${done.files[0]}` : done.folder };
}

/**
 * Downloads the files of a repository whose names match patterns (`*` within a folder, `**` across, `?`).
 *
 * @example
 * ```ts
 * import { downloadFiles } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * const lookup = (name: string) => name === "HF_HUB_OFFLINE" ? "1" : undefined;
 * const options = { repoType: "dataset", lookup } as const;
 * await assertRejects(() => downloadFiles("org/data", ["**.parquet"], options), Error, "offline");
 * ```
 *
 * @param spec `org/name` or `org/name@revision`.
 * @param patterns Names or patterns; a file that any of them matches is fetched.
 * @param options `repoType`: default `model`; progress, `signal`, retries.
 * @returns Where they lie.
 * @throws {Mistake} If the name is none, or no file matches.
 * @throws {HubError} As {@link downloadModel}.
 */
export function downloadFiles(
  spec: string,
  patterns: readonly string[],
  options: DownloadFilesOptions = {},
): Promise<Downloaded> {
  const parsed = parseRepoSpec(spec);
  const all = parsed.file === undefined ? patterns : [...patterns, parsed.file];
  const choose: Choose = (names) => {
    const found = names.filter((name) => matchesAny(name, all));
    if (found.length > 0) return found;
    throw new Mistake("network", {
      verb: "download",
      thing: parsed.repo,
      found: `no file matches ${all.map(quote).join(", ")}`,
      expected: `one of its ${names.length} files, such as ` +
        `${names.slice(0, 5).map(quote).join(", ") || "none"}`,
    });
  };
  return download(parsed, options.repoType ?? "model", choose, options);
}

async function download(
  spec: RepoSpec,
  type: RepoType,
  choose: Choose,
  options: DownloadOptions,
): Promise<Downloaded> {
  const environment = hubEnvironment(options.lookup);
  const cache = new RepoCache(environment.cache, type, spec.repo);
  const client = new HubClient(environment, type, options);
  if (environment.offline) return await fromCache(spec, cache, choose, "HF_HUB_OFFLINE is set");
  if (isCommit(spec.revision)) { // it cannot have changed: nobody needs to be asked
    const whole = await fromCache(spec, cache, choose, "").catch(() => undefined);
    if (whole && await cache.listing(spec.revision)) return { ...whole, offline: false };
  }
  try {
    const commit = isCommit(spec.revision) ? spec.revision : await client.commit(spec);
    let listing = await cache.listing(commit);
    if (!listing) {
      listing = await client.list(spec, commit);
      await cache.noteListing(commit, listing);
    }
    await cache.noteCommit(spec, commit);
    const files = choose(listing.map(({ path }) => path));
    await fetchFiles(files, listing, { client, cache, spec, commit }, options);
    return { folder: cache.snapshot(commit), commit, files, offline: false };
  } catch (error) {
    if (!(error instanceof HubError) || !error.isUnreachable) throw error;
    const cached = await fromCache(spec, cache, choose, "").catch(() => undefined);
    if (!cached) throw error;
    return cached;
  }
}

interface Source {
  readonly client: HubClient;
  readonly cache: RepoCache;
  readonly spec: RepoSpec;
  readonly commit: string;
}

async function fetchFiles(
  names: readonly string[],
  listing: readonly ListedFile[],
  source: Source,
  options: DownloadOptions,
): Promise<void> {
  const { cache, commit } = source;
  const byName = new Map(listing.map((file) => [file.path, file]));
  const files = names.map((name) => byName.get(name)!);
  for (const name of names) {
    for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
      if (!byName.has(name.slice(0, at))) continue;
      throw new Mistake("network", {
        verb: "download",
        thing: source.spec.repo,
        found: `${quote(name.slice(0, at))} is a file and a folder`,
        expected: "one of them",
      });
    }
  }
  const totalSize = files.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const file of files) {
    const tell = (received: number) =>
      options.onProgress?.({
        file: file.path,
        received,
        size: file.size,
        totalReceived: before + received,
        totalSize,
      });
    if (await cache.find(commit, file.path, file.size) === undefined) {
      await fetchBlob({ ...source, file }, options, tell);
      await cache.link(commit, file);
    } else {
      tell(file.size);
    }
    before += file.size;
  }
}

/** What the cache has of a revision, if it has all that is asked for. */
async function fromCache(
  spec: RepoSpec,
  cache: RepoCache,
  choose: Choose,
  why: string,
): Promise<Downloaded> {
  const refuse = (what: string): never => {
    throw new HubError({
      thing: spec.repo,
      found: what,
      expected: `it there while offline (${why})`,
      fix: "Go online once to fetch it",
    }, undefined);
  };
  const commit = await cache.commit(spec) ?? refuse(`${spec.revision} is not in the cache`);
  const listing = await cache.listing(commit);
  const there = listing ? listing.map(({ path }) => path) : await cache.names(commit);
  if (there.length === 0) refuse(`${spec.revision} is not in the cache`);
  const chooseUnlisted = (): string[] => { // another program's cache: what is not there may be at the hub
    try {
      return choose(there);
    } catch (error) {
      if (wholeGgufs(there.filter((name) => name.endsWith(".gguf"))).length > 1) throw error; // one must be named
      const some = there.slice(0, 5).map(quote).join(", ") + (there.length > 5 ? ", …" : "");
      return refuse(`${spec.revision} is in the cache only in part (${some})`);
    }
  };
  const files = listing ? choose(there) : chooseUnlisted();
  for (const name of files) {
    const size = listing?.find(({ path }) => path === name)?.size;
    const path = await cache.find(commit, name, size);
    if (path === undefined) refuse(`its file ${quote(name)} is not in the cache`);
    else if (!listing && name.endsWith(".index.json")) {
      const index = await Deno.readTextFile(path).then(JSON.parse).catch(() => undefined);
      const [missing] = missingShards(index, there);
      if (missing !== undefined) refuse(`its file ${quote(missing)} is not in the cache`);
    }
  }
  return { folder: cache.snapshot(commit), commit, files, offline: true };
}
