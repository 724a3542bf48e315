/**
 * WebAssembly instructions as typed expressions: a value carries its type and its bytes. Only what
 * the CPU kernels use is here (core specification 3.0, SIMD and relaxed SIMD included). Numbers
 * stand for constants wherever an operand is wanted.
 *
 * @module
 */

/** Types that a WebAssembly value can have here. */
export type ValueType = "i32" | "f32" | "f64" | "v128";
/** What a function leaves behind. */
export type ResultType = ValueType | "void";

/** An expression: bytes that leave one value of this type on the stack (none for "void"). */
export interface Value<T extends ResultType = ResultType> {
  readonly type: T;
  readonly code: readonly number[];
}
/** A parameter or local variable; reading it is an expression. */
export interface Local<T extends ValueType> extends Value<T> {
  readonly index: number;
}
/** A scalar expression, or a number that becomes a constant of the type. */
export type Operand<T extends ValueType> = Value<T> | (T extends "v128" ? never : number);
/** Four lanes, or a number that becomes a constant in all four. */
export type Lanes = Value<"v128"> | number;
/** Parameters by name, in order. */
export type Params = Readonly<Record<string, ValueType>>;
/** A function of the module under construction. */
export interface Func<P extends Params, R extends ResultType> {
  readonly name: string;
  readonly index: number;
  readonly params: P;
  readonly result: R;
}

