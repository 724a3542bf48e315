import { assertEquals, assertThrows } from "@std/assert";
import type { SchemaElement } from "hyparquet";
import { ByteWriter } from "hyparquet-writer/src/index.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { parseSchema } from "../../../../core/formats/datasets/parquet_schema.ts";
import { ThriftReader } from "../../../../core/formats/datasets/thrift.ts";

/** A schema through thrift, as another library writes it. */
function parsed(schema: SchemaElement[]) {
  const writer = new ByteWriter();
  // deno-lint-ignore no-explicit-any
  writeMetadata(writer, { version: 2, schema, num_rows: 0n, row_groups: [] } as any);
  const fail = (what: string): never => {
    throw new TypeError(what);
  };
  const reader = new ThriftReader(writer.getBytes(), 0, fail);
  let found: ReturnType<typeof parseSchema> | undefined;
  reader.struct({ 2: (type) => found = parseSchema(reader, type, fail) });
  return found!;
}

const text: SchemaElement = { name: "a", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" };
const root = (num_children: number): SchemaElement => ({ name: "root", num_children });

Deno.test("parseSchema() finds leaves through lists and structs, with their levels", () => {
  const { leaves, columns } = parsed([
    root(2),
    { ...text, converted_type: "UTF8" },
    { name: "m", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "REQUIRED", num_children: 1 },
    { name: "role", type: "INT32", repetition_type: "REQUIRED" },
  ]);
  assertEquals(columns, ["a", "m"]);
  assertEquals(
    leaves.map(({ path, maxDefinition, maxRepetition }) => ({
      path,
      maxDefinition,
      maxRepetition,
    })),
    [
      { path: ["a"], maxDefinition: 1, maxRepetition: 0 },
      { path: ["m", "list", "element", "role"], maxDefinition: 2, maxRepetition: 1 },
    ],
  );
});

Deno.test("parseSchema() takes newer ways to say text, lists and times for the older", () => {
  const { elements } = parsed([
    root(2),
    { ...text, logical_type: { type: "STRING" } },
    {
      ...text,
      ...{ name: "t", type: "INT64" },
      logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "NANOS" },
    },
  ]);
  assertEquals(elements[1].converted_type, "UTF8");
  assertEquals(elements[2].logical_type, {
    ...{ type: "TIMESTAMP", isAdjustedToUTC: true, unit: "NANOS" },
  });
});

const ROWS: [what: string, schema: SchemaElement[], message: string][] = [
  ["one entry too many", [root(1), text, text], "the schema has 3 entries, expected 2"],
  ["a column twice", [root(2), text, text], 'column "a" is there twice, expected each column once'],
  [
    "a column of no type",
    [root(1), { name: "a", repetition_type: "OPTIONAL" }],
    'column "a" has neither a type nor columns of its own',
  ],
  [
    "values of a thousand million bytes",
    [root(1), { ...text, type: "FIXED_LEN_BYTE_ARRAY", type_length: 2 ** 30 }],
    'column "a" has values of 1073741824 bytes, expected 1 to 65536',
  ],
  [
    "decimals of any length",
    [root(1), { ...text, converted_type: "DECIMAL", scale: 1, precision: 1 }],
    'column "a" holds decimals of any length, expected at most 32 bytes',
  ],
  [
    "a tower of structs",
    [
      root(1),
      ...Array.from(
        { length: 30 },
        () => ({ name: "s", repetition_type: "OPTIONAL" as const, num_children: 1 }),
      ),
      text,
    ],
    "the schema is over 24 columns deep",
  ],
  [
    "columns without end",
    [root(5000), ...Array.from({ length: 5000 }, (_, i) => ({ ...text, name: `c${i}` }))],
    "the schema has over 4096 columns",
  ],
];
for (const [what, schema, message] of ROWS) {
  Deno.test(`parseSchema() refuses ${what}`, () => {
    assertEquals(assertThrows(() => parsed(schema), TypeError).message, message);
  });
}

for (
  const [what, children, message] of [
    ["one child too few", [0x15, 4], "the schema ends before its last column"],
    [
      "a thousand million children",
      [0x15, 0x80, 0x80, 0x80, 0x80, 8],
      'column "" has neither a type nor columns of its own',
    ],
  ] as const
) {
  Deno.test(`parseSchema() refuses ${what}`, () => {
    const root = [0x48, 1, 0x72, ...children, 0]; // 4: "r", 5: how many
    const leaf = [0x15, 12, 0x25, 2, 0x18, 1, 0x61, 0]; // 1: BYTE_ARRAY, 3: OPTIONAL, 4: "a"
    const fail = (found: string): never => {
      throw new TypeError(found);
    };
    const reader = new ThriftReader(Uint8Array.of(0x29, 0x2c, ...root, ...leaf, 0), 0, fail);
    const parse = () => reader.struct({ 2: (type) => void parseSchema(reader, type, fail) });
    assertEquals(assertThrows(parse, TypeError).message, message);
  });
}
