import { assertEquals, assertThrows } from "@std/assert";
import {
  firstNonFinite,
  isFloatType,
  narrowFloats,
  refuseNonFinite,
  widenFloats,
} from "../../../core/base/float_bytes.ts";
import { f16ToNumber } from "../../../core/base/half.ts";
import { bf16ToNumber } from "../../support/bf16.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const every = Uint16Array.from({ length: 65536 }, (_, i) => i);

for (const [dtype, toNumber] of [["F16", f16ToNumber], ["BF16", bf16ToNumber]] as const) {
  Deno.test(`widenFloats() gives the number of every ${dtype} pattern`, () => {
    const wide = widenFloats(new Uint8Array(every.slice().buffer), dtype);
    for (const i of every) {
      if (!Object.is(wide[i], toNumber(i))) throw new Error(`${dtype} ${i} became ${wide[i]}`);
    }
  });

  Deno.test(`narrowFloats() gives back every finite ${dtype} pattern`, () => {
    const finite = every.filter((i) => Number.isFinite(toNumber(i)));
    const bytes = new Uint8Array(finite.buffer);
    assertEquals(narrowFloats("w", widenFloats(bytes.slice(), dtype), dtype), bytes);
  });
}

Deno.test("narrowFloats() rounds BF16 to nearest, ties to even", () => {
  const ulp = 2 ** -7; // of BF16 at 1
  const given = Float32Array.of(1 + ulp / 2, 1 + 1.5 * ulp, 1 + ulp / 2 + 2 ** -20, 1 + 0.4 * ulp);
  const back = widenFloats(narrowFloats("w", given, "BF16"), "BF16");
  assertEquals([...back], [1, 1 + 2 * ulp, 1 + ulp, 1]);
});

Deno.test("widenFloats() and narrowFloats() take views at an offset", () => {
  const bytes = new Uint8Array(Float32Array.of(9, 1, 2, 9).buffer);
  assertEquals(widenFloats(bytes.subarray(4, 12), "F32"), Float32Array.of(1, 2));
  const numbers = Float32Array.of(9, 1, 2).subarray(1);
  assertEquals(widenFloats(narrowFloats("w", numbers, "F16"), "F16"), Float32Array.of(1, 2));
});

Deno.test("narrowFloats() refuses a finite number that would become infinite", () => {
  const error = assertThrows(() => narrowFloats("w", Float32Array.of(0, 7e4), "F16"), Mistake);
  assertEquals(
    error.message,
    'Cannot write tensor "w" as F16: element 1 is 70000, expected at most 65504. Use BF16 or F32',
  );
});

Deno.test("firstNonFinite() and refuseNonFinite() find NaN and infinities and say where", () => {
  assertEquals(firstNonFinite(Float32Array.of(3.4e38, -0, 1e-45)), -1);
  assertEquals(firstNonFinite(Float32Array.of(0, -Infinity, NaN)), 1);
  refuseNonFinite("f", "w", [2], Float32Array.of(1, 2));
  const error = assertThrows(
    () => refuseNonFinite("f", "w", [2, 1, 3], Float32Array.of(0, 0, 0, 0, 0, NaN)),
    Mistake,
  );
  assertEquals(
    error.message,
    'Cannot read f: tensor "w" is NaN at [1, 0, 2], expected finite numbers. ' +
      "The file is damaged or its training diverged",
  );
});

Deno.test("isFloatType() knows the three and no property of Object", () => {
  assertEquals(["F32", "F16", "BF16"].every(isFloatType), true);
  assertEquals(["I8", "toString", undefined].some(isFloatType), false);
});