/** LEB128 of an unsigned 32-bit integer. */
export function unsignedLeb(n: number): number[] {
  const bytes: number[] = [];
  let rest = n >>> 0;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

/** LEB128 of a signed 32-bit integer (values up to 2³² − 1 wrap around). */
export function signedLeb(n: number): number[] {
  const bytes: number[] = [];
  let rest = n | 0;
  while (rest < -64 || rest > 63) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  return [...bytes, rest & 0x7f];
}

function f32Bytes(x: number): number[] {
  return [...new Uint8Array(Float32Array.of(x).buffer)];
}

function constant<T extends "i32" | "f32" | "f64">(type: T, x: number): Value<T> {
  if (type === "f32") return { type, code: [0x43, ...f32Bytes(x)] };
  if (type === "f64") return { type, code: [0x44, ...new Uint8Array(Float64Array.of(x).buffer)] };
  if (!Number.isInteger(x)) {
    throw new TypeError(`Cannot assemble an i32 constant: it is ${x}, expected an integer`);
  }
  return { type, code: [0x41, ...signedLeb(x)] };
}

/** The expression of an operand: itself, or a constant of the type. */
export function operand<T extends ValueType>(type: T, x: Value<T> | number): Value<T> {
  if (typeof x !== "number") return x;
  if (type === "v128") throw new TypeError("Cannot make a v128 of a number: say which lanes");
  return constant(type as "i32", x) as unknown as Value<T>;
}

const SIMD = 0xfd;
const v = (code: readonly number[]): Value<"v128"> => ({ type: "v128", code });
/** An instruction of the SIMD family. */
export const simd = (op: number): number[] => [SIMD, ...unsignedLeb(op)];
const vectorConst = (lane: readonly number[]): Value<"v128"> =>
  v([...simd(0x0c), ...lane, ...lane, ...lane, ...lane]);
const i32Bytes = (x: number): number[] => [x & 255, (x >> 8) & 255, (x >> 16) & 255, x >>> 24];
const floats = (x: Lanes): Value<"v128"> => typeof x === "number" ? vectorConst(f32Bytes(x)) : x;
const ints = (x: Lanes): Value<"v128"> => typeof x === "number" ? vectorConst(i32Bytes(x)) : x;
/** Alignment hint of 4 bytes (a promise about nothing) and a byte offset. */
export const at = (offset: number): number[] => [2, ...unsignedLeb(offset)];

type Unary<T extends ValueType, R extends ValueType = T> = (x: Operand<T>) => Value<R>;
type Binary<T extends ValueType, R extends ValueType = T> = (
  x: Operand<T>,
  y: Operand<T>,
) => Value<R>;
type UnaryLanes = (x: Lanes) => Value<"v128">;
type BinaryLanes = (x: Lanes, y: Lanes) => Value<"v128">;
type Load<T extends ValueType> = (pointer: Operand<"i32">, offset?: number) => Value<T>;

const unary =
  <T extends ValueType, R extends ValueType>(op: number, from: T, to: R): Unary<T, R> => (x) => ({
    type: to,
    code: [...operand(from, x).code, op],
  });
const binary = <T extends ValueType>(type: T, op: number): Binary<T> => (x, y) => ({
  type,
  code: [...operand(type, x).code, ...operand(type, y).code, op],
});
const load = <T extends ValueType>(type: T, op: readonly number[]): Load<T> => (p, offset = 0) => ({
  type,
  code: [...operand("i32", p).code, ...op, ...at(offset)],
});
const unaryFloats = (op: number): UnaryLanes => (x) => v([...floats(x).code, ...simd(op)]);
const binaryFloats = (op: number): BinaryLanes => (x, y) =>
  v([...floats(x).code, ...floats(y).code, ...simd(op)]);
const binaryInts = (op: number): BinaryLanes => (x, y) =>
  v([...ints(x).code, ...ints(y).code, ...simd(op)]);
const shiftInts = (op: number) => (x: Lanes, count: Operand<"i32">): Value<"v128"> =>
  v([...ints(x).code, ...operand("i32", count).code, ...simd(op)]);

type I32Comparison = "eq" | "ltS" | "gtS" | "geS";
type I32Op = "add" | "sub" | "mul" | "divU" | "remU" | "and" | "shl" | "shrU";
/** 32-bit integer instructions; comparisons give 1 or 0. */
export const i32: Readonly<Record<I32Comparison | I32Op, Binary<"i32">>> = {
  eq: binary("i32", 0x46),
  ltS: binary("i32", 0x48),
  gtS: binary("i32", 0x4a),
  geS: binary("i32", 0x4e),
  add: binary("i32", 0x6a),
  sub: binary("i32", 0x6b),
  mul: binary("i32", 0x6c),
  divU: binary("i32", 0x6e),
  remU: binary("i32", 0x70),
  and: binary("i32", 0x71),
  shl: binary("i32", 0x74),
  shrU: binary("i32", 0x76),
};

/** Scalar 32-bit float instructions. */
export const f32: Readonly<Record<"add" | "sub" | "mul" | "div" | "max", Binary<"f32">>> & {
  readonly sqrt: Unary<"f32">;
  readonly load: Load<"f32">;
  readonly convertI32U: Unary<"i32", "f32">;
  readonly demoteF64: Unary<"f64", "f32">;
} = {
  add: binary("f32", 0x92),
  sub: binary("f32", 0x93),
  mul: binary("f32", 0x94),
  div: binary("f32", 0x95),
  max: binary("f32", 0x97),
  sqrt: unary(0x91, "f32", "f32"),
  load: load("f32", [0x2a]),
  convertI32U: unary(0xb3, "i32", "f32"),
  demoteF64: unary(0xb6, "f64", "f32"),
};

/** Scalar 64-bit float instructions, for constants that f32 would round too early. */
export const f64: Readonly<Record<"sub" | "mul" | "div", Binary<"f64">>> = {
  sub: binary("f64", 0xa1),
  mul: binary("f64", 0xa2),
  div: binary("f64", 0xa3),
};

type F32x4Op = "lt" | "ge" | "add" | "sub" | "mul" | "div" | "max" | "pmin" | "pmax";
/** Four floats at once; comparisons give lanes of all ones or all zeros. */
export const f32x4: Readonly<Record<F32x4Op, BinaryLanes>> & {
  readonly sqrt: UnaryLanes;
  readonly splat: (x: Operand<"f32">) => Value<"v128">;
  readonly extractLane: (x: Lanes, lane: number) => Value<"f32">;
  readonly convertI32x4S: UnaryLanes;
  readonly convertI32x4U: UnaryLanes;
  /** x·y + z, rounded once or twice as the engine likes: the same choice everywhere in a process. */
  readonly relaxedMadd: (x: Lanes, y: Lanes, z: Lanes) => Value<"v128">;
} = {
  lt: binaryFloats(0x43),
  ge: binaryFloats(0x46),
  add: binaryFloats(0xe4),
  sub: binaryFloats(0xe5),
  mul: binaryFloats(0xe6),
  div: binaryFloats(0xe7),
  max: binaryFloats(0xe9),
  pmin: binaryFloats(0xea),
  pmax: binaryFloats(0xeb),
  sqrt: unaryFloats(0xe3),
  splat: (x) => typeof x === "number" ? floats(x) : v([...x.code, ...simd(0x13)]),
  convertI32x4S: unaryFloats(0xfa),
  convertI32x4U: unaryFloats(0xfb),
  extractLane: (x, lane) => ({ type: "f32", code: [...floats(x).code, ...simd(0x1f), lane] }),
  relaxedMadd: (x, y, z) =>
    v([...floats(x).code, ...floats(y).code, ...floats(z).code, ...simd(0x105)]),
};

/** Four 32-bit integers at once. */
export const i32x4: Readonly<Record<"add" | "sub", BinaryLanes>> & {
  readonly shl: (x: Lanes, count: Operand<"i32">) => Value<"v128">;
  readonly shrS: (x: Lanes, count: Operand<"i32">) => Value<"v128">;
  readonly shrU: (x: Lanes, count: Operand<"i32">) => Value<"v128">;
  readonly splat: (x: Operand<"i32">) => Value<"v128">;
  /** The first four of eight 16-bit integers. */
  readonly extendLowI16x8S: UnaryLanes;
  /** The last four. */
  readonly extendHighI16x8S: UnaryLanes;
} = {
  add: binaryInts(0xae),
  sub: binaryInts(0xb1),
  shl: shiftInts(0xab),
  shrS: shiftInts(0xac),
  shrU: shiftInts(0xad),
  extendLowI16x8S: unaryFloats(0xa7),
  extendHighI16x8S: unaryFloats(0xa8),
  splat: (x) => typeof x === "number" ? ints(x) : v([...x.code, ...simd(0x11)]),
};

/** Loads, bit operations and shuffles of 128 bits. */
export const v128: {
  readonly load: Load<"v128">;
  readonly load32Splat: Load<"v128">;
  /** Eight bytes as signed 16-bit integers. */
  readonly load8x8S: Load<"v128">;
  /** Four unsigned 16-bit integers as 32-bit ones. */
  readonly load16x4U: Load<"v128">;
  /** Constants, a lane each. */
  readonly ints: (...lanes: readonly [number, number, number, number]) => Value<"v128">;
  readonly floats: (...lanes: readonly [number, number, number, number]) => Value<"v128">;
  /** The vector with one 32-bit lane replaced from memory. */
  readonly load32Lane: (
    pointer: Operand<"i32">,
    x: Value<"v128">,
    lane: number,
    offset?: number,
  ) => Value<"v128">;
  readonly and: (x: Value<"v128">, y: Value<"v128">) => Value<"v128">;
  readonly or: (x: Value<"v128">, y: Value<"v128">) => Value<"v128">;
  /** x without the bits of y. */
  readonly andNot: (x: Value<"v128">, y: Value<"v128">) => Value<"v128">;
  /** Four of the eight 32-bit lanes of x (0–3) and y (4–7). */
  readonly shuffle32: (
    x: Value<"v128">,
    y: Value<"v128">,
    lanes: readonly [number, number, number, number],
  ) => Value<"v128">;
} = {
  load: load("v128", simd(0x00)),
  load32Splat: load("v128", simd(0x09)),
  load8x8S: load("v128", simd(0x01)),
  load16x4U: load("v128", simd(0x04)),
  ints: (...lanes) => v([...simd(0x0c), ...lanes.flatMap(i32Bytes)]),
  floats: (...lanes) => v([...simd(0x0c), ...lanes.flatMap(f32Bytes)]),
  load32Lane: (p, x, lane, offset = 0) =>
    v([...operand("i32", p).code, ...x.code, ...simd(0x56), ...at(offset), lane]),
  and: (x, y) => v([...x.code, ...y.code, ...simd(0x4e)]),
  or: (x, y) => v([...x.code, ...y.code, ...simd(0x50)]),
  andNot: (x, y) => v([...x.code, ...y.code, ...simd(0x4f)]),
  shuffle32: (x, y, lanes) =>
    v([
      ...x.code,
      ...y.code,
      ...simd(0x0d),
      ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
    ]),
};

/** condition ? x : y, without a branch. */
export function select<T extends ValueType>(
  x: Value<T>,
  y: Value<T>,
  condition: Value<"i32">,
): Value<T> {
  return { type: x.type, code: [...x.code, ...y.code, ...condition.code, 0x1b] };
}

/** A call with arguments by name. */
export function call<P extends Params, R extends ResultType>(
  fn: Func<P, R>,
  args: { readonly [K in keyof P]: Operand<P[K]> },
): Value<R> {
  const pushed = Object.entries(fn.params).flatMap(([name, type]) => [
    ...operand(type, args[name] as Value<ValueType> | number).code,
  ]);
  return { type: fn.result, code: [...pushed, 0x10, ...unsignedLeb(fn.index)] };
}
