import { assertEquals, assertRejects } from "@std/assert";
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import type {
  ParquetChunk,
  ParquetCodec,
} from "../../../../core/formats/datasets/parquet_footer.ts";
import {
  plainChunk,
  PORTABLE,
  unfoldBudget,
} from "../../../../core/formats/datasets/parquet_pages.ts";
import { thriftStruct } from "../../../../core/formats/datasets/thrift.ts";

const fail = (what: string): never => {
  throw new TypeError(what);
};
/** Levels of three values that are there, then three texts of one letter. */
const BODY = Uint8Array.of(2, 0, 0, 0, 6, 1, ...[120, 121, 122].flatMap((c) => [1, 0, 0, 0, c]));

function chunkOf(codec: ParquetCodec, length: number): ParquetChunk {
  const element = { name: "a", type: "BYTE_ARRAY" as const };
  const leaf = { path: ["a"], element, maxDefinition: 1, maxRepetition: 0 };
  return { leaf, codec, values: 3, start: 4, length };
}

function pageOf(packed: Uint8Array, unpacked: number): Uint8Array<ArrayBuffer> {
  const detail = thriftStruct([[1, 3], [2, 0], [3, 3], [4, 3]]);
  const header = thriftStruct([[1, 0], [2, unpacked], [3, packed.length], [5, detail]]);
  return Uint8Array.of(...header, ...packed);
}

async function unfolded(codec: ParquetCodec, packed: Uint8Array, unpacked = BODY.length) {
  const bytes = pageOf(packed, unpacked);
  const chunk = chunkOf(codec, bytes.length);
  return await plainChunk(bytes, chunk, PORTABLE, unfoldBudget([chunk]), fail);
}

const PACKED: [codec: ParquetCodec, packed: Uint8Array][] = [
  ["UNCOMPRESSED", BODY],
  ["GZIP", gzipSync(BODY)],
  ["ZSTD", zstdCompressSync(BODY)],
  ["BROTLI", brotliCompressSync(BODY)],
  ["LZ4_RAW", Uint8Array.of(0xf0, BODY.length - 15, ...BODY)], // one literal
  [
    "LZ4",
    Uint8Array.of(0, 0, 0, BODY.length, 0, 0, 0, 2 + BODY.length, 0xf0, BODY.length - 15, ...BODY),
  ],
  ["SNAPPY", Uint8Array.of(BODY.length, (BODY.length - 1) << 2, ...BODY)], // one literal
];
for (const [codec, packed] of PACKED) {
  Deno.test(`plainChunk() makes of a ${codec} page the page without compression`, async () => {
    assertEquals(await unfolded(codec, packed), pageOf(BODY, BODY.length));
  });
}

const toBrotli = (bytes: Uint8Array) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
for (const [codec, pack] of [["GZIP", gzipSync], ["BROTLI", toBrotli]] as const) {
  Deno.test(`plainChunk() stops ${codec} that outgrows what the header says`, async () => {
    const bomb = pack(new Uint8Array(100 * 2 ** 20)); // GZIP: 100 KiB for 100 MiB; BROTLI: a hundred bytes
    const before = Deno.memoryUsage().rss;
    await assertRejects(
      () => unfolded(codec, bomb),
      TypeError,
      `column "a" has a page that ${codec} cannot undo`,
    );
    const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
    assertEquals(grown < 96, true, `memory grew by ${grown.toFixed()} MiB`);
  });
}

Deno.test("plainChunk() takes what it unfolds off the row group's budget", async () => {
  const bytes = pageOf(BODY, BODY.length);
  const chunk = chunkOf("UNCOMPRESSED", bytes.length);
  const budget = unfoldBudget([chunk]);
  assertEquals(budget.most, 64 * 2 ** 20 + 16 * bytes.length);
  await plainChunk(bytes, chunk, PORTABLE, budget, fail);
  assertEquals(budget.most - budget.left, BODY.length);
  budget.left = BODY.length - 1;
  await assertRejects(
    () => plainChunk(bytes, chunk, PORTABLE, budget, fail),
    TypeError,
    "unfolds into over",
  );
});
