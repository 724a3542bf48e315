// The cache as Python's huggingface_hub lays it out, so that both find what the other fetched:
// models--org--name/{blobs/<hash>, refs/<revision>, snapshots/<commit>/<file> → ../../blobs/<hash>}.
import { writeFileDurably } from "../durable/file.ts";
import { ensureFolder, splitPath } from "../durable/disk.ts";
import { isObject, quote } from "../../core/base/quote.ts";
import type { ListedFile } from "./client.ts";
import { checkRepoPath, isCommit, type RepoSpec, type RepoType } from "./repo_spec.ts";
import { Mistake } from "../../core/base/mistake.ts";

/** One repository's folder in the cache. */
export class RepoCache {
  /** The cache that it lies in. */
  readonly root: string;
  /** The repository's folder. */
  readonly folder: string;
  /** Where its locks lie, as Python has them. */
  readonly locks: string;
  readonly #repo: string;

  constructor(root: string, type: RepoType, repo: string) {
    const name = [`${type}s`, ...repo.split("/")].join("--");
    this.root = root;
    this.folder = `${root}/${name}`;
    this.locks = `${root}/.locks/${name}`;
    this.#repo = repo;
  }

  /** Where a commit's files stand by their names. */
  snapshot(commit: string): string {
    return `${this.folder}/snapshots/${commit}`;
  }

  /** Where a file's bytes lie. */
  blob(file: ListedFile): string {
    return `${this.folder}/blobs/${file.hash}`;
  }

  /** The commit that a revision stood for when the hub was asked last. */
  async commit({ revision }: RepoSpec): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const text = await Deno.readTextFile(`${this.folder}/refs/${revision}`).catch(() => "");
    return isCommit(text.trim()) ? text.trim() : undefined;
  }

  /** Notes what commit a revision stands for. */
  async noteCommit({ revision }: RepoSpec, commit: string): Promise<void> {
    if (revision === commit || await this.commit({ revision } as RepoSpec) === commit) return;
    await writeFileDurably(`${this.folder}/refs/${revision}`, new TextEncoder().encode(commit));
  }

  /** The files of a commit as the hub listed them, if it was asked before. Ours beside Python's folders. */
  async listing(commit: string): Promise<ListedFile[] | undefined> {
    try {
      const list: unknown = JSON.parse(await Deno.readTextFile(this.#listingPath(commit)));
      return Array.isArray(list) && list.every(isListedFile) ? list : undefined;
    } catch {
      return undefined; // not there, or not whole: the hub tells again
    }
  }

  /** Keeps a listing. */
  async noteListing(commit: string, files: readonly ListedFile[]): Promise<void> {
    const text = JSON.stringify(files);
    await writeFileDurably(this.#listingPath(commit), new TextEncoder().encode(text));
  }

  #listingPath(commit: string): string {
    return `${this.folder}/listings/${commit}.json`;
  }

  /** Names of the files that a snapshot has, where no listing tells. */
  async names(commit: string): Promise<string[]> {
    const names: string[] = [];
    const walk = async (prefix: string): Promise<void> => {
      for await (const entry of Deno.readDir(`${this.snapshot(commit)}/${prefix}`)) {
        const path = prefix + entry.name;
        if (entry.isDirectory) await walk(`${path}/`);
        else if (await Deno.stat(`${this.snapshot(commit)}/${path}`).then(isFile, () => false)) {
          names.push(path);
        }
      }
    };
    await walk("").catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    return names.sort();
  }

  /** The path of a file of a snapshot if it is whole: there, within the cache, and of the listed size. */
  async find(commit: string, name: string, size?: number): Promise<string | undefined> {
    checkRepoPath(name, this.#repo);
    const path = `${this.snapshot(commit)}/${name}`;
    const info = await Deno.stat(path).catch(() => undefined);
    if (!info?.isFile || (size !== undefined && info.size !== size)) return undefined;
    await this.#contained(path);
    return path;
  }

  /** Puts a blob into a snapshot under its name: a relative link, or a copy where the system has no links. */
  async link(commit: string, file: ListedFile): Promise<void> {
    checkRepoPath(file.path, this.#repo);
    const path = `${this.snapshot(commit)}/${file.path}`;
    const { parent, base } = splitPath(path);
    await ensureFolder(parent);
    await this.#contained(parent);
    const up = "../".repeat(file.path.split("/").length + 1);
    const temporary = `${parent}/.${base.slice(0, 100)}.${crypto.randomUUID()}.tmp`;
    try {
      await Deno.symlink(`${up}blobs/${file.hash}`, temporary, { type: "file" });
    } catch (error) {
      if (Deno.build.os !== "windows") throw error;
      await Deno.copyFile(this.blob(file), temporary); // links need a right there
    }
    await Deno.rename(temporary, path);
  }

  /** Throws where a path, its links followed, leaves the repository's folder and the blobs that repositories share. */
  async #contained(path: string): Promise<void> {
    const real = await Deno.realPath(path);
    for (const home of [this.folder, `${this.root}/blobs`]) {
      const within = await Deno.realPath(home).catch(() => undefined);
      if (
        within !== undefined && real.startsWith(within) && /^[/\\]/.test(real.slice(within.length))
      ) {
        return;
      }
    }
    throw new Mistake("network", {
      verb: "use",
      thing: quote(path),
      found: `its links lead to ${quote(real)}`,
      expected: `a place within ${this.folder}`,
    });
  }
}

function isFile(info: Deno.FileInfo): boolean {
  return info.isFile;
}

function isListedFile(value: unknown): value is ListedFile {
  return isObject(value) && typeof value.path === "string" && Number.isSafeInteger(value.size) &&
    typeof value.hash === "string" && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value.hash);
}
