/**
 * A small typed assembler for WebAssembly: a function builder collects statements with structured
 * control, a module builder writes the binary over one imported memory.
 *
 * @module
 */
import {
  at,
  type Func,
  i32,
  type Local,
  type Operand,
  operand,
  type Params,
  type ResultType,
  simd,
  unsignedLeb,
  type Value,
  type ValueType,
} from "./instructions.ts";

const TYPE_CODE: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** Collects the statements of one function. */
export class FunctionBuilder {
  /** Bytes of the body so far. */
  readonly code: number[] = [];
  /** Types of the locals after the parameters. */
  readonly locals: ValueType[] = [];
  readonly #params: number;

  /** @param params How many parameters the function has. */
  constructor(params: number) {
    this.#params = params;
  }

  /** A new local, zero or set to `init`. Inside a loop give `init`, or the last turn's value stays. */
  local<T extends ValueType>(type: T, init?: Operand<T>): Local<T> {
    const index = this.#params + this.locals.push(type) - 1;
    const local = { type, index, code: [0x20, ...unsignedLeb(index)] };
    if (init !== undefined) this.set(local, init);
    return local;
  }

  /** local = value. */
  set<T extends ValueType>(local: Local<T>, value: Operand<T>): void {
    this.code.push(...operand(local.type, value).code, 0x21, ...unsignedLeb(local.index));
  }

  /** local = local + amount. */
  increase(local: Local<"i32">, amount: Operand<"i32">): void {
    this.set(local, i32.add(local, amount));
  }

  /** memory[pointer + offset] = value, for f32 and v128. */
  store(pointer: Operand<"i32">, value: Value<"f32"> | Value<"v128">, offset = 0): void {
    const op = value.type === "f32" ? [0x38] : simd(0x0b);
    this.code.push(...operand("i32", pointer).code, ...value.code, ...op, ...at(offset));
  }

  /** memory[pointer + offset] = one 32-bit lane of the vector. */
  storeLane(pointer: Operand<"i32">, x: Value<"v128">, lane: number, offset = 0): void {
    this.code.push(...operand("i32", pointer).code, ...x.code, ...simd(0x5a), ...at(offset), lane);
  }

  /** An expression for its effect. */
  run(effect: Value<"void">): void {
    this.code.push(...effect.code);
  }

  /** Leaves the function with a value. */
  return(value: Value<ValueType>): void {
    this.code.push(...value.code, 0x0f);
  }

  /** if (condition) then() else otherwise(). */
  if(condition: Value<"i32">, then: () => void, otherwise?: () => void): void {
    this.code.push(...condition.code, 0x04, 0x40);
    then();
    if (otherwise) {
      this.code.push(0x05);
      otherwise();
    }
    this.code.push(0x0b);
  }

  /** while (condition) body(), tested once before and then at the end of each turn. */
  while(condition: Value<"i32">, body: () => void): void {
    this.if(condition, () => {
      this.code.push(0x03, 0x40);
      body();
      this.code.push(...condition.code, 0x0d, 0x00, 0x0b);
    });
  }
}

const vector = (items: readonly (readonly number[])[]): number[] => [
  ...unsignedLeb(items.length),
  ...items.flat(),
];
const section = (id: number, body: readonly number[]): number[] => [
  id,
  ...unsignedLeb(body.length),
  ...body,
];
const utf8 = (text: string): number[] => {
  const bytes = new TextEncoder().encode(text);
  return [...unsignedLeb(bytes.length), ...bytes];
};

/** Collects functions over one imported memory, `env.memory`, and writes the binary. */
export class ModuleBuilder {
  readonly #shared: boolean;
  readonly #types: number[][] = [];
  readonly #functions: number[] = [];
  readonly #bodies: number[][] = [];
  readonly #exports: number[][] = [];

  /** @param options `shared`: the memory is a shared one (it then needs a maximum ≤ 4 GiB). */
  constructor(options: { shared: boolean }) {
    this.#shared = options.shared;
  }

  /** An exported function. The body's last statement leaves the result by `return`. */
  exported<P extends Params, R extends ResultType>(
    name: string,
    params: P,
    result: R,
    body: (f: FunctionBuilder, params: { readonly [K in keyof P]: Local<P[K]> }) => void,
  ): Func<P, R> {
    const fn = this.internal(name, params, result, body);
    this.#exports.push([...utf8(name), 0x00, ...unsignedLeb(fn.index)]);
    return fn;
  }

  /** A function that only this module calls. */
  internal<P extends Params, R extends ResultType>(
    name: string,
    params: P,
    result: R,
    body: (f: FunctionBuilder, params: { readonly [K in keyof P]: Local<P[K]> }) => void,
  ): Func<P, R> {
    const types = Object.values(params);
    const f = new FunctionBuilder(types.length);
    const named = Object.fromEntries(
      Object.entries(params).map((
        [key, type],
        index,
      ) => [key, { type, index, code: [0x20, index] }]),
    ) as unknown as { readonly [K in keyof P]: Local<P[K]> };
    body(f, named);
    // A body that returns a value always leaves by `return`: what follows is unreachable.
    const end = result === "void" ? [0x0b] : [0x00, 0x0b];
    const locals = vector(f.locals.map((type) => [1, TYPE_CODE[type]]));
    const code = [...locals, ...f.code, ...end];
    this.#bodies.push([...unsignedLeb(code.length), ...code]);
    const index = this.#functions.push(this.#type(types, result)) - 1;
    return { name, index, params, result };
  }

  /** The binary module. */
  build(): Uint8Array<ArrayBuffer> {
    const limits = this.#shared ? [0x03, 1, ...unsignedLeb(65536)] : [0x00, 1];
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, vector(this.#types)),
      ...section(2, vector([[...utf8("env"), ...utf8("memory"), 0x02, ...limits]])),
      ...section(3, vector(this.#functions.map(unsignedLeb))),
      ...section(7, vector(this.#exports)),
      ...section(10, vector(this.#bodies)),
    ]);
  }

  #type(params: readonly ValueType[], result: ResultType): number {
    const results = result === "void" ? [] : [[TYPE_CODE[result]]];
    const type = [0x60, ...vector(params.map((p) => [TYPE_CODE[p]])), ...vector(results)];
    const known = this.#types.findIndex((t) => t.join() === type.join());
    return known >= 0 ? known : this.#types.push(type) - 1;
  }
}
