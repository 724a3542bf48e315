/** What the genuine @std/csv 1.0.6 does, traps included. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CsvParseStream, CsvStringifyStream, parse, stringify } from "@std/csv";

type Options = Parameters<typeof parse>[1];

const rows: [name: string, input: string, options: Options, wanted: unknown[]][] = [
  ["rows", "a,b\n1,2\n", {}, [["a", "b"], ["1", "2"]]],
  ["CRLF, and no end of line", "a,b\r\n1,2", {}, [["a", "b"], ["1", "2"]]],
  ["a lone CR at the end goes", "a,b\r", {}, [["a", "b"]]],
  ["a byte-order mark goes", "\ufeffa,b", {}, [["a", "b"]]],
  ["nothing", "", {}, []],
  ["empty lines are skipped", "a\n\n\nb\n", {}, [["a"], ["b"]]],
  ["empty fields stay", ',\n""\n', {}, [["", ""], [""]]],
  ["quotes", '"a ""b""","c,d"\n', {}, [['a "b"', "c,d"]]],
  ["trap: CRLF in quotes becomes LF", '"a\r\nb",c', {}, [["a\nb", "c"]]],
  ["rows of any length", "a\nb,c\n", {}, [["a"], ["b", "c"]]],
  ["spaces stay", " a, b\n", {}, [[" a", " b"]]],
  ["leading spaces go", " a,  b \n   \n", { trimLeadingSpace: true }, [["a", "b "], [""]]],
  ["leading spaces before a quote go", 'a, "b, c"', { trimLeadingSpace: true }, [["a", "b, c"]]],
  ["separator", "a\tb,c", { separator: "\t" }, [["a", "b,c"]]],
  ["comments at the line's start only", "#x\na,#b\n #c,d\n", { comment: "#" }, [["a", "#b"], [
    " #c",
    "d",
  ]]],
  ["no comment in quotes", '"a\n#b"\n', { comment: "#" }, [["a\n#b"]]],
  ["a space keeps a comment", " #a,b", { comment: "#", trimLeadingSpace: true }, [["#a", "b"]]],
  ["lazy quotes", 'a "word","1"2",a","b', { lazyQuotes: true }, [['a "word"', '1"2', 'a"', "b"]]],
  ["a lazy quote that never closes", 'a,"b\nc\n', { lazyQuotes: true }, [["a", "b\nc"]]],
  ["header", "a,b\n1,2\n", { skipFirstRow: true }, [{ a: "1", b: "2" }]],
  ["trap: columns alone keep the header row", "a,b\n1,2\n", { columns: ["x", "y"] }, [
    { x: "a", y: "b" },
    { x: "1", y: "2" },
  ]],
  ["columns instead of the header", "a,b\n1,2\n", { columns: ["x", "y"], skipFirstRow: true }, [
    { x: "1", y: "2" },
  ]],
  ["a count that holds", "a,b\n1,2\n", { fieldsPerRecord: 2 }, [["a", "b"], ["1", "2"]]],
  ["a negative count asks nothing", "a\n1,2\n", { fieldsPerRecord: -1 }, [["a"], ["1", "2"]]],
];

for (const [name, input, options, wanted] of rows) {
  Deno.test(`parse() ${name}`, () => assertEquals<unknown>(parse(input, options ?? {}), wanted));
}

const errors: [name: string, input: string, options: Options, message: string][] = [
  [
    "a bare quote",
    'a,b\nc "x",d',
    {},
    'Syntax error on line 2; parse error on line 2, column 3: bare " in non-quoted-field',
  ],
  [
    "text after a quote",
    'é,"x"y',
    {},
    'Syntax error on line 1; parse error on line 1, column 5: extraneous or missing " in quoted-field',
  ],
  [
    "text after a quote, lines on",
    '"a\nb"c,d',
    {},
    'Syntax error on line 1; parse error on line 2, column 2: extraneous or missing " in quoted-field',
  ],
  [
    "a quote that never closes",
    'a\n"b\nc',
    {},
    'Syntax error on line 2; parse error on line 3, column 1: extraneous or missing " in quoted-field',
  ],
  [
    "a quote at the very end",
    'a,"',
    {},
    'Syntax error on line 1; parse error on line 1, column 4: extraneous or missing " in quoted-field',
  ],
  [
    "a count",
    "a,b\n1\n",
    { fieldsPerRecord: 2 },
    "Syntax error on line 2: expected 2 fields but got 1",
  ],
  [
    "the first row's count",
    "a,b\n\n1\n",
    { fieldsPerRecord: 0 },
    "Syntax error on line 3: expected 2 fields but got 1",
  ],
  [
    "trap: the count of an empty first line",
    "\na\n",
    { fieldsPerRecord: 0 },
    "Syntax error on line 2: expected 0 fields but got 1",
  ],
];

for (const [name, input, options, message] of errors) {
  Deno.test(`parse() refuses ${name}`, () => {
    const error = assertThrows(() => parse(input, options ?? {}), SyntaxError);
    assertEquals(error.message, message);
  });
}

Deno.test("parse() refuses a row that the header does not fit", () => {
  assertThrows(
    () => parse("a,b\n1,2\n1\n", { skipFirstRow: true }),
    Error,
    "Syntax error on line 3: The record has 1 fields, but the header has 2 fields",
  );
  assertThrows(() => parse("", { skipFirstRow: true }), TypeError, "headers must be defined");
});

Deno.test("parse() refuses delimiters that cannot be told apart", () => {
  for (const options of [{ separator: "\n" }, { comment: '"' }, { separator: "#", comment: "#" }]) {
    assertThrows(() => parse("a", options), Error, "Cannot parse input: invalid delimiter");
  }
});

Deno.test("parse() has the types of its options", () => {
  const plain: string[][] = parse("a\n");
  const named: Record<"x", string>[] = parse("a\n", { columns: ["x"] });
  const headed: Record<string, string | undefined>[] = parse("a\nb\n", { skipFirstRow: true });
  assertEquals([plain, named, headed], [[["a"]], [{ x: "a" }], [{ a: "b" }]]);
});

Deno.test("stringify() ends lines in CRLF and quotes what must be", () => {
  assertEquals(stringify([["a", 1], [true, null]]), "a,1\r\ntrue,\r\n");
  assertEquals(
    stringify([["a,b", 'q"', "l\nm", " s ", "r\rs", ""]]),
    '"a,b","q""","l\nm", s ,r\rs,\r\n',
  );
  assertEquals(stringify([["a,b", "c\td"]], { separator: "\t" }), 'a,b\t"c\td"\r\n');
  assertEquals(stringify([[{ a: 1 }, [2]]]), '"{""a"":1}",[2]\r\n');
  assertEquals(stringify([[]]), "\r\n");
  assertEquals(stringify([]), "");
});

Deno.test("stringify() trap: formulas are written as they are", () => {
  assertEquals(stringify([["=1+1", "@x"]]), "=1+1,@x\r\n");
});

Deno.test("stringify() takes objects by columns", () => {
  const data = [{ name: { first: "Ann" }, age: 5, tags: ["x", "y"] }];
  const columns = ["age", ["name", "first"], { prop: ["tags", 1], header: "tag" }, "none"];
  assertEquals(stringify(data, { columns }), "age,first,tag,none\r\n5,Ann,y,\r\n");
  assertEquals(stringify(data, { columns: ["age"], headers: false }), "5\r\n");
  assertEquals(stringify([["a", "b"]], { columns: [1], bom: true }), "\ufeff1\r\nb\r\n");
});

Deno.test("stringify() refuses objects without columns and impossible separators", () => {
  assertThrows(
    () => stringify([{ a: 1 }]),
    TypeError,
    "No property accessor function was provided",
  );
  assertThrows(() => stringify([["a"]], { columns: ["x"] }), TypeError, 'not of type "number"');
  assertThrows(() => stringify([["a"]], { separator: '"' }), TypeError, "Separator cannot include");
});

Deno.test("stringify() and parse() are inverse", () => {
  const table = [["a", 'b "c"', "d,e"], ["", "f\ng", " h"], ["é", "=1", "'"]];
  assertEquals(parse(stringify(table)), table);
});

async function streamed(chunks: string[], options?: Options): Promise<unknown[]> {
  return await Array.fromAsync(
    ReadableStream.from(chunks).pipeThrough(new CsvParseStream(options)),
  );
}

Deno.test("CsvParseStream joins chunks, wherever they are cut", async () => {
  const text = '"a ""word""","com\r\nma,",n\r\n\r\n"é\nb",c,d';
  const wanted = [['a "word"', "com\nma,", "n"], ["é\nb", "c", "d"]];
  for (const size of [1, 2, 3, 7, 100]) {
    const chunks: string[] = [];
    for (let i = 0; i < text.length; i += size) chunks.push(text.slice(i, i + size));
    assertEquals(await streamed(chunks), wanted);
  }
});

Deno.test("CsvParseStream knows header, columns, comments and lazy quotes", async () => {
  assertEquals(await streamed(["a,b\n", "1,2\n"], { skipFirstRow: true }), [{ a: "1", b: "2" }]);
  assertEquals(await streamed(["1,2\n"], { columns: ["x", "y"] }), [{ x: "1", y: "2" }]);
  assertEquals(await streamed(["#c\n1,2\n#d\n"], { comment: "#" }), [["1", "2"]]);
  assertEquals(await streamed(['a "b","1"', '2",c'], { lazyQuotes: true }), [[
    'a "b"',
    '1"2',
    "c",
  ]]);
});

Deno.test("CsvParseStream gives the rows before an error", async () => {
  const stream = ReadableStream.from(["a,b\n", "c,d,e\n"]).pipeThrough(
    new CsvParseStream({ fieldsPerRecord: 0 }),
  );
  const reader = stream.getReader();
  assertEquals(await reader.read(), { done: false, value: ["a", "b"] });
  await assertRejects(
    () => reader.read(),
    SyntaxError,
    "Syntax error on line 2: expected 2 fields but got 3",
  );
});

Deno.test("CsvStringifyStream writes a header if there are columns", async () => {
  const objects = ReadableStream.from([{ id: 1, name: "one" }, { id: 2, name: "t,o" }])
    .pipeThrough(new CsvStringifyStream({ columns: ["id", "name"] }));
  assertEquals((await Array.fromAsync(objects)).join(""), 'id,name\r\n1,one\r\n2,"t,o"\r\n');
  const arrays = ReadableStream.from([[1, 2]]).pipeThrough(
    new CsvStringifyStream({ separator: "\t" }),
  );
  assertEquals((await Array.fromAsync(arrays)).join(""), "1\t2\r\n");
});
