import { assertEquals, assertRejects } from "@std/assert";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import {
  byteStream,
  MOST_LINE_BYTES,
  textLines,
} from "../../../../core/formats/datasets/text_lines.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const inParts = (bytes: Uint8Array, size: number) => ({
  name: "lines.txt",
  parts: (async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  })(),
});

for (const size of [1, 2, 3, 5, 7, 1000]) {
  Deno.test(`textLines() gives the same lines from parts of ${size} bytes`, async () => {
    const bytes = new TextEncoder().encode("\ufeffé日\r\n\n🦊 \ufeff\r\r\nlast");
    const lines = await Array.fromAsync(textLines(inParts(bytes, size), "text"));
    assertEquals(lines, [
      { text: "é日", number: 1, hasReturn: true },
      { text: "", number: 2, hasReturn: false },
      { text: "🦊 \ufeff\r", number: 3, hasReturn: true },
      { text: "last", number: 4, hasReturn: false },
    ]);
  });
}

Deno.test("textLines() takes a line of the limit and refuses one byte more", async () => {
  const bytes = new Uint8Array(MOST_LINE_BYTES + 1).fill(0x61);
  const [{ text }] = await Array.fromAsync(
    textLines(inParts(bytes.subarray(1), 2 ** 20), "text"),
  );
  assertEquals(text.length, MOST_LINE_BYTES);
  await assertRejects(
    () => Array.fromAsync(textLines(inParts(bytes, 2 ** 20), "text")),
    Mistake,
    "line 1 is over 16 MiB long",
  );
});

Deno.test("byteStream() reads a file once, in order, in bounded parts", async () => {
  const bytes = Uint8Array.from({ length: 600_000 }, (_, i) => i % 251);
  using file = fileOfBytes(bytes, "f");
  const parts = await Array.fromAsync(byteStream(file).parts);
  assertEquals(parts.map(({ length }) => length), [262144, 262144, 75712]);
  assertEquals(await new Blob(parts as BlobPart[]).bytes(), bytes);
});
