import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import {
  addColumnsInPlace,
  type Columns,
  joinColumns,
  splitColumns,
} from "../../../backend/kernels/columns.ts";
import * as reference from "../../../backend/reference/columns.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const exact = { rtol: 0, atol: 0 };
const layouts: [name: string, total: number, parts: [Columns, ...Columns[]]][] = [
  ["one column", 1, [{ groups: 1, stride: 1, offset: 0, width: 1 }]],
  ["[q | k | v], fewer heads in k and v", 32, [
    { groups: 1, stride: 32, offset: 0, width: 16 },
    { groups: 1, stride: 32, offset: 16, width: 8 },
    { groups: 1, stride: 32, offset: 24, width: 8 },
  ]],
  [
    "[q k v] of each head",
    45,
    [0, 5, 10].map((offset) => (
      { groups: 3, stride: 15, offset, width: 5 }
    )) as [Columns, ...Columns[]],
  ],
  ["gaps", 70, [{ groups: 3, stride: 20, offset: 3, width: 17 }]],
  ["wide", 301, [{ groups: 2, stride: 130, offset: 1, width: 129 }]],
];

for (const [name, total, parts] of layouts) {
  for (const rows of [1, 63, 65, 131]) {
    const x = uniform(rows * total, 1);
    deviceTest(
      `splitColumns() and joinColumns() equal the reference: ${name}, ${rows} rows`,
      async (device) => {
        using arena = new Arena(device, "test");
        const tx = arena.upload([rows, total], x, "x");
        const split = parts.map((part) => splitColumns(arena, tx, part));
        const [first, ...rest] = parts.map((part, i) => ({ columns: split[i], ...part }));
        const joined = joinColumns(arena, [first, ...rest], total);
        const read = await arena.readAll(Object.fromEntries(split.entries()));
        const truths = parts.map((part) => reference.splitColumns(x, total, part));
        truths.forEach((truth, i) => {
          assertEquals(split[i].shape, [rows, parts[i].groups * parts[i].width]);
          assertClose(read[i], truth, exact, `part ${i}`);
        });
        const whole = reference.joinColumns(
          parts.map((part, i) => ({ columns: truths[i], ...part })),
          total,
        );
        assertClose(await arena.read(joined), whole, exact, "joined");
      },
    );
  }
}

deviceTest("joinColumns() adds where parts meet", async (device) => {
  using arena = new Arena(device, "test");
  const part = (offset: number, ...numbers: number[]) => ({
    columns: arena.upload([1, numbers.length], new Float32Array(numbers), "part"),
    groups: 1,
    stride: 4,
    offset,
    width: numbers.length,
  });
  const joined = joinColumns(arena, [part(0, 1, 2), part(1, 10, 20)], 4);
  assertEquals([...await arena.read(joined)], [1, 12, 20, 0]);
});

deviceTest("splitColumns() and joinColumns() refuse parts that do not fit", (device) => {
  using arena = new Arena(device, "test");
  const x = arena.zeros([2, 6], "x"), columns = arena.zeros([2, 2], "columns");
  const fit = { groups: 2, stride: 3, offset: 1, width: 1 };
  const cases: [Partial<Columns>, string][] = [
    [{ groups: 0 }, "groups is 0, expected a whole number ≥ 1"],
    [{ offset: -1 }, "offset is -1, expected a whole number ≥ 0"],
    [{ width: 1.5 }, "width is 1.5, expected a whole number ≥ 1"],
    [{ stride: NaN }, "stride is NaN, expected a whole number ≥ 1"],
    [{ width: 4 }, "width is 4, expected at most stride 3"],
    [{ offset: 3 }, "the part ends at column 7, expected at most 6"],
  ];
  for (const [change, why] of cases) {
    const part = { ...fit, ...change };
    assertThrows(() => splitColumns(arena, x, part), RangeError, `Cannot run splitColumns: ${why}`);
    assertThrows(() => addColumnsInPlace(arena, x, { columns, ...part }), RangeError, why);
    assertThrows(() => joinColumns(arena, [{ columns, ...part }], 6), RangeError, why);
  }
  assertThrows(
    () => addColumnsInPlace(arena, x, { columns: x, ...fit }),
    TypeError,
    "Cannot run addColumnsInPlace: columns is [2,6], expected [2, 2]",
  );
});
