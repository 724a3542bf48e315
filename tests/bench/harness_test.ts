import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { checkFinite, repeats } from "../../bench/support/harness.ts";
import { higher, type Peak } from "../../bench/support/peak.ts";
import { digits, median, rateOf, tableOf } from "../../bench/support/table.ts";

const peak: Peak = { flop: 100e9, oneThread: 50e9, bytes: 20e9 };
const row = { name: "matmul", shape: "[2, 3]·[3, 4]", device: "cpu", ms: 2 };

Deno.test("rateOf() is work a second, and its share of the peak that bounds it", () => {
  assertEquals(rateOf({ ...row, flop: 50e6 }, peak), { rate: 25, unit: "GFLOP/s", share: 0.25 });
  assertEquals(rateOf({ ...row, bytes: 20e6 }, peak), { rate: 10, unit: "GB/s", share: 0.5 });
  // FLOP bound the work where both are counted.
  assertEquals(rateOf({ ...row, flop: 50e6, bytes: 1 }, peak).unit, "GFLOP/s");
});

Deno.test("rateOf() halves when the time doubles or the peak does", () => {
  const { share } = rateOf({ ...row, flop: 7e6 }, peak);
  assertAlmostEquals(rateOf({ ...row, flop: 7e6, ms: 4 }, peak).share, share / 2);
  assertAlmostEquals(rateOf({ ...row, flop: 7e6 }, { ...peak, flop: 200e9 }).share, share / 2);
});

Deno.test("median() is the middle one, or the mean of the two in the middle", () => {
  assertEquals(median([3]), 3);
  assertEquals(median([10, 9, 1]), 9);
  assertEquals(median([10, 2, 100, 4]), 7);
});

Deno.test("digits() gives three significant digits", () => {
  assertEquals([1234.4, 12.345, 1.2345, 0.12345].map(digits), ["1234", "12.3", "1.23", "0.123"]);
});

Deno.test("tableOf() has a line a row with its rate, tokens and share, columns aligned", () => {
  const rows = [
    { ...row, flop: 50e6 },
    { ...row, name: "generate", ms: 500, flop: 5e9, tokens: 250, device: "webgpu" },
  ];
  const peaks = new Map([["cpu", peak], ["webgpu", { ...peak, flop: 40e9 }]]);
  const lines = tableOf(rows, peaks).split("\n");
  assertEquals(lines.length, 4);
  assertEquals(new Set(lines.map((line) => line.length)).size, 1);
  const cells = lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  assertEquals(cells[0], ["kernel", "shape", "device", "ms", "rate", "of peak"]);
  assertEquals(cells[2].slice(2), ["cpu", "2.00", "25.0 GFLOP/s", "25%"]);
  assertEquals(cells[3].slice(2), ["webgpu", "500", "500 tokens/s, 10.0 GFLOP/s", "25%"]);
});

Deno.test("higher() takes the better of two measurements, number by number", () => {
  assertEquals(higher(peak, { flop: 90e9, oneThread: 60e9, bytes: 20e9 }), {
    flop: 100e9,
    oneThread: 60e9,
    bytes: 20e9,
  });
});

Deno.test("repeats() fills about 5 ms, at least once and at most 32 times", () => {
  assertEquals([100, 5, 1, 0.3, 0.001].map(repeats), [1, 1, 5, 17, 32]);
});

Deno.test("checkFinite() refuses NaN, infinities and nothing at all", () => {
  checkFinite("x", new Float32Array([1, -2, 0]));
  for (const bad of [[1, NaN], [Infinity], []]) {
    assertThrows(() => checkFinite("x", bad), Error, "Cannot bench x");
  }
});
