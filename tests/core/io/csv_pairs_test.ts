import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseCsvPairs, readCsvPairs } from "../../../core/io/csv_pairs.ts";

Deno.test("parseCsvPairs() reads columns in any order, quoted fields, blank lines, CRLF and a BOM", () => {
  const text =
    '\ufeffid, rejected ,prompt,chosen\r\n1,no,"say ""hi"", then\r\nstop",yes\r\n\r\n2,b,p,a\r\n';
  assertEquals(parseCsvPairs(text, "pairs.csv"), [
    { prompt: 'say "hi", then\nstop', chosen: "yes", rejected: "no", line: 2 },
    { prompt: "p", chosen: "a", rejected: "b", line: 5 },
  ]);
  assertEquals(parseCsvPairs("prompt,chosen,rejected\n", "pairs.csv"), []);
});

const HEADER = "prompt,chosen,rejected\n";
const ROWS: [what: string, text: string, message: string][] = [
  ["an empty file", "", "it is empty, expected the columns prompt, chosen, rejected"],
  [
    "a missing column",
    "prompt,good,bad\np,a,b\n",
    'column "chosen" is missing in "prompt,good,bad", expected prompt, chosen, rejected once each',
  ],
  [
    "a column that stands twice",
    "prompt,chosen,chosen,rejected\np,a,b,c\n",
    'column "chosen" is there twice in "prompt,chosen,chosen,rejected", ' +
    "expected prompt, chosen, rejected once each",
  ],
  ["a row too short", HEADER + "p,a,b\nq,a\n", "line 3 has 2 fields, expected 3"],
  ["a row too long", HEADER + "\n\np,a,b,c\n", "line 4 has 4 fields, expected 3"],
  ["an empty prompt", HEADER + " ,a,b\n", "line 2 prompt is empty, expected text"],
  [
    "an empty answer after a field of three lines",
    HEADER + '"p\n\nq",a,b\np,a,\n',
    "line 5 rejected is empty, expected text",
  ],
  [
    "a pair that is no preference",
    HEADER + "p,a,a\n",
    "line 2 chosen is the same as rejected, expected a preference",
  ],
];
for (const [what, text, message] of ROWS) {
  Deno.test(`parseCsvPairs() refuses ${what}`, () => {
    const error = assertThrows(() => parseCsvPairs(text, "pairs.csv"), TypeError);
    assertEquals(error.message, `Cannot read pairs.csv: ${message}`);
  });
}

Deno.test("parseCsvPairs() says on one line where the text stops being CSV", () => {
  const error = assertThrows(() => parseCsvPairs(HEADER + 'p,"a"x,b\n', "pairs.csv"), TypeError);
  assertEquals(
    /^Cannot read pairs\.csv: it is not CSV \(.*line 2.*\), expected/.test(error.message),
    true,
  );
});

Deno.test("readCsvPairs() names the file that is not there", async () => {
  const error = await assertRejects(() => readCsvPairs("no.csv"), TypeError);
  assertEquals(error.message, "Cannot read no.csv: there is no such file, expected a CSV file");
});

Deno.test("readCsvPairs() reads a file", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, HEADER + "p,a,b\n");
  assertEquals(await readCsvPairs(path), [{ prompt: "p", chosen: "a", rejected: "b", line: 2 }]);
  await Deno.remove(path);
});
