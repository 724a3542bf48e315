import { assertEquals, assertThrows } from "@std/assert";
import { ModuleBuilder } from "../../../backend/cpu/assembler.ts";
import {
  call,
  f32,
  f32x4,
  f64,
  i32,
  i32x4,
  type Params,
  type ResultType,
  select,
  signedLeb,
  unsignedLeb,
  v128,
  type Value,
  type ValueType,
} from "../../../backend/cpu/instructions.ts";

/** Evaluates an expression in an instance whose memory starts with the floats 1, 2, 3, 4, 5, … */
function evaluate<T extends ValueType>(value: Value<T>): number {
  const module = new ModuleBuilder({ shared: false });
  module.exported("value", {} as Params, value.type as ResultType, (f) => f.return(value));
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Float32Array(memory.buffer).forEach((_, i, all) => all[i] = i + 1);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.build()), {
    env: { memory },
  });
  return (instance.exports.value as () => number)();
}

/** The four lanes of a vector expression. */
const lanes = (x: Value<"v128">): number[] =>
  [0, 1, 2, 3].map((i) => evaluate(f32x4.extractLane(x, i)));
const bitsOf = (x: number): number => new Int32Array(Float32Array.of(x).buffer)[0];

Deno.test("unsignedLeb() is LEB128", () => {
  assertEquals(unsignedLeb(0), [0]);
  assertEquals(unsignedLeb(127), [127]);
  assertEquals(unsignedLeb(128), [0x80, 1]);
  assertEquals(unsignedLeb(624485), [0xe5, 0x8e, 0x26]); // the specification's example
  assertEquals(unsignedLeb(2 ** 32 - 1), [0xff, 0xff, 0xff, 0xff, 0x0f]);
});

Deno.test("signedLeb() is LEB128 in two's complement", () => {
  assertEquals(signedLeb(0), [0]);
  assertEquals(signedLeb(63), [63]);
  assertEquals(signedLeb(64), [0xc0, 0]);
  assertEquals(signedLeb(-1), [0x7f]);
  assertEquals(signedLeb(-64), [0x40]);
  assertEquals(signedLeb(-65), [0xbf, 0x7f]);
  assertEquals(signedLeb(-123456), [0xc0, 0xbb, 0x78]);
  for (const n of [-(2 ** 31), 2 ** 31 - 1]) assertEquals(evaluate(i32.add(n, 0)), n);
});

Deno.test("i32, f32, f64 instructions are what their names say", () => {
  const cases: readonly (readonly [Value<ValueType>, number])[] = [
    [i32.add(7, -9), -2],
    [i32.sub(7, 9), -2],
    [i32.mul(7, -9), -63],
    [i32.divU(-1, 2), 2 ** 31 - 1],
    [i32.remU(17, 5), 2],
    [i32.and(12, 10), 8],
    [i32.shl(3, 4), 48],
    [i32.shrU(-1, 28), 15],
    [i32.eq(3, 3), 1],
    [i32.ltS(-1, 0), 1],
    [i32.gtS(-1, 0), 0],
    [i32.geS(2, 2), 1],
    [f32.add(1.5, 2), 3.5],
    [f32.sub(1.5, 2), -0.5],
    [f32.mul(1.5, 2), 3],
    [f32.div(3, 2), 1.5],
    [f32.max(3, 2), 3],
    [f32.sqrt(2.25), 1.5],
    [f32.convertI32U(-1), 2 ** 32],
    [f32.demoteF64(f64.sub(1, 0.999)), Math.fround(1 - 0.999)],
    [f64.mul(0.1, 3), 0.1 * 3],
    [f64.div(0.1, 3), 0.1 / 3],
    [f32.load(4), 2],
    [f32.load(4, 8), 4],
  ];
  for (const [value, expected] of cases) assertEquals(evaluate(value), expected);
});

Deno.test("f32x4, i32x4, v128 instructions are what their names say", () => {
  const x = v128.load(0); // 1 2 3 4
  const y = v128.load(12, 4); // 5 6 7 8
  const masked = (mask: Value<"v128">) => lanes(v128.and(x, mask));
  const cases: readonly (readonly [number[], number[]])[] = [
    [lanes(y), [5, 6, 7, 8]],
    [lanes(v128.load32Splat(0, 4)), [2, 2, 2, 2]],
    [lanes(v128.load32Lane(16, x, 2, 4)), [1, 2, 6, 4]],
    [lanes(v128.shuffle32(x, y, [7, 0, 5, 2])), [8, 1, 6, 3]],
    [lanes(f32x4.add(x, y)), [6, 8, 10, 12]],
    [lanes(f32x4.sub(x, 1)), [0, 1, 2, 3]],
    [lanes(f32x4.mul(x, y)), [5, 12, 21, 32]],
    [lanes(f32x4.div(x, 2)), [0.5, 1, 1.5, 2]],
    [lanes(f32x4.max(x, 2.5)), [2.5, 2.5, 3, 4]],
    [lanes(f32x4.pmin(x, 2.5)), [1, 2, 2.5, 2.5]],
    [lanes(f32x4.pmax(x, 2.5)), [2.5, 2.5, 3, 4]],
    [lanes(f32x4.pmin(NaN, x)), [NaN, NaN, NaN, NaN]],
    [lanes(f32x4.sqrt(f32x4.mul(x, x))), [1, 2, 3, 4]],
    [lanes(f32x4.relaxedMadd(x, y, 100)), [105, 112, 121, 132]],
    [lanes(f32x4.splat(f32.add(1, 2))), [3, 3, 3, 3]],
    [masked(f32x4.lt(x, 3)), [1, 2, 0, 0]],
    [masked(f32x4.ge(x, 3)), [0, 0, 3, 4]],
    [lanes(v128.andNot(x, f32x4.lt(x, 3))), [0, 0, 3, 4]],
    [lanes(i32x4.add(i32x4.splat(bitsOf(2)), i32x4.splat(i32.sub(9, 9)))), [2, 2, 2, 2]],
    [lanes(i32x4.sub(bitsOf(4), 1 << 23)), [2, 2, 2, 2]],
    [lanes(i32x4.shl(127, 23)), [1, 1, 1, 1]],
    [masked(i32x4.shrS(f32x4.splat(-0), 31)), [1, 2, 3, 4]],
  ];
  for (const [got, expected] of cases) assertEquals(got, expected);
});

Deno.test("select() takes the first where the condition holds", () => {
  assertEquals(evaluate(select(f32.add(1, 0), f32.add(2, 0), i32.eq(1, 1))), 1);
  assertEquals(evaluate(select(f32.add(1, 0), f32.add(2, 0), i32.eq(1, 2))), 2);
});

Deno.test("call() passes arguments in the order of the parameters, not of the call", () => {
  const module = new ModuleBuilder({ shared: false });
  const minus = module.internal("minus", { x: "f32", y: "f32" }, "f32", (f, { x, y }) => {
    f.return(f32.sub(x, y));
  });
  module.exported("value", {}, "f32", (f) => f.return(call(minus, { y: 1, x: 10 })));
  const memory = new WebAssembly.Memory({ initial: 1 });
  const compiled = new WebAssembly.Module(module.build());
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  assertEquals((exports.value as () => number)(), 9);
});

Deno.test("operand() refuses a fraction as an integer", () => {
  assertThrows(() => i32.add(1.5, 1), TypeError, "it is 1.5, expected an integer");
});
