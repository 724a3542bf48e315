// Requests to the hub: tries again when it is busy, follows redirects itself so that the token stays with the hub,
// and says in one line what is wrong. Listing and info are @huggingface/hub's, over this fetch.
import { guardedFetch, GuardError } from "./guarded_fetch.ts";
import { joinBytes } from "../../core/base/join_bytes.ts";
import { show } from "../../core/base/quote.ts";
import type { HubEnvironment } from "./environment.ts";
import { isCommit, type RepoSpec, type RepoType } from "./repo_spec.ts";
import { HubError, refusalOf } from "./hub_error.ts";
import { pause } from "../../core/base/pause.ts";

/** A file as the hub lists it. */
export interface ListedFile {
  /** Its name in the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of a file in LFS, else git's SHA-1 of the blob; it names the blob in the cache. */
  readonly hash: string;
}

/** How to make requests. */
export interface ClientOptions {
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
  /** Ends the download. */
  readonly signal?: AbortSignal;
  /** Tries after the first, when the hub is busy or away; default 4. */
  readonly retries?: number;
  /** First wait before another try, ms; each is twice the one before. Default 500. */
  readonly backoff?: number;
  /** How long to wait for an answer or for the next bytes, ms; default 30,000. */
  readonly timeout?: number;
}

const MOST_FILES = 100_000;

const MOST_PAGES = 200;

const LONGEST_ANSWER = 33_554_432;

// bytes of one page of a listing
const LONGEST_WAIT = 60_000;

/** Where the hub keeps files. */
const OWN_HOSTS: readonly string[] = ["huggingface.co", "hf.co"];

/** How long to wait for bytes where nothing is said, ms. */
export const TIMEOUT = 30_000;

/** A hub as one spec is asked of it. */
export class HubClient {
  readonly #environment: HubEnvironment;
  readonly #options: ClientOptions;
  readonly #type: RepoType;

  constructor(environment: HubEnvironment, type: RepoType, options: ClientOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#type = type;
  }

