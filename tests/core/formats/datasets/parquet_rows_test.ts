import { assertEquals, assertRejects } from "@std/assert";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import { openLocalFile } from "../../../../files/local_file.ts";
import { parquetRows } from "../../../../core/formats/datasets/parquet_rows.ts";
import { rows as malformed } from "../../../malformed/parquet.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const FIXTURES = new URL("../../../fixtures/parquet/", import.meta.url).pathname;

for (const { name, bytes, file, error } of malformed) {
  Deno.test(`parquetRows() refuses ${name}`, async () => {
    using input = fileOfBytes(bytes(), file);
    const thrown = await assertRejects(() => Array.fromAsync(parquetRows(input)), Mistake);
    assertEquals(thrown.message, error);
  });
}

const WRITTEN: [name: string, rows: string][] = [
  ...[
    "plain",
    "snappy",
    "gzip_v2",
    "zstd",
    "zstd_v2",
    "delta",
    "lz4",
    "lz4_v2",
    "brotli",
    "brotli_v2",
  ]
    .map((name): [string, string] => [name, "rows"]),
  ["split", "split_rows"],
  ["split_v2", "split_rows"],
];
for (const [name, listed] of WRITTEN) {
  Deno.test(`parquetRows() reads what pyarrow wrote as ${name}`, async () => {
    const { rows } = JSON.parse(await Deno.readTextFile(`${FIXTURES}${listed}.json`));
    using file = await openLocalFile(`${FIXTURES}${name}.parquet`);
    const read = await Array.fromAsync(parquetRows(file));
    const asJson = read.map(({ row }) =>
      JSON.parse(
        JSON.stringify(row, (_, v) =>
          typeof v === "bigint" ? `${v}n` : v instanceof Uint8Array ? [...v] : v),
      )
    );
    assertEquals(asJson, rows);
    assertEquals(read.map(({ number }) => number), rows.map((_: unknown, i: number) => i + 1));
    assertEquals(read[0].unit, "row");
  });
}

Deno.test("parquetRows() reads only the columns that are asked for, and names one that is not there", async () => {
  using file = await openLocalFile(`${FIXTURES}snappy.parquet`);
  const reads: number[] = [];
  const watched = {
    ...file,
    read(offset: number, length: number) {
      reads.push(length);
      return file.read(offset, length);
    },
  };
  const [first] = await Array.fromAsync(parquetRows(watched, { columns: ["score"] }));
  assertEquals(first.row, { score: 0 });
  assertEquals(reads.length, 3 + 3); // head, tail and footer; one chunk a row group
  const error = await assertRejects(
    () => Array.fromAsync(parquetRows(file, { columns: ["scores"] })),
    Mistake,
  );
  assertEquals(error.message.includes('expected "scores" among them'), true);
});

Deno.test("parquetRows() holds one row group at a time", async () => {
  using file = await openLocalFile(`${FIXTURES}zstd.parquet`); // groups of 7 rows
  let reads = 0;
  const watched = {
    ...file,
    read(offset: number, length: number) {
      reads++;
      return file.read(offset, length);
    },
  };
  const rows = parquetRows(watched, { columns: ["prompt"] });
  for (let i = 0; i < 7; i++) await rows.next();
  assertEquals(reads, 4);
  await rows.next();
  assertEquals(reads, 5);
  await rows.return(undefined);
});

Deno.test("parquetRows() survives every byte of a file being another, with a typed error or rows", async () => {
  for (const [name, every] of [["delta", 3], ["split", 23], ["split_v2", 11]] as const) {
    await forgeEach(await Deno.readFile(`${FIXTURES}${name}.parquet`), every);
  }
});

async function forgeEach(bytes: Uint8Array<ArrayBuffer>, every: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += every) {
    const forged = bytes.slice();
    forged[at] ^= 1 << (at % 8);
    using file = fileOfBytes(forged, "forged.parquet");
    try {
      await Array.fromAsync(parquetRows(file));
    } catch (error) {
      const { message } = error as Error;
      assertEquals(
        error instanceof Mistake && message.startsWith("Cannot read forged.parquet: ") &&
          !message.includes("\n"),
        true,
        `byte ${at}: ${error}`,
      );
    }
  }
}
