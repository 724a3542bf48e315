import { assertEquals, assertRejects } from "@std/assert";
import { openDataset, type OpenDatasetOptions } from "../../../files/datasets/open_dataset.ts";
import { Mistake } from "../../../core/base/mistake.ts";

async function withFiles(
  files: Record<string, string | Uint8Array>,
  body: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = `${dir}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await (typeof content === "string"
        ? Deno.writeTextFile(path, content)
        : Deno.writeFile(path, content));
    }
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function prompts(source: string, options?: OpenDatasetOptions): Promise<unknown[]> {
  const dataset = await openDataset(source, options);
  return await Array.fromAsync(dataset.rows(), ({ row }) => row.prompt ?? row.text);
}

async function gzipped(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return await new Response(stream).bytes();
}

const PARQUET = new URL("../../fixtures/parquet/zstd.parquet", import.meta.url).pathname;

const FORMATS: [name: string, content: string][] = [
  ["a.jsonl", '{"prompt": "x"}\n{"prompt": "y"}\n'],
  ["a.ndjson", '{"prompt": "x"}\n{"prompt": "y"}'],
  ["a.json", '[{"prompt": "x"}, {"prompt": "y"}]'],
  ["columns.json", '{\n"prompt": ["x", "y"]}'],
  ["lines.json", `{"prompt": "x", "long": "${"z".repeat(10_000)}"}\n{"prompt": "y"}\n`],
  ["a.csv", "prompt,b\nx,1\ny,2\n"],
  ["a.tsv", "prompt\tb\nx\t1\ny\t2\n"],
  ["a.txt", "x\n\ny\n"],
  ["noending", '{"prompt": "x"}\n{"prompt": "y"}\n'],
  ["list", ' [{"prompt": "x"}, {"prompt": "y"}]'],
];
for (const [name, content] of FORMATS) {
  Deno.test(`openDataset() reads ${name} by its name and its first bytes`, () =>
    withFiles({ [name]: content }, async (dir) => {
      assertEquals(await prompts(`${dir}/${name}`), ["x", "y"]);
    }));
}

Deno.test("openDataset() reads Parquet, and only the columns that are asked for", async () => {
  const dataset = await openDataset(PARQUET, { columns: ["prompt"] });
  const rows = await Array.fromAsync(dataset.rows());
  assertEquals(rows.length, 23);
  assertEquals(rows[22].row, { prompt: "Prompt 22: naïve 日本 🦊\n" });
});

Deno.test("openDataset() reads a folder's files in name order, and nothing that is about the data", () =>
  withFiles({
    "data/train-00001.jsonl": '{"prompt": "2"}',
    "data/train-00000.jsonl": '{"prompt": "1"}',
    "README.md": "# x",
    "dataset_info.json": "{}",
    ".git/x.jsonl": "no",
  }, async (dir) => {
    assertEquals(await prompts(dir), ["1", "2"]);
    assertEquals(await prompts(`${dir}/`), ["1", "2"]);
    assertEquals((await openDataset(`${dir}/**/*1.jsonl`)).files, [
      `${dir}/data/train-00001.jsonl`,
    ]);
  }));

Deno.test("openDataset() wants to know which split of several is meant", () =>
  withFiles({
    "train.jsonl": '{"prompt": "train"}',
    "test.jsonl": '{"prompt": "test"}',
    "special/dev.jsonl": '{"prompt": "dev"}',
  }, async (dir) => {
    const error = await assertRejects(() => openDataset(dir), Mistake);
    assertEquals(
      error.message,
      `Cannot open ${dir}: it has the splits test, train, validation, expected one. Say which by split`,
    );
    assertEquals(await prompts(dir, { split: "train" }), ["train"]);
    assertEquals(await prompts(dir, { split: "validation" }), ["dev"]);
    assertEquals(await prompts(dir, { split: "special" }), ["dev"]);
    await assertRejects(() => openDataset(dir, { split: "none" }), Mistake, 'expected "none"');
    assertEquals(await prompts(`${dir}/t*.jsonl`), ["test", "train"]); // a pattern says what it means
  }));

Deno.test("openDataset() takes a folder whose own name is a pattern", () =>
  withFiles({ "a[1]{x}*/b.jsonl": '{"prompt": "1"}' }, async (dir) => {
    assertEquals(await prompts(`${dir}/a[1]{x}*`), ["1"]);
  }));

Deno.test("openDataset() unpacks gzipped text and refuses a part of it", async () => {
  const bytes = await gzipped('{"prompt": "x"}\n'.repeat(1000));
  await withFiles({ "a.jsonl.gz": bytes, "cut.jsonl.gz": bytes.subarray(0, 40) }, async (dir) => {
    assertEquals((await prompts(`${dir}/a.jsonl.gz`)).length, 1000);
    const error = await assertRejects(() => prompts(`${dir}/cut.jsonl.gz`), Mistake);
    assertEquals(
      error.message,
      `Cannot read ${dir}/cut.jsonl.gz: its gzip data is malformed, expected a whole gzip file. ` +
        "Fetch the file again",
    );
  });
});

Deno.test("openDataset() stops unpacking where the rows are no longer wanted", async () => {
  const bytes = await gzipped('{"prompt": "x"}\n'.repeat(100_000));
  await withFiles({ "a.jsonl.gz": bytes }, async (dir) => {
    for await (const { row } of (await openDataset(`${dir}/a.jsonl.gz`)).rows()) {
      assertEquals(row, { prompt: "x" });
      break; // the test's sanitizers see what stays open
    }
  });
});

Deno.test("openDataset() fetches an id from the hub by the function that it is given", () =>
  withFiles({ "train.jsonl": '{"prompt": "hub"}' }, async (dir) => {
    const asked: unknown[] = [];
    const fetchHub = (id: string, revision: string | undefined) => {
      asked.push([id, revision]);
      return Promise.resolve(dir);
    };
    assertEquals(await prompts("org/no-such-data", { fetchHub }), ["hub"]);
    assertEquals(await prompts("org/no-such-data@v1", { fetchHub }), ["hub"]);
    assertEquals(asked, [["org/no-such-data", undefined], ["org/no-such-data", "v1"]]);
    for (const path of ["../up/no-such-data", "..//no-such-data", "a/b/no-such-data"]) {
      await assertRejects(() => openDataset(path, { fetchHub }), Mistake, "it is missing");
    }
    assertEquals(asked.length, 2);
  }));

Deno.test("openDataset() says what is missing", () =>
  withFiles({ "notes.md": "" }, async (dir) => {
    const missing = await assertRejects(() => openDataset(`${dir}/no.csv`), Mistake);
    assertEquals(
      missing.message,
      `Cannot open ${dir}/no.csv: it is missing, expected a data file, a folder or a pattern`,
    );
    const none = await assertRejects(() => openDataset(`${dir}/*.csv`), Mistake);
    assertEquals(none.message, `Cannot open ${dir}/*.csv: no file matches, expected data files`);
    await assertRejects(() => openDataset(dir), Mistake, "it has no .jsonl, .json, .csv");
  }));

Deno.test("openDataset() takes a folder with a brace in its name for that folder alone", () =>
  withFiles({
    "d{s/a.jsonl": '{"prompt": "mine"}',
    "dxs/a.jsonl": '{"prompt": "another\'s"}',
  }, async (dir) => assertEquals(await prompts(`${dir}/d{s`), ["mine"])));

Deno.test("openDataset() reads one config of several, never two as one", () => {
  const readme = "---\nconfigs:\n- config_name: en\n  data_files: en/*.jsonl\n- config_name: fr\n" +
    "  data_files:\n  - split: train\n    path: fr/a.jsonl\n  - split: test\n    path: fr/b.jsonl\n---\n";
  return withFiles({
    "README.md": readme,
    "en/a.jsonl": '{"prompt": "en"}',
    "fr/a.jsonl": '{"prompt": "fr"}',
    "fr/b.jsonl": '{"prompt": "test"}',
  }, async (dir) => {
    const error = await assertRejects(() => openDataset(dir), Mistake);
    assertEquals(
      error.message,
      `Cannot open ${dir}: it has the configs en, fr, expected one. Say which by split, as en/train`,
    );
    assertEquals(await prompts(dir, { split: "en" }), ["en"]);
    assertEquals(await prompts(`${dir}/`, { split: "fr/test" }), ["test"]);
    assertEquals(await prompts(`${dir}/fr`, { split: "a" }), ["fr"]); // a folder of it has none
  });
});

Deno.test("openDataset() finds the splits of a config that names only its folder", () =>
  withFiles({
    "README.md": "---\nconfigs:\n- config_name: en\n  data_dir: en\n- config_name: fr\n---\n",
    "en/train.jsonl": '{"prompt": "train"}',
    "en/test.jsonl": '{"prompt": "test"}',
  }, async (dir) => {
    assertEquals(await prompts(dir, { split: "en/train" }), ["train"]);
    assertEquals(await prompts(dir, { split: "en/test" }), ["test"]);
    await assertRejects(
      () => openDataset(dir, { split: "en" }),
      Mistake,
      "the splits test, train",
    );
  }));

Deno.test("openDataset() takes folders of the same split for configs", async () => {
  const bytes = await Deno.readFile(PARQUET);
  const shard = "train-00000-of-00001.parquet";
  await withFiles({ [`en/${shard}`]: bytes, [`fr/${shard}`]: bytes }, async (dir) => {
    await assertRejects(() => openDataset(dir), Mistake, "it has the configs en, fr");
    assertEquals((await prompts(dir, { split: "fr/train" })).length, 23);
  });
});
