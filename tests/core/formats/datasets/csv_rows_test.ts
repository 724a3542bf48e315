import { assertEquals, assertRejects } from "@std/assert";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import { csvRows } from "../../../../core/formats/datasets/csv_rows.ts";
import { rows as csv } from "../../../malformed/csv.ts";
import { rows as tsv } from "../../../malformed/tsv.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const read = async (text: string, name = "pairs.csv") => {
  using file = fileOfBytes(new TextEncoder().encode(text), name);
  return await Array.fromAsync(csvRows(file));
};

for (const { name, bytes, file, error } of [...csv, ...tsv]) {
  Deno.test(`csvRows() refuses ${name} in ${file}`, async () => {
    using input = fileOfBytes(bytes(), file);
    const thrown = await assertRejects(() => Array.fromAsync(csvRows(input)), Mistake);
    assertEquals(thrown.message, error);
  });
}

Deno.test("csvRows() keeps the line breaks of a field, as Python's csv does", async () => {
  const cells = ["a\r\nb", "\r\n\r\n", "c\nd\r\n", 'say ""x""\r\n""', "\n\r\n\n"];
  for (const end of ["\n", "\r\n"]) {
    const text = ["x,y", ...cells.map((cell) => `"${cell}",1`), ""].join(end);
    const rows = (await read(text)).map(({ row }) => row);
    assertEquals(rows, cells.map((cell) => ({ x: cell.replaceAll('""', '"'), y: "1" })));
  }
});

Deno.test("csvRows() reads quoted fields, blank lines, CRLF and a byte-order mark, and says where rows begin", async () => {
  const text =
    '\ufeffid, rejected ,prompt\r\n1,no,"say ""hi"", then\r\nstop"\r\n\r\n2,,"p\n\n"\r\n3,"",q';
  assertEquals((await read(text)).map(({ row, number }) => ({ row, number })), [
    { row: { id: "1", rejected: "no", prompt: 'say "hi", then\r\nstop' }, number: 2 },
    { row: { id: "2", rejected: "", prompt: "p\n\n" }, number: 5 },
    { row: { id: "3", rejected: "", prompt: "q" }, number: 8 },
  ]);
  assertEquals(await read("prompt,chosen\n"), []);
  assertEquals((await read('a\n""\nx\n')).map(({ row }) => row), [{ a: "" }, { a: "x" }]);
});

Deno.test("csvRows() takes tabs for a .tsv and keeps its commas", async () => {
  const [{ row }] = await read('a\tb\nx, y\t"p\tq"\n', "pairs.tsv");
  assertEquals(row, { a: "x, y", b: "p\tq" });
});

Deno.test("csvRows() keeps rows and lines together over many batches", async () => {
  const lines = Array.from({ length: 3000 }, (_, i) => i % 7 === 0 ? `"${i}\n",x` : `${i},x`);
  const rows = await read("n,x\n" + lines.join("\n"));
  assertEquals(rows.length, 3000);
  let line = 2;
  rows.forEach(({ row, number }, i) => {
    assertEquals([row.n, number], [i % 7 === 0 ? `${i}\n` : `${i}`, line]);
    line += i % 7 === 0 ? 2 : 1;
  });
});

Deno.test("csvRows() makes columns of any name its own", async () => {
  const [{ row }] = await read("__proto__,constructor\na,b\n");
  assertEquals(Object.entries(row), [["__proto__", "a"], ["constructor", "b"]]);
});
