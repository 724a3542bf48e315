import { assertEquals, assertThrows } from "@std/assert";
import {
  checkDeltas,
  checkRuns,
  checkSharedBytes,
  countRuns,
} from "../../../../core/formats/datasets/parquet_runs.ts";

const fail = (what: string): never => {
  throw new TypeError(what);
};
const runs = (bytes: number[], width: number, count: number) =>
  checkRuns(Uint8Array.from(bytes), 0, bytes.length, width, count, fail);

Deno.test("checkRuns() lets sound runs pass: repeats, packed groups, and padding of the last group", () => {
  runs([6, 1], 1, 3);
  runs([3, 0b101], 1, 3); // one packed group of 8 for 3 values
  runs([4, 1, 3, 0xff, 8, 0], 1, 14);
  runs([], 1, 0);
  runs([6, 1, 0xff, 0xff], 1, 3); // nobody reads on
});

const RUNS: [what: string, bytes: number[], width: number, message: string][] = [
  ["a repeat beyond the values", [8, 1], 1, "has a run of 4 values, expected at most 3"],
  ["packed groups beyond them", [5, 1, 1], 1, "has a run of 16 values, expected at most 3"],
  ["values of 33 bits", [6, 1], 33, "has values of 33 bits, expected at most 32"],
  ["a header that is cut", [0x80], 1, "ends within a number"],
  ["a header without an end", new Array(6).fill(0x80), 1, "has a number over 5 bytes"],
  ["a count beyond 31 bits", [0xff, 0xff, 0xff, 0xff, 0x0f], 1, "has a count of 4294967295"],
];
for (const [what, bytes, width, message] of RUNS) {
  Deno.test(`checkRuns() refuses ${what}`, () => {
    assertEquals(assertThrows(() => runs(bytes, width, 3), TypeError).message, message);
  });
}

const deltas = (...bytes: number[]) => checkDeltas(Uint8Array.from(bytes), 0, bytes.length, fail);

Deno.test("checkDeltas() says where the blocks end", () => {
  assertEquals(deltas(0x80, 1, 4, 1, 0), 5); // one value, no block
  // blocks of 128 in 4, 3 values, first 7, smallest difference 1, widths 2 0 0 0, 32 × 2 bits
  const block = [0x80, 1, 4, 3, 14, 2, 2, 0, 0, 0, ...new Array(8).fill(0)];
  assertEquals(deltas(...block, 0x99), block.length);
});

const DELTAS: [what: string, bytes: number[], message: string][] = [
  ["no parts in a block", [0x80, 1, 0, 3, 0], "has delta blocks of 128 values in 0 parts"],
  ["parts of no bytes", [4, 4, 3, 0], "has delta blocks of 4 values in 4 parts"],
  [
    "blocks of millions",
    [0x80, 0x80, 0x80, 1, 4, 3, 0],
    "has delta blocks of 2097152 values in 4 parts",
  ],
  [
    "differences of 65 bits",
    [0x80, 1, 4, 3, 0, 0, 65, 0, 0, 0],
    "has differences of 65 bits, expected at most 64",
  ],
  [
    "a value without an end",
    [0x80, 1, 4, 3, ...new Array(11).fill(0x80)],
    "has a number over 10 bytes",
  ],
];
for (const [what, bytes, message] of DELTAS) {
  Deno.test(`checkDeltas() refuses ${what}`, () => {
    assertEquals(assertThrows(() => deltas(...bytes), TypeError).message, message);
  });
}

Deno.test("countRuns() counts the levels that are the highest", () => {
  const count = (bytes: number[], wanted: number, of: number) =>
    countRuns(Uint8Array.from(bytes), wanted, of, fail);
  assertEquals(count([6, 1], 1, 3), 3);
  assertEquals(count([3, 0b101], 1, 3), 2); // 1, 0, 1
  assertEquals(count([4, 3, 6, 2, 2, 3], 3, 6), 3); // 3, 3, 2, 2, 2, 3
  assertThrows(() => count([4, 1], 1, 3), TypeError, "has values that end early");
});

/** One delta block of `first`, `first` + `step`, … */
const lengths = (count: number, first: number, step = 0) => [
  ...[0x80, 1, 4, count, 2 * first],
  ...(count > 1 ? [2 * step, 0, 0, 0, 0] : []),
];
const shared = (bytes: number[], count: number, fixed?: number) =>
  checkSharedBytes(Uint8Array.from(bytes), 0, count, fixed, fail);

Deno.test("checkSharedBytes() lets sound values pass and says how long they are together", () => {
  assertEquals(shared([...lengths(3, 0, 1), ...lengths(3, 1), 1, 2, 3], 3), 1 + 2 + 3);
  assertEquals(shared([...lengths(1, 0), ...lengths(1, 2), 1, 2], 1, 2), 2);
  assertEquals(shared([], 0), 0); // nothing but nulls
});

const TWO_BYTES = [...lengths(3, 0, 1), ...lengths(3, 1), 1, 2, 3];
const SHARED: [what: string, bytes: number[], fixed: number | undefined, message: string][] = [
  [
    "more than the value before",
    [...lengths(3, 0, 2), ...lengths(3, 1), 1, 2, 3],
    undefined,
    "shares 2 bytes with one of 1",
  ],
  [
    "bytes beyond the page",
    [...lengths(3, 0), ...lengths(3, 1), 1, 2],
    undefined,
    "a value of 1 bytes where 0 remain",
  ],
  [
    "another length than the schema's",
    TWO_BYTES,
    1,
    "a value of 2 bytes, expected 1 as in the schema",
  ],
  [
    "fewer lengths than values",
    [...lengths(1, 0), ...lengths(1, 1), 1],
    undefined,
    "has values that end early",
  ],
  ["no second lengths", lengths(3, 0), undefined, "ends within a number"],
];
for (const [what, bytes, fixed, message] of SHARED) {
  Deno.test(`checkSharedBytes() refuses ${what}`, () => {
    assertThrows(() => shared(bytes, 3, fixed), TypeError, message);
  });
}
