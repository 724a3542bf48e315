// Downloads against a hub on this machine: whole, cut, wrong, refused, offline, side by side, and never outside.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { HubError } from "../../../files/hub/hub_error.ts";
import {
  downloadFiles,
  downloadModel,
  type DownloadOptions,
  type DownloadProgress,
} from "../../../files/hub/download.ts";
import { rows } from "../../malformed/hub.ts";
import {
  bytesOf,
  cutBody,
  hashOf,
  type HubOptions,
  type LocalHub,
  refused,
  type SeenRequest,
  startHub,
} from "../../support/hub_server.ts";
import { processorMs } from "../../support/cost.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) >> 3);
const FILES: HubOptions["files"] = {
  "config.json": '{"model_type":"llama"}',
  "tokenizer.json": "{}",
  "model.safetensors": { bytes: WEIGHTS, lfs: true },
  "README.md": "# not needed",
  "pytorch_model.bin": "not needed either",
};
const NEEDED = ["config.json", "tokenizer.json", "model.safetensors"];

/** A hub and an empty cache for one test. */
async function withHub(
  options: Partial<HubOptions>,
  test: (
    hub: LocalHub,
    cache: string,
    go: (more?: Record<string, string>) => DownloadOptions,
  ) => Promise<void>,
): Promise<void> {
  const cache = await Deno.makeTempDir();
  try {
    await using hub = startHub({ files: FILES, ...options });
    await test(
      hub,
      cache,
      (more) => ({ lookup: hub.lookup(cache, more), backoff: 1, timeout: 2000 }),
    );
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

const isWeights = ({ path }: SeenRequest) => path.includes("model.safetensors");
const read = async (path: string) => new Uint8Array(await Deno.readFile(path));

Deno.test("downloadModel() fetches what a model needs into Python's layout, and tells how far it is", async () => {
  await withHub({}, async (hub, cache, go) => {
    const told: DownloadProgress[] = [];
    const done = await downloadModel("org/tiny", { ...go(), onProgress: (p) => told.push(p) });
    const folder = `${cache}/models--org--tiny`;
    assertEquals(done, {
      folder: `${folder}/snapshots/${hub.commit}`,
      path: `${folder}/snapshots/${hub.commit}`,
      commit: hub.commit,
      files: NEEDED,
      offline: false,
    });
    assertEquals(await read(`${done.path}/model.safetensors`), WEIGHTS);
    assertEquals(
      await Deno.readLink(`${done.path}/model.safetensors`),
      `../../blobs/${hashOf(WEIGHTS, true)}`,
    );
    assertEquals(await Deno.readTextFile(`${folder}/refs/main`), hub.commit);
    const blobs = (await Array.fromAsync(Deno.readDir(`${folder}/blobs`))).map(({ name }) => name);
    assertEquals(blobs.length, 3);
    assert(!blobs.some((name) => name.endsWith(".incomplete")));
    const total = WEIGHTS.length + 22 + 2;
    const last = told[told.length - 1];
    assertEquals([last.totalReceived, last.totalSize, last.file], [
      total,
      total,
      "model.safetensors",
    ]);
    assert(told.every((p, i) => i === 0 || p.totalReceived >= told[i - 1].totalReceived));
  });
});

Deno.test("downloadModel() fetches nothing twice, and asks nobody for a commit that it has", async () => {
  await withHub({}, async (hub, _cache, go) => {
    await downloadModel("org/tiny", go());
    hub.seen.length = 0;
    await downloadModel("org/tiny", go());
    assertEquals(hub.seen.map(({ path }) => path.split("?")[0]), [
      "/api/models/org/tiny/revision/main",
    ]);
    hub.seen.length = 0;
    const done = await downloadModel(`org/tiny@${hub.commit}`, go());
    assertEquals([hub.seen.length, done.offline], [0, false]);
  });
});

Deno.test("downloadModel() takes a cut download up where it was cut", async () => {
  const half = 100_000;
  await withHub({
    fault: (seen) => {
      if (!isWeights(seen) || seen.host !== "cdn" || seen.range !== null) return;
      return new Response(cutBody(WEIGHTS, half), {
        headers: { "content-length": `${WEIGHTS.length}` },
      });
    },
  }, async (hub, _cache, go) => {
    const done = await downloadModel("org/tiny", go());
    assertEquals(await read(`${done.path}/model.safetensors`), WEIGHTS);
    const ranges = hub.seen.filter(({ host }) => host === "cdn").map(({ range }) => range);
    assertEquals(ranges, [null, `bytes=${half}-`]);
  });
});

Deno.test("downloadModel() keeps what came when it gives up, and goes on from there the next time", async () => {
  let down = true;
  await withHub({
    fault: (seen) => {
      if (!isWeights(seen) || !down) return;
      return seen.range === null
        ? new Response(cutBody(WEIGHTS, 1000), {
          headers: { "content-length": `${WEIGHTS.length}` },
        })
        : new Response(cutBody(WEIGHTS, 0), {
          status: 206,
          headers: { "content-range": `bytes 1000-${WEIGHTS.length - 1}/${WEIGHTS.length}` },
        });
    },
  }, async (hub, _cache, go) => {
    await assertRejects(
      () => downloadModel("org/tiny", { ...go(), retries: 1 }),
      HubError,
      "Cannot download org/tiny/model.safetensors: it was cut at 1000 of 300000 bytes",
    );
    down = false;
    hub.seen.length = 0;
    const done = await downloadModel("org/tiny", go());
    assertEquals(await read(`${done.path}/model.safetensors`), WEIGHTS);
    assertEquals(hub.seen.filter(isWeights).map(({ range }) => range), [
      "bytes=1000-",
      "bytes=1000-",
    ]);
  });
});

Deno.test("downloadModel() begins again where the server does no parts, or the part from before was damaged", async () => {
  for (const damage of [false, true]) {
    await withHub({
      fault: (seen) => seen.host === "cdn" && !damage ? bytesOf(WEIGHTS, null) : undefined,
    }, async (_hub, cache, go) => {
      const blobs = `${cache}/models--org--tiny/blobs`;
      await Deno.mkdir(blobs, { recursive: true });
      const part = WEIGHTS.slice(0, 5000);
      if (damage) part[7] ^= 1;
      await Deno.writeFile(`${blobs}/${hashOf(WEIGHTS, true)}.incomplete`, part);
      const done = await downloadModel("org/tiny", go());
      assertEquals(await read(`${done.path}/model.safetensors`), WEIGHTS);
    });
  }
});

Deno.test("downloadModel() finishes a part that is whole already, and throws one away that is too long", async () => {
  for (const length of [WEIGHTS.length, WEIGHTS.length + 9]) {
    await withHub({}, async (hub, cache, go) => {
      const blobs = `${cache}/models--org--tiny/blobs`;
      await Deno.mkdir(blobs, { recursive: true });
      const part = new Uint8Array(length);
      part.set(WEIGHTS);
      await Deno.writeFile(`${blobs}/${hashOf(WEIGHTS, true)}.incomplete`, part);
      const done = await downloadModel("org/tiny", go());
      assertEquals(await read(`${done.path}/model.safetensors`), WEIGHTS);
      assertEquals(hub.seen.some(isWeights), length > WEIGHTS.length);
    });
  }
});

Deno.test("downloadModel() tries a busy hub again, and waits as long as it says", async () => {
  const answers = [503, 429, 500];
  await withHub({
    fault: (seen) => {
      const status = isWeights(seen) ? answers.shift() : undefined;
      if (status === undefined) return;
      return new Response("busy", { status, headers: { "retry-after": "0" } });
    },
  }, async (_hub, _cache, go) => {
    await downloadModel("org/tiny", go());
    assertEquals(answers, []);
  });
});

Deno.test("downloadModel() gives the token to the hub and to no other host", async () => {
  await withHub({}, async (hub, _cache, go) => {
    await downloadModel("org/tiny", go({ HF_TOKEN: "hf_secret" }));
    assert(hub.seen.some(({ host }) => host === "cdn"));
    for (const { host, authorization } of hub.seen) {
      assertEquals(authorization, host === "hub" ? "Bearer hf_secret" : null);
    }
  });
});

for (const byCommit of [false, true]) {
  Deno.test(`downloadModel() gives the cached model offline, by ${byCommit ? "commit" : "branch"}`, async () => {
    await withHub({}, async (hub, _cache, go) => {
      const online = await downloadModel("org/tiny", go());
      const spec = byCommit ? `org/tiny@${hub.commit}` : "org/tiny";
      hub.seen.length = 0;
      const offline = await downloadModel(spec, go({ HF_HUB_OFFLINE: "1" }));
      assertEquals({ ...offline, offline: false }, online);
      assertEquals([hub.seen.length, offline.offline], [0, true]);
    });
  });
}

Deno.test("downloadModel() gives the cached model when the hub is gone or in trouble, and no other", async () => {
  await withHub({}, async (_hub, cache, go) => {
    const online = await downloadModel("org/tiny", go());
    const gone = { ...go({ HF_ENDPOINT: "http://127.0.0.1:1" }), retries: 0 };
    assertEquals(await downloadModel("org/tiny", gone), { ...online, offline: true });
    await assertRejects(() => downloadModel("org/other", gone), HubError, "does not answer");
    await using ill = startHub({ files: FILES, fault: () => refused(503) });
    const trouble = { lookup: ill.lookup(cache), retries: 1, backoff: 1 };
    assertEquals(await downloadModel("org/tiny", trouble), { ...online, offline: true });
    await using strict = startHub({ files: FILES, fault: () => refused(401) });
    await assertRejects(
      () => downloadModel("org/tiny", { lookup: strict.lookup(cache) }),
      HubError,
      "none that we may see (401)",
    );
  });
});

Deno.test("downloadModel() refuses half a model offline", async () => {
  await withHub(
    { fault: (seen) => isWeights(seen) ? refused(403) : undefined },
    async (_hub, _cache, go) => {
      await assertRejects(() => downloadModel("org/tiny", go()), HubError, "gated (403)");
      const offline = () => downloadModel("org/tiny", go({ HF_HUB_OFFLINE: "1" }));
      const message = 'Cannot download org/tiny: its file "config.json" is not in the cache'; // the ref is not written first
      await assertRejects(offline, HubError, message.replace("config.json", "model.safetensors"));
    },
  );
});

Deno.test("downloadModel() reads a cache that Python wrote, without our listing", async () => {
  await withHub({}, async (_hub, cache, go) => {
    const online = await downloadModel("org/tiny", go());
    await Deno.remove(`${cache}/models--org--tiny/listings`, { recursive: true });
    const offline = await downloadModel("org/tiny", go({ HF_HUB_OFFLINE: "1" }));
    assertEquals(offline, { ...online, offline: true });
    const index = JSON.stringify({ weight_map: { w: "model-00001-of-00002.safetensors" } });
    await Deno.remove(`${online.folder}/model.safetensors`);
    await Deno.writeTextFile(`${online.folder}/model.safetensors.index.json`, index);
    await assertRejects(
      () => downloadModel("org/tiny", go({ HF_HUB_OFFLINE: "1" })),
      HubError,
      'its file "model-00001-of-00002.safetensors" is not in the cache',
    );
  });
});

Deno.test("two downloads at once fetch every blob once", async () => {
  await withHub({}, async (hub, _cache, go) => {
    const [a, b] = await Promise.all([
      downloadModel("org/tiny", go()),
      downloadModel("org/tiny", go()),
    ]);
    assertEquals(a, b);
    assertEquals(await read(`${a.path}/model.safetensors`), WEIGHTS);
    assertEquals(hub.seen.filter((seen) => isWeights(seen) && seen.host === "cdn").length, 1);
  });
});

Deno.test("a download can be ended, and keeps what came", async () => {
  const end = new AbortController();
  await withHub({
    fault: (seen) => {
      if (seen.host !== "cdn") return;
      setTimeout(() => end.abort(new Error("enough")), 100);
      const never = new ReadableStream({ start: (c) => c.enqueue(WEIGHTS.slice(0, 500)) });
      return new Response(never, { headers: { "content-length": `${WEIGHTS.length}` } });
    },
  }, async (_hub, cache, go) => {
    await assertRejects(
      () => downloadModel("org/tiny", { ...go(), signal: end.signal }),
      Error,
      "enough",
    );
    const part = `${cache}/models--org--tiny/blobs/${hashOf(WEIGHTS, true)}.incomplete`;
    assertEquals(await read(part), WEIGHTS.slice(0, 500));
  });
});

Deno.test("downloadModel() takes one GGUF file, the one that is named among several", async () => {
  const files = { "a.Q4.gguf": "GGUF4", "a.Q8.gguf": "GGUF8", "README.md": "" };
  await withHub({ files }, async (_hub, _cache, go) => {
    const done = await downloadModel("org/tiny:a.Q8.gguf", go());
    assertEquals(await Deno.readTextFile(done.path), "GGUF8");
    await assertRejects(
      () => downloadModel("org/tiny", go()),
      Mistake,
      'it has 2 GGUF files, expected one. Name it as org/tiny:FILE, one of "a.Q4.gguf", "a.Q8.gguf"',
    );
    await assertRejects(
      () => downloadModel("org/tiny:b.gguf", go()),
      Mistake,
      'no file "b.gguf"',
    );
  });
});

Deno.test("downloadFiles() fetches the files of a dataset that match, folders and odd names included", async () => {
  const files = {
    "data/train-0.parquet": "P0",
    "data/ä b#1.parquet": "P1",
    "x.csv": "C",
    "empty.csv": "",
  };
  const options = { repoType: "dataset" } as const;
  await withHub({ files, type: "datasets" }, async (_hub, cache, go) => {
    const done = await downloadFiles("org/tiny@refs/pr/1", ["**.parquet", "empty.csv"], {
      ...go(),
      ...options,
    });
    assertEquals(done.files, ["data/train-0.parquet", "data/ä b#1.parquet", "empty.csv"]);
    assertEquals(await Deno.readTextFile(`${done.folder}/data/ä b#1.parquet`), "P1");
    assertEquals(await Deno.readTextFile(`${done.folder}/empty.csv`), "");
    assertEquals(
      await Deno.readTextFile(`${cache}/datasets--org--tiny/refs/refs/pr/1`),
      done.commit,
    );
    const offline = go({ HF_HUB_OFFLINE: "1" });
    assertEquals(
      (await downloadFiles("org/tiny@refs/pr/1", ["data/*"], { ...offline, ...options })).files
        .length,
      2,
    );
    await assertRejects(
      () => downloadFiles("org/tiny", ["*.json"], { ...go(), ...options }),
      Mistake,
      "no file matches",
    );
  });
});

for (const { name, spec = "org/tiny", hub: options, error } of rows) {
  Deno.test(`downloadModel() refuses ${name}, and writes nothing beside the cache`, async () => {
    await withHub(options, async (hub, cache, go) => {
      const start = processorMs();
      const inner = `${cache}/a/b`; // two folders in: ../.. would still be ours to see
      const lookup = hub.lookup(inner, { HOME: cache });
      const thrown = await assertRejects(() => downloadModel(spec, { ...go(), lookup }), Error);
      assertEquals(thrown.message.replaceAll(hub.endpoint, "HUB"), error);
      assert(thrown instanceof Mistake);
      assert(processorMs() - start < 5000);
      const beside = await Array.fromAsync(Deno.readDir(cache));
      assert(beside.every((entry) => entry.name === "a"), JSON.stringify(beside));
    });
  });
}

Deno.test("downloadModel() refuses a snapshot whose links lead out of the cache", async () => {
  await withHub({}, async (hub, cache, go) => {
    const outside = await Deno.makeTempDir();
    const snapshots = `${cache}/models--org--tiny/snapshots`;
    await Deno.mkdir(snapshots, { recursive: true });
    await Deno.symlink(outside, `${snapshots}/${hub.commit}`);
    await assertRejects(() => downloadModel("org/tiny", go()), Mistake, "its links lead to");
    assertEquals(await Array.fromAsync(Deno.readDir(outside)), []);
    await Deno.writeTextFile(`${outside}/config.json`, '{"model_type":"llama"}');
    await assertRejects(() => downloadModel("org/tiny", go()), Mistake, "its links lead to");
    await Deno.remove(outside, { recursive: true });
  });
});

Deno.test("downloadModel() says of a part that Python fetched that it is a part", async () => {
  await withHub({}, async (_hub, cache, go) => {
    const online = await downloadModel("org/tiny", go());
    await Deno.remove(`${cache}/models--org--tiny/listings`, { recursive: true });
    for (const name of online.files) {
      if (name !== "config.json") await Deno.remove(`${online.folder}/${name}`);
    }
    const offline = () => downloadModel("org/tiny", go({ HF_HUB_OFFLINE: "1" }));
    const error = await assertRejects(offline, HubError);
    assertEquals(
      error.message,
      'Cannot download org/tiny: main is in the cache only in part ("config.json"), ' +
        "expected it there while offline (HF_HUB_OFFLINE is set). Go online once to fetch it",
    );
  });
});
