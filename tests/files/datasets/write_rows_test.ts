import { assertEquals, assertRejects } from "@std/assert";
import { openLocalFile } from "../../../files/local_file.ts";
import { openDataset } from "../../../files/datasets/open_dataset.ts";
import { readFooter } from "../../../core/formats/datasets/parquet_footer.ts";
import { writeRows } from "../../../files/datasets/write_rows.ts";

const COLUMNS = { text: "text", n: "int", x: "real", ns: "ints", xs: "reals" } as const;
const ROWS = [
  { text: "é\n日", n: 7, x: 0.1, ns: [1, 2 ** 31 - 1], xs: [-0.5] },
  { text: null, n: null, x: null, ns: [], xs: [] },
  { text: "", n: -1, x: -0.25, ns: [0], xs: [1, Math.fround(0.1), 1e300] },
];

for (const format of ["jsonl", "parquet"] as const) {
  Deno.test(`writeRows() writes ${format} that reads the same`, async () => {
    const dir = await Deno.makeTempDir();
    const path = `${dir}/new/rows.${format}`;
    await writeRows(path, format, COLUMNS, ROWS);
    const { rows } = await openDataset(path);
    assertEquals(await Array.fromAsync(rows(), ({ row }) => ({ ...row })), ROWS);
    await Deno.remove(dir, { recursive: true });
  });

  Deno.test(`writeRows() leaves the old ${format} where a row throws, and nothing beside it`, async () => {
    const dir = await Deno.makeTempDir();
    const path = `${dir}/rows.${format}`;
    await Deno.writeTextFile(path, "old");
    async function* rows() {
      for (let i = 0; i < 5000; i++) yield ROWS[0];
      await Promise.reject(new Error("the source broke"));
    }
    await assertRejects(() => writeRows(path, format, COLUMNS, rows()), Error, "the source broke");
    const left = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
    assertEquals([left, await Deno.readTextFile(path)], [[`rows.${format}`], "old"]);
    await Deno.remove(dir, { recursive: true });
  });
}

Deno.test("writeRows() ends a row group at 1,000 rows, or before that where rows are long", async () => {
  const dir = await Deno.makeTempDir();
  const groups = async (rows: readonly { text: string }[]) => {
    await writeRows(`${dir}/rows.parquet`, "parquet", { text: "text" }, rows);
    using file = await openLocalFile(`${dir}/rows.parquet`);
    return (await readFooter(file)).groups.map((group) => group.rows);
  };
  assertEquals(await groups(new Array(2500).fill({ text: "short" })), [1000, 1000, 500]);
  assertEquals(await groups(new Array(5).fill({ text: "x".repeat(4 * 2 ** 20) })), [2, 2, 1]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("writeRows() writes lists of records to Parquet, absent fields as null and any value as JSON", async () => {
  const dir = await Deno.makeTempDir();
  const columns = {
    turns: { list: { fields: { role: "text", n: "ints", any: "json" } } },
  } as const;
  const rows = [
    { turns: [{ role: "é", n: [1, 2], any: { x: [1.5] } }, { role: "b" }] },
    { turns: [] },
    { turns: null },
  ];
  await writeRows(`${dir}/rows.parquet`, "parquet", columns, rows);
  const dataset = await openDataset(`${dir}/rows.parquet`);
  assertEquals(await Array.fromAsync(dataset.rows(), ({ row }) => ({ ...row })), [
    { turns: [{ role: "é", n: [1, 2], any: '{"x":[1.5]}' }, { role: "b", n: null, any: null }] },
    { turns: [] },
    { turns: null },
  ]);
  await Deno.remove(dir, { recursive: true });
});