  /** The commit that a revision stands for. */
  async commit(spec: RepoSpec): Promise<string> {
    const params = {
      name: spec.repo,
      revision: spec.revision,
      hubUrl: this.#environment.endpoint,
      additionalFields: ["sha" as const],
      fetch: this.#api(spec),
    };
    const { sha } = await this.#understood(spec, async () => {
      const { datasetInfo, modelInfo } = await import("@huggingface/hub"); // 0.1 s: only where it is needed
      return await (this.#type === "model" ? modelInfo(params) : datasetInfo(params));
    });
    if (typeof sha === "string" && isCommit(sha)) return sha;
    throw new HubError({
      thing: spec.repo,
      found: `the hub says its commit is ${show(sha)}`,
      expected: "40 hexadecimal digits",
    }, 200);
  }

  /** All files of a commit. */
  list(spec: RepoSpec, commit: string): Promise<ListedFile[]> {
    const params = {
      repo: { type: this.#type, name: spec.repo },
      revision: commit,
      recursive: true,
      hubUrl: this.#environment.endpoint,
      fetch: this.#api(spec),
    };
    return this.#understood(spec, async () => {
      const { listFiles } = await import("@huggingface/hub");
      const files: ListedFile[] = [];
      for await (const entry of listFiles(params)) {
        if (entry?.type !== "file") continue;
        files.push(listed(entry, spec.repo));
        if (files.length > MOST_FILES) {
          throw new HubError({
            thing: spec.repo,
            found: `it has more than ${MOST_FILES} files`,
            expected: "fewer",
          }, 200);
        }
      }
      return files;
    });
  }

  /** The bytes of a file from `start` on; the caller reads or cancels the body. */
  file(spec: RepoSpec, commit: string, path: string, start: number): Promise<Response> {
    const prefix = this.#type === "dataset" ? "datasets/" : "";
    const name = path.split("/").map(encodeURIComponent).join("/");
    const url = `${this.#environment.endpoint}/${prefix}${spec.repo}/resolve/${commit}/${name}`;
    const headers = {
      "accept-encoding": "identity",
      ...(start > 0 && { range: `bytes=${start}-` }),
    };
    return this.#request(url, headers, spec, path);
  }

  /** What the package gives, with answers that it cannot read as one line. */
  async #understood<T>(spec: RepoSpec, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      if (cause instanceof HubError || this.#options.signal?.aborted) throw cause;
      throw new HubError(
        {
          thing: spec.repo,
          found: `${this.#environment.endpoint} gives no listing of it`,
          expected: "a hub's answer",
          fix: "Check HF_ENDPOINT",
        },
        200,
        { cause },
      );
    }
  }

  /** A fetch for the package: our requests, short answers. */
  #api(spec: RepoSpec): typeof fetch {
    let pages = 0;
    return async (input) => {
      if (++pages > MOST_PAGES) {
        throw new HubError({
          thing: spec.repo,
          found: `its listing has more than ${MOST_PAGES} pages`,
          expected: "fewer",
        }, 200);
      }
      const response = await this.#request(String(input), { accept: "application/json" }, spec);
      const { headers, status } = response;
      return new Response(await shortBody(response, spec.repo), { headers, status });
    };
  }

  /** A GET that is tried again, follows redirects and gives the token to the hub alone. */
  async #request(
    url: string,
    headers: Record<string, string>,
    spec: RepoSpec,
    path?: string,
  ): Promise<Response> {
    const { retries = 4, backoff = 500, signal } = this.#options;
    for (let attempt = 0;; attempt++) {
      signal?.throwIfAborted();
      let response: Response | undefined;
      let cause: unknown;
      try {
        response = await this.#follow(url, headers, spec);
      } catch (error) {
        if (error instanceof HubError || signal?.aborted) throw error;
        cause = error;
      }
      if (response?.ok || response?.status === 416) return response;
      await response?.body?.cancel();
      const again = response === undefined || response.status === 429 || response.status >= 500;
      if (!again || attempt >= retries) {
        throw refusalOf(this.#environment, this.#type, { spec, path, response, attempt, cause });
      }
      const wait = Math.min(retryAfter(response) ?? backoff * 2 ** attempt, LONGEST_WAIT);
      await pause(wait, signal);
    }
  }

  async #follow(url: string, headers: Record<string, string>, spec: RepoSpec): Promise<Response> {
    const { endpoint, token, authorization, hosts = [] } = this.#environment;
    const { fetch, signal, timeout = TIMEOUT } = this.#options;
    const guard = {
      home: endpoint,
      hosts: [...OWN_HOSTS, ...hosts],
      authorization: token === undefined ? authorization : `Bearer ${token}`,
    };
    try {
      return await guardedFetch(url, guard, { headers, fetch, signal, timeout });
    } catch (error) {
      if (!(error instanceof GuardError)) throw error;
      throw new HubError(error.partsWith({ thing: spec.repo }), error.status ?? 310);
    }
  }
}

function listed(
  entry: { path: unknown; size: unknown; oid?: unknown; lfs?: unknown },
  repo: string,
): ListedFile {
  const lfs = entry.lfs as { oid?: unknown; size?: unknown } | undefined;
  const { path } = entry;
  const size = lfs ? lfs.size : entry.size;
  const hash = lfs ? lfs.oid : entry.oid;
  const fits = typeof path === "string" && Number.isSafeInteger(size) && Number(size) >= 0 &&
    typeof hash === "string" && (lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(hash);
  if (fits) return { path, size: Number(size), hash };
  throw new HubError({
    thing: repo,
    found: `the hub lists ${show({ path, size, oid: hash })}`,
    expected: "path, size and hash",
  }, 200);
}

async function shortBody(response: Response, repo: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > LONGEST_ANSWER) {
      throw new HubError({
        thing: repo,
        found: `the hub's answer is longer than ${LONGEST_ANSWER} bytes`,
        expected: "less",
      }, 200);
    }
    parts.push(part);
  }
  return joinBytes(parts);
}

/** How long the hub asks us to wait, ms. */
function retryAfter(response: Response | undefined): number | undefined {
  const value = response?.headers.get("retry-after");
  return value && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}
