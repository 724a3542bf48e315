// Hubs that refuse, lie or attack; `error` is what downloadModel says, the hub's address called HUB.
import { bytesOf, cutBody, type HubFile, type HubOptions, refused } from "../support/hub_server.ts";

/** A hub, by what is wrong with it. */
export interface Row {
  name: string;
  /** Default `org/tiny`. */
  spec?: string;
  hub: Partial<HubOptions>;
  error: string;
}

const WEIGHTS = Uint8Array.from({ length: 5000 }, (_, i) => i);
const files = (change: Record<string, HubFile | string>): Partial<HubOptions> => {
  return {
    files: { "config.json": "{}", "model.safetensors": { bytes: WEIGHTS, lfs: true }, ...change },
  };
};
const status = (code: number, error?: string): Partial<HubOptions> => ({
  fault: () => refused(code, error),
});
const api = (body: unknown): Partial<HubOptions> => {
  return { fault: ({ path }) => path.startsWith("/api/") ? Response.json(body) : undefined };
};
const WEIGHT_SHA = "0".repeat(64);
const LOGIN = "Set HF_TOKEN to a token that may read it";
const THROWN = "The bytes are not those that the hub lists: they were thrown away";
const start = "Cannot download org/tiny: ";
const weights = "Cannot download org/tiny/model.safetensors: ";
const climbing = (name: string, path: string, why: string): Row => {
  return {
    name: `a GGUF file called ${name}`,
    hub: { files: { evil: { bytes: WEIGHTS, path } } },
    error: `${start}it has a file called ${JSON.stringify(path)}, expected a name that is ${why}`,
  };
};

