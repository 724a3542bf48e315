// Arithmetic of a chat template as Python's: integers have no end, floats are f64, and the two compare exactly.
import { make } from "./make.ts";
import type { TemplateValue } from "./values.ts";

/** A number at run time: an integer that f64 cannot hold is a bigint. */
export type PythonNumber = number | bigint;

const MOST_BITS = 14_285; // of 4,300 digits, as many as Python prints

/** Whether a value counts as a number; booleans do. */
export function isNumber({ type }: TemplateValue): boolean {
  return type === "IntegerValue" || type === "FloatValue" || type === "BooleanValue";
}

/** Booleans count as 0 and 1; undefined for what is no number. */
export function numberOf(value: TemplateValue): PythonNumber | undefined {
  if (!isNumber(value)) return undefined;
  const number: unknown = value.value;
  if (typeof number === "bigint") return number;
  return value.type === "FloatValue" ? Number(number) : Number(number) + 0; // integers have no −0
}

/** Below, equal to or above 0 as x is to y, exactly; NaN where one is NaN. */
export function orderOf(x: PythonNumber, y: PythonNumber): number {
  return x < y ? -1 : x > y ? 1 : Number.isNaN(x) || Number.isNaN(y) ? NaN : 0;
}

/**
 * `a operator b`.
 *
 * @param isFloat Whether one of them is a float, so that the result is.
 * @throws {Error} If it divides by zero, or the result has no end or too many digits.
 */
export function arithmetic(
  operator: string,
  a: PythonNumber,
  b: PythonNumber,
  isFloat: boolean,
): TemplateValue {
  const [x, y] = [Number(a), Number(b)];
  if (y === 0 && ["/", "//", "%"].includes(operator)) throw new Error("it divides by zero");
  if (operator === "/") return make.float(x / y);
  if (operator === "**") {
    if (x === 0 && y < 0) throw new Error("it divides by zero");
    if (y < 0) isFloat = true;
  }
  if (isFloat) {
    const power = inFloats(operator, x, y);
    if (operator === "**" && !Number.isFinite(power)) {
      throw new Error("it makes a number without end");
    }
    return make.float(power);
  }
  if (typeof a === "number" && typeof b === "number") {
    const near = inFloats(operator, a, b);
    if (Number.isSafeInteger(near)) return make.integer(near);
  }
  return make.integer(inIntegers(operator, BigInt(a), BigInt(b)));
}

function inFloats(operator: string, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "//":
      return Math.floor(a / b);
    case "%":
      return a - b * Math.floor(a / b);
    case "**":
      return a ** b;
    default:
      throw new Error(`it has the operator ${operator}`);
  }
}

function inIntegers(operator: string, a: bigint, b: bigint): bigint {
  const floor = () => a / b - (a % b !== 0n && (a < 0n) !== (b < 0n) ? 1n : 0n);
  const checked = (bits: number) => {
    if (bits > MOST_BITS) throw new Error("it makes an integer of more than 4300 digits");
  };
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      checked(bitsOf(a) + bitsOf(b));
      return a * b;
    case "//":
      return floor();
    case "%":
      return a - b * floor();
    default:
      checked(bitsOf(a) * Number(b));
      return a ** b;
  }
}

function bitsOf(value: bigint): number {
  return 4 * value.toString(16).length;
}
