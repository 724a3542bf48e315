import { assertEquals, assertRejects } from "@std/assert";
import { parquetMetadata } from "hyparquet/src/metadata.js";
import { readFooter } from "../../../../core/formats/datasets/parquet_footer.ts";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const FIXTURES = new URL("../../../fixtures/parquet/", import.meta.url).pathname;

for (const name of ["plain", "snappy", "gzip_v2", "zstd", "delta"]) {
  Deno.test(`readFooter() finds what hyparquet finds in ${name}`, async () => {
    const bytes = await Deno.readFile(`${FIXTURES}${name}.parquet`);
    using file = fileOfBytes(bytes, name);
    const footer = await readFooter(file);
    const theirs = parquetMetadata(bytes.buffer);
    assertEquals(
      footer.schema.map(({ name, type, repetition_type, num_children }) => ({
        ...{ name, type, repetition_type, num_children },
      })),
      theirs.schema.map(({ name, type, repetition_type, num_children }) => ({
        ...{ name, type, repetition_type, num_children },
      })),
    );
    assertEquals(
      footer.groups.map(({ rows, chunks }) => ({
        rows,
        chunks: chunks.map(({ leaf, codec, values, start, length }) => [
          leaf.path.join("."),
          codec,
          values,
          start,
          length,
        ]),
      })),
      theirs.row_groups.map(({ num_rows, columns }) => ({
        rows: Number(num_rows),
        chunks: columns.map(({ meta_data: meta }) => [
          meta!.path_in_schema.join("."),
          meta!.codec,
          Number(meta!.num_values),
          Number(meta!.dictionary_page_offset ?? meta!.data_page_offset),
          Number(meta!.total_compressed_size),
        ]),
      })),
    );
  });
}

Deno.test("readFooter() tells how nullable and how repeated a column is", async () => {
  using file = fileOfBytes(await Deno.readFile(`${FIXTURES}plain.parquet`), "plain");
  const { groups, columns } = await readFooter(file);
  const levels = groups[0].chunks.map(({ leaf }) =>
    [leaf.path.join("."), leaf.maxDefinition, leaf.maxRepetition] as const
  );
  assertEquals(levels.slice(0, 3), [
    ["prompt", 1, 0],
    ["chosen.list.element.role", 4, 1],
    ["chosen.list.element.content", 4, 1],
  ]);
  assertEquals(columns.slice(0, 3), ["prompt", "chosen", "label"]);
});

Deno.test("readFooter() asks for no more than the head and the footer", async () => {
  const bytes = await Deno.readFile(`${FIXTURES}plain.parquet`);
  using file = fileOfBytes(bytes, "plain");
  let asked = 0;
  await readFooter({
    ...file,
    read(offset, length) {
      asked += length;
      return file.read(offset, length);
    },
  });
  const length = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
  assertEquals(asked, 64 + 8 + length);
});

Deno.test("readFooter() refuses a footer beyond its limit before it is read", async () => {
  const head = new TextEncoder().encode("PAR1");
  const tail = Uint8Array.of(0, 0, 0, 0x40, ...head);
  const file = {
    ...fileOfBytes(head, "big.parquet"),
    size: 2 ** 40,
    read: (offset: number, length: number) =>
      Promise.resolve(
        offset === 0 ? new Uint8Array(length).fill(0x50).map((b, i) => head[i] ?? b) : tail,
      ),
  };
  const error = await assertRejects(() => readFooter(file), Mistake);
  assertEquals(
    error.message,
    "Cannot read big.parquet: the footer is 1073741824 bytes long, expected at most 16777216",
  );
});
