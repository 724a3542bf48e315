import { assertEquals, assertRejects } from "@std/assert";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import { jsonRows } from "../../../../core/formats/datasets/json_rows.ts";
import { rows as malformed } from "../../../malformed/json.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const read = async (text: string) => {
  using file = fileOfBytes(new TextEncoder().encode(text), "pairs.json");
  return await Array.fromAsync(jsonRows(file));
};

for (const { name, bytes, file, error } of malformed) {
  Deno.test(`jsonRows() refuses ${name}`, async () => {
    using input = fileOfBytes(bytes(), file);
    const thrown = await assertRejects(() => Array.fromAsync(jsonRows(input)), Mistake);
    assertEquals(thrown.message, error);
  });
}

Deno.test("jsonRows() reads a list of objects, and an object of columns as the same", async () => {
  const list = await read('\ufeff[{"a": 1, "b": ["x"]},\n {"a": 2, "b": []}]');
  assertEquals(list[1], { row: { a: 2, b: [] }, file: "pairs.json", unit: "row", number: 2 });
  assertEquals(await read('{"a": [1, 2], "b": [["x"], []]}'), list);
  assertEquals([await read("[]"), await read("{}")], [[], []]);
});

Deno.test("jsonRows() refuses a file over its limit before it is read", async () => {
  const file = {
    ...fileOfBytes(new Uint8Array(0), "big.json"),
    size: 2 ** 40,
    read: () => Promise.reject(new Error("it was read")),
  };
  const error = await assertRejects(() => Array.fromAsync(jsonRows(file)), Mistake);
  assertEquals(
    error.message,
    "Cannot read big.json: it is 1099511627776 bytes long, expected at most 134217728. " +
      "Write it as JSON lines, which are read one by one",
  );
});

Deno.test("jsonRows() refuses a file that is nested over 512 deep, before it is parsed", async () => {
  using file = fileOfBytes(new TextEncoder().encode("[".repeat(513)), "pairs.json");
  const error = await assertRejects(() => Array.fromAsync(jsonRows(file)), Mistake);
  assertEquals(
    error.message,
    "Cannot read pairs.json: the file is nested over 512 deep, expected at most 512 objects and " +
      "lists within each other. Write it as JSON lines, which are read one by one",
  );
});