/** The table. */
export const rows: Row[] = [
  {
    name: "a name without an organisation's form",
    spec: "../etc/passwd",
    hub: {},
    error:
      'Cannot download "../etc/passwd": the name is "../etc/passwd", expected org/name, as the hub shows it',
  },
  {
    name: "a revision that climbs",
    spec: "org/tiny@../../x",
    hub: {},
    error:
      'Cannot download "org/tiny@../../x": the revision is "../../x", expected a branch, a tag or a commit',
  },
  {
    name: "a file that climbs",
    spec: "org/tiny:../x.gguf",
    hub: {},
    error:
      `${start}it has a file called "../x.gguf", expected a name that is within the repository`,
  },
  {
    name: "a hub that knows us not",
    hub: status(401),
    error:
      `${start}the hub has none that we may see (401), expected a public model or one of yours. Check the name. ${LOGIN}`,
  },
  {
    name: "a gated model",
    hub: status(403, "GatedRepo"),
    error: `${start}it is gated (403), expected access to it. Ask for it at HUB/org/tiny. ${LOGIN}`,
  },
  {
    name: "a model that is not there",
    hub: status(404, "RepoNotFound"),
    error:
      `${start}the hub has none that we may see (404), expected a public model or one of yours. Check the name. ${LOGIN}`,
  },
  {
    name: "a revision that is not there",
    spec: "org/tiny@v9",
    hub: {},
    error: `${start}the hub has no revision "v9" of it (404), expected one of HUB/org/tiny`,
  },
  {
    name: "a hub in trouble",
    hub: status(503),
    error: `${start}the hub answers 503 after 5 tries, expected 200. Try later`,
  },
  {
    name: "a web page in place of the hub",
    hub: { fault: () => new Response("<html>Log in</html>") },
    error: `${start}HUB gives no listing of it, expected a hub's answer. Check HF_ENDPOINT`,
  },
  {
    name: "a commit that is none",
    hub: api({ id: "org/tiny", sha: "../../x" }),
    error: `${start}the hub says its commit is "../../x", expected 40 hexadecimal digits`,
  },
  {
    name: "a listing without hashes",
    hub: {
      fault: ({ path }) =>
        path.includes("/tree/")
          ? Response.json([{ type: "file", path: "config.json", size: 2 }])
          : undefined,
    },
    error: `${start}the hub lists {"path":"config.json","size":2}, expected path, size and hash`,
  },
  {
    name: "a listing with a negative size",
    hub: files({ "config.json": { bytes: WEIGHTS, size: -1 } }),
    error:
      `${start}the hub lists {"path":"config.json","size":-1,"oid":"a4f2613b7b552051b88a0539976462c486ac00e6…, expected path, size and hash`,
  },
  {
    name: "a listing that never ends",
    hub: {
      fault: ({ path, origin }) =>
        path.includes("/tree/")
          ? new Response("[]", {
            headers: { link: `<${origin}${path}>; rel="next"` },
          })
          : undefined,
    },
    error: `${start}its listing has more than 200 pages, expected fewer`,
  },
  {
    name: "a repository without weights",
    hub: { files: { "config.json": "{}", "pytorch_model.bin": "x" } },
    error:
      `${start}it has no model.safetensors and no GGUF file but "pytorch_model.bin", expected weights in one of them`,
  },
  {
    name: "other bytes than listed, in LFS",
    hub: files({ "model.safetensors": { bytes: WEIGHTS, lfs: true, hash: WEIGHT_SHA } }),
    error:
      `${weights}its SHA-256 is 8026e5c96cf1e502c8deb3e89f8b8bc342f5039b871911a92eb10edf9c6542d3, expected ${WEIGHT_SHA}. ${THROWN}`,
  },
  {
    name: "other bytes than listed, in git",
    hub: files({ "config.json": { bytes: WEIGHTS, hash: "0".repeat(40) } }),
    error:
      `Cannot download org/tiny/config.json: its git SHA-1 is a4f2613b7b552051b88a0539976462c486ac00e6, expected ${
        "0".repeat(40)
      }. ${THROWN}`,
  },
  {
    name: "a file shorter than listed",
    hub: files({ "model.safetensors": { bytes: WEIGHTS, lfs: true, size: 6000 } }),
    error: `${weights}the hub announces 5000 bytes, expected the 6000 that it lists`,
  },
  {
    name: "a file longer than listed",
    hub: files({ "model.safetensors": { bytes: WEIGHTS, lfs: true, size: 40 } }),
    error: `${weights}the hub announces 5000 bytes, expected the 40 that it lists`,
  },
  {
    name: "a file that never ends",
    hub: {
      ...files({}),
      fault: ({ path, host }) => {
        if (host !== "cdn" || !path.includes("safetensors")) return;
        return new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(65_536)) }));
      },
    },
    error: `${weights}the hub sends more bytes, expected the 5000 that it lists`,
  },
  {
    name: "a file that is cut every time",
    hub: {
      ...files({}),
      fault: ({ host }) =>
        host === "cdn"
          ? new Response(cutBody(WEIGHTS, 0), { headers: { "content-length": "5000" } })
          : undefined,
    },
    error:
      `${weights}it was cut at 0 of 5000 bytes (the connection broke), expected all of it. Run it again: what came is kept`,
  },
  {
    name: "a part of another file",
    hub: {
      ...files({}),
      fault: ({ host, range }) =>
        host !== "cdn"
          ? undefined
          : range === null
          ? new Response(cutBody(WEIGHTS, 100), { headers: { "content-length": "5000" } })
          : bytesOf(new Uint8Array(5000), range),
    },
    error:
      `${weights}its SHA-256 is 8c96d9be3b4116002996b3ba7bdc9edc17b7988cc27f9c96766a26908b0d07f4, expected 8026e5c96cf1e502c8deb3e89f8b8bc342f5039b871911a92eb10edf9c6542d3. ${THROWN}`,
  },
  {
    name: "a redirect to a file of ours",
    hub: {
      fault: ({ path }) =>
        path.includes("/resolve/")
          ? new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } })
          : undefined,
    },
    error: `${start}the hub sends us to "file:///etc/passwd", expected an https address`,
  },
  {
    name: "a redirect in a circle",
    hub: { fault: ({ path }) => new Response(null, { status: 302, headers: { location: path } }) },
    error: `${start}it is redirected more than 5 times, expected a file`,
  },
  {
    name: "a file that is a folder too",
    hub: {
      files: {
        "config.json": "{}",
        "a.gguf": "x",
        "b": "y",
        evil: { bytes: WEIGHTS, path: "a.gguf/b.gguf" },
      },
    },
    spec: "org/tiny:a.gguf/b.gguf",
    error: `${start}"a.gguf" is a file and a folder, expected one of them`,
  },
  climbing("by ..", "../../../../evil.gguf", "within the repository"),
  climbing("by .. amid it", "a/../../evil.gguf", "within the repository"),
  climbing("from the root", "/tmp/evil.gguf", "relative"),
  climbing("with backslashes", "..\\..\\evil.gguf", "without backslashes"),
  climbing("with a drive", "C:evil.gguf", "without a drive"),
  climbing("with a NUL", "evil\u0000.gguf", "without control characters"),
  climbing("with an empty part", "a//evil.gguf", "within the repository"),
  climbing("as a device", "aux.gguf", "other than a Windows device"),
  {
    ...climbing("without end", `${"a".repeat(300)}.gguf`, ""),
    error: `${start}it has a file called "${
      "a".repeat(79)
    }…", expected a name that is of a usable length`,
  },
];
