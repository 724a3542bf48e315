import { assert, assertEquals } from "@std/assert";
import { datasetDownloader, downloadLine, modelDownloader } from "../../../cli/policy/hub_files.ts";
import { startHub } from "../../support/hub_server.ts";
import { filesBelow } from "../../support/tiny_run.ts";
import { inFolder } from "../../support/in_folder.ts";

/** A terminal that remembers its status lines. */
function watched() {
  const seen: string[] = [];
  const status = (text: string) => void seen.push(text);
  return { seen, isTty: true, columns: 80, line() {}, error() {}, status };
}

Deno.test("modelDownloader() gives the folder of the cache, with a bar that goes away", async () => {
  await inFolder(async (cache) => {
    await using hub = startHub({
      files: {
        "config.json": "{}",
        "model.safetensors": { bytes: new Uint8Array(2 ** 20), lfs: true },
        "code.py": "no",
      },
    });
    const terminal = watched();
    const path = await modelDownloader({ terminal, lookup: hub.lookup(cache) })("org/tiny");
    assertEquals(filesBelow(path).sort(), ["config.json", "model.safetensors"]);
    assertEquals(terminal.seen.at(-1), "");
    assert(terminal.seen.some((line) => line.includes("1.0 of 1.0 MiB · model.safetensors")));
  });
});

Deno.test("datasetDownloader() fetches the data files of a dataset, what declares its configs, and nothing else", async () => {
  await inFolder(async (cache) => {
    await using hub = startHub({
      type: "datasets",
      files: { "README.md": "about", "data/train.jsonl": '{"prompt":"a"}\n', "code.py": "no" },
    });
    const options = { terminal: watched(), lookup: hub.lookup(cache) };
    const folder = await datasetDownloader(options)("org/tiny", undefined);
    assertEquals(filesBelow(folder), ["README.md", "data/train.jsonl"]);
  });
});

Deno.test("downloadLine() has the share of all files, and is full where there is nothing", () => {
  const progress = { file: "a.gguf", received: 1, size: 2 };
  assertEquals(
    downloadLine({ ...progress, totalReceived: 2 ** 20, totalSize: 2 ** 21 }),
    "[############------------] 1.0 of 2.0 MiB · a.gguf",
  );
  assert(downloadLine({ ...progress, totalReceived: 0, totalSize: 0 }).startsWith("[####"));
});
