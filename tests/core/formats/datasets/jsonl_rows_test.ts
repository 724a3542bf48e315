import { assertEquals, assertRejects } from "@std/assert";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import { jsonlRows } from "../../../../core/formats/datasets/jsonl_rows.ts";
import { rows as malformed } from "../../../malformed/jsonl.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const fileOf = (text: string) => fileOfBytes(new TextEncoder().encode(text), "pairs.jsonl");

for (const { name, bytes, file, error } of malformed) {
  Deno.test(`jsonlRows() refuses ${name}`, async () => {
    using input = fileOfBytes(bytes(), file);
    const thrown = await assertRejects(() => Array.fromAsync(jsonlRows(input)), Mistake);
    assertEquals(thrown.message, error);
  });
}

Deno.test("jsonlRows() reads any line ends, a byte-order mark, blank lines and a last line without an end", async () => {
  using file = fileOf('\ufeff{"a": "é\\n日"}\r\n\r\n  \n{"a": [1, {"b": null}]}\n{"__proto__": 1}');
  const rows = await Array.fromAsync(jsonlRows(file));
  assertEquals(rows.map(({ number }) => number), [1, 4, 5]);
  assertEquals(rows[0], { row: { a: "é\n日" }, file: "pairs.jsonl", unit: "line", number: 1 });
  assertEquals(rows[1].row, { a: [1, { b: null }] });
  assertEquals(Object.keys(rows[2].row), ["__proto__"]);
});

Deno.test("jsonlRows() yields the lines before the one that is wrong", async () => {
  using file = fileOf('{"a": 1}\n{"a": 2}\nno\n');
  const rows = jsonlRows(file);
  assertEquals((await rows.next()).value?.row, { a: 1 });
  assertEquals((await rows.next()).value?.row, { a: 2 });
  await assertRejects(() => rows.next(), Mistake, "line 3 is not JSON");
});

Deno.test("jsonlRows() refuses a line that is nested over 512 deep, before it is parsed", async () => {
  using file = fileOf('{"a": 1}\n{"a": ' + "[".repeat(512));
  const error = await assertRejects(() => Array.fromAsync(jsonlRows(file)), Mistake);
  assertEquals(
    error.message,
    "Cannot read pairs.jsonl: line 2 is nested over 512 deep, expected at most 512 objects and " +
      "lists within each other. Remove what does not belong there",
  );
});
