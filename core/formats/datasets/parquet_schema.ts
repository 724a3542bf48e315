// A Parquet schema: a flat list that says how many children follow each entry, checked to be a tree of known types.
import type { SchemaElement } from "hyparquet";
import { quote } from "../../base/quote.ts";
import type { ParquetLeaf } from "./parquet_footer.ts";
import type { ThriftReader } from "./thrift.ts";

const TYPES = [
  ...["BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY"] as const,
  "FIXED_LEN_BYTE_ARRAY" as const,
];
const REPETITIONS = ["REQUIRED", "OPTIONAL", "REPEATED"] as const;
const CONVERTED: readonly (SchemaElement["converted_type"])[] = [
  ...["UTF8", "MAP", "MAP_KEY_VALUE", "LIST", "ENUM", "DECIMAL", "DATE"] as const,
  ...["TIME_MILLIS", "TIME_MICROS", "TIMESTAMP_MILLIS", "TIMESTAMP_MICROS"] as const,
  ...["UINT_8", "UINT_16", "UINT_32", "UINT_64", "INT_8", "INT_16", "INT_32", "INT_64"] as const,
  ...["JSON", "BSON", "INTERVAL"] as const,
];
/** Newer files say some of these only in the newer way; what is not listed is read as it is stored. */
const LOGICAL: Readonly<Record<number, SchemaElement["converted_type"]>> = {
  1: "UTF8",
  2: "MAP",
  3: "LIST",
  4: "ENUM",
  6: "DATE",
  12: "JSON",
};
const MOST_COLUMNS = 4096;
const MOST_DEEP = 24;

/** A schema as hyparquet takes it, and what this room asks of it. */
export interface ParquetSchema {
  /** Depth first, the root first. */
  readonly elements: SchemaElement[];
  /** Names of the top-level columns. */
  readonly columns: readonly string[];
  /** The columns whose values are stored, in the order of the file. */
  readonly leaves: readonly ParquetLeaf[];
}

/** Reads the list of schema elements at the cursor. */
export function parseSchema(
  reader: ThriftReader,
  type: number,
  fail: (what: string) => never,
): ParquetSchema {
  const elements: SchemaElement[] = [];
  reader.list(type, () => {
    if (elements.length >= 2 * MOST_COLUMNS) {
      fail(`the schema has over ${2 * MOST_COLUMNS} entries`);
    }
    elements.push(parseElement(reader, fail));
  });
  const leaves: ParquetLeaf[] = [];
  let at = 0;
  const visit = (path: readonly string[], maxDefinition: number, maxRepetition: number): string => {
    const element = elements[at++];
    if (element === undefined) return fail("the schema ends before its last column");
    const isRoot = at === 1;
    const here = isRoot ? path : [...path, element.name];
    if (here.length > MOST_DEEP) fail(`the schema is over ${MOST_DEEP} columns deep`);
    const repetition = isRoot ? "REQUIRED" : element.repetition_type;
    const definition = maxDefinition + (repetition === "REQUIRED" ? 0 : 1);
    const repeated = maxRepetition + (repetition === "REPEATED" ? 1 : 0);
    const children = element.num_children ?? 0;
    if (children === 0 && element.type !== undefined) {
      leaves.push({ path: here, element, maxDefinition: definition, maxRepetition: repeated });
      return element.name;
    }
    if (!(children >= 1 && children <= elements.length)) {
      fail(`column ${quote(here.join("."))} has neither a type nor columns of its own`);
    }
    const names = new Set<string>();
    for (let i = 0; i < children; i++) {
      const name = visit(here, definition, repeated);
      if (names.has(name)) fail(`column ${quote(name)} is there twice, expected each column once`);
      names.add(name);
    }
    return element.name;
  };
  visit([], 0, 0);
  if (at !== elements.length) fail(`the schema has ${elements.length} entries, expected ${at}`);
  if (leaves.length > MOST_COLUMNS) fail(`the schema has over ${MOST_COLUMNS} columns`);
  return { elements, columns: [...new Set(leaves.map(({ path }) => path[0]))], leaves };
}

function parseElement(reader: ThriftReader, fail: (what: string) => never): SchemaElement {
  const found: Record<string, number> = {};
  const take = (field: string) => (type: number) => found[field] = reader.int(type);
  let name: string | undefined;
  let logical = 0;
  let unit = 0;
  reader.struct({
    1: take("type"),
    2: take("typeLength"),
    3: take("repetition"),
    4: (type) => name = reader.text(type),
    5: take("children"),
    6: take("converted"),
    7: take("scale"),
    10: () => {
      const any = (id: number) => (type: number) => {
        logical = id;
        reader.skip(type);
      };
      const plain = Object.fromEntries(Object.keys(LOGICAL).map((id) => [id, any(Number(id))]));
      reader.struct({
        ...plain,
        8: () => {
          logical = 8; // a timestamp has a unit
          reader.struct({
            2: () => {
              const is = (id: number) => (type: number) => {
                unit = id;
                reader.skip(type);
              };
              reader.struct({ 1: is(1), 2: is(2), 3: is(3) });
            },
          });
        },
      });
    },
  });
  if (name === undefined) return fail("the schema has a column without a name");
  if (name === "__proto__") fail(`the schema has a column ${quote(name)}, expected another name`);
  const type = found.type === undefined ? undefined : TYPES[found.type];
  if (found.type !== undefined && type === undefined) {
    fail(`column ${quote(name)} has the unknown type ${found.type}`);
  }
  const repetition = REPETITIONS[found.repetition ?? 0];
  if (repetition === undefined) {
    fail(`column ${quote(name)} has the unknown repetition ${found.repetition}`);
  }
  const converted = found.converted === undefined ? LOGICAL[logical] : CONVERTED[found.converted];
  const isBytes = type === "BYTE_ARRAY" || type === "FIXED_LEN_BYTE_ARRAY";
  const isFixed = type === "FIXED_LEN_BYTE_ARRAY";
  if (isFixed && !(found.typeLength >= 1 && found.typeLength <= 65536)) {
    fail(`column ${quote(name)} has values of ${found.typeLength} bytes, expected 1 to 65536`);
  }
  if (converted === "DECIMAL" && isBytes && !(isFixed && found.typeLength <= 32)) {
    fail(`column ${quote(name)} holds decimals of any length, expected at most 32 bytes`);
  }
  if (converted === "BSON" || converted === "INTERVAL") {
    fail(
      `column ${quote(name)} holds ${converted} values, expected text, numbers, lists or structs`,
    );
  }
  const units = ["MILLIS", "MILLIS", "MICROS", "NANOS"] as const;
  return {
    name,
    type,
    type_length: found.typeLength,
    repetition_type: repetition,
    num_children: found.children,
    converted_type: converted,
    scale: found.scale,
    ...(logical === 8 && found.converted === undefined
      ? { logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: units[unit] } }
      : {}),
  };
}
