// A hub on this machine: the endpoints that a download needs, with faults on request.
import { createHash } from "node:crypto";

/** What a request asked, for tests that look. */
export interface SeenRequest {
  /** Path and query. */
  path: string;
  /** `hub` or `cdn`. */
  host: "hub" | "cdn";
  /** Scheme, host and port. */
  origin: string;
  authorization: string | null;
  range: string | null;
}

/** A file of the repository; files in LFS are served by the second host. */
export interface HubFile {
  bytes: Uint8Array<ArrayBuffer>;
  lfs?: boolean;
  /** Listed instead of the true ones. */
  size?: number;
  hash?: string;
  path?: string;
}

/** Answers in place of the hub's own, or undefined. Called before every answer. */
export type Fault = (request: SeenRequest, count: number) => Response | undefined;

/** What is served. */
export interface HubOptions {
  repo?: string;
  type?: "models" | "datasets";
  commit?: string;
  files: Record<string, HubFile | string>;
  fault?: Fault;
}

/** A running hub. */
export interface LocalHub extends AsyncDisposable {
  readonly endpoint: string;
  readonly commit: string;
  readonly seen: SeenRequest[];
  /** The environment of a client of it, with its cache in `cache`. */
  lookup(cache: string, more?: Record<string, string>): (name: string) => string | undefined;
}

/** A body that breaks off after `length` bytes of those announced. */
export function cutBody(
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      if (!sent) {
        sent = true;
        return controller.enqueue(bytes.slice(0, length));
      }
      await new Promise((resolve) => setTimeout(resolve, 20)); // the first bytes go out before
      controller.error(new Error("cut"));
    },
  });
}

/** SHA-256, or git's SHA-1 of a blob. */
export function hashOf(bytes: Uint8Array, lfs: boolean): string {
  return lfs
    ? createHash("sha256").update(bytes).digest("hex")
    : createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Starts a hub; dispose it. */
export function startHub(options: HubOptions): LocalHub {
  const { repo = "org/tiny", type = "models", commit = "c".repeat(40) } = options;
  const files = Object.entries(options.files).map(([path, file]) => {
    const entry: HubFile = typeof file === "string"
      ? { bytes: new TextEncoder().encode(file) }
      : file;
    const hash = entry.hash ?? hashOf(entry.bytes, entry.lfs ?? false);
    return { ...entry, path: entry.path ?? path, hash, size: entry.size ?? entry.bytes.length };
  });
  const seen: SeenRequest[] = [];
  const prefix = type === "datasets" ? "/datasets" : "";
  const serve = (host: "hub" | "cdn", answer: (url: URL, range: string | null) => Response) => {
    const listener = (request: Request): Response => {
      const url = new URL(request.url);
      const range = request.headers.get("range");
      const authorization = request.headers.get("authorization");
      const what: SeenRequest = {
        path: url.pathname + url.search,
        host,
        origin: url.origin,
        authorization,
        range,
      };
      seen.push(what);
      return options.fault?.(what, seen.length) ?? answer(url, range);
    };
    return Deno.serve({
      port: 0,
      hostname: "127.0.0.1",
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    }, listener);
  };
  const find = (path: string) => files.find((file) => file.path === decodeURIComponent(path));
  const cdn = serve("cdn", (url, range) => bytesOf(find(url.pathname.slice(1))!.bytes, range));
  const hub = serve("hub", (url, range) => {
    const path = url.pathname;
    if (path.startsWith(`/api/${type}/${repo}/revision/`)) {
      const revision = decodeURIComponent(path.split("/revision/")[1]);
      if (revision === "main" || revision === commit || revision === "refs/pr/1") {
        return Response.json({ _id: "1", id: repo, sha: commit });
      }
      return refused(404, "RevisionNotFound");
    }
    if (path === `/api/${type}/${repo}/tree/${commit}`) {
      return Response.json(files.map((file) => {
        const { path, size, hash } = file;
        const lfs = file.lfs ? { oid: hash, size, pointerSize: 130 } : undefined;
        return { type: "file", path, size, oid: file.lfs ? "0".repeat(40) : hash, lfs };
      }));
    }
    const start = `${prefix}/${repo}/resolve/${commit}/`;
    if (!path.startsWith(start)) return refused(404, "RepoNotFound");
    const file = find(path.slice(start.length));
    if (!file) return refused(404, "EntryNotFound");
    if (!file.lfs) return bytesOf(file.bytes, range);
    const location = `http://localhost:${cdn.addr.port}/${path.slice(start.length)}`;
    return new Response(null, { status: 302, headers: { location } });
  });
  const endpoint = `http://127.0.0.1:${hub.addr.port}`;
  return {
    endpoint,
    commit,
    seen,
    lookup: (cache, more = {}) => (name) =>
      ({ HF_ENDPOINT: endpoint, HF_HUB_CACHE: cache, ...more })[
        name
      ],
    async [Symbol.asyncDispose]() {
      await Promise.all([hub.shutdown(), cdn.shutdown()]);
    },
  };
}

/** An answer that refuses, with the hub's error code. */
export function refused(status: number, code?: string): Response {
  return new Response("no", { status, headers: code ? { "x-error-code": code } : {} });
}

/** All bytes, or those of a range. */
export function bytesOf(bytes: Uint8Array<ArrayBuffer>, range: string | null): Response {
  const [, from] = range?.match(/^bytes=(\d+)-$/) ?? [];
  if (from === undefined) return new Response(bytes);
  if (Number(from) >= bytes.length) return new Response(null, { status: 416 });
  const headers = { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  return new Response(bytes.slice(Number(from)), { status: 206, headers });
}
