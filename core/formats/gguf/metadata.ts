// Metadata of a GGUF file being read: each method gives one value, checked, or throws an error that names its key.
import { show } from "../../base/quote.ts";
import type { GgufFields } from "../../model/gguf_family.ts";
import type { GgufHeader, GgufValue } from "./header.ts";
import { cannotRead, type Mistake } from "../../base/mistake.ts";

/** Keys that begin with "." stand after the architecture's name: ".block_count" is "llama.block_count". */
export class GgufMetadata implements GgufFields {
  /** As `general.architecture` says. */
  readonly architecture: string;

  /**
   * @param header Borrowed.
   * @param name What to call the file in errors.
   */
  constructor(readonly header: GgufHeader, readonly name: string) {
    const value = header.metadata.get("general.architecture");
    if (typeof value !== "string") {
      throw this.mistake(`general.architecture is ${found(value)}`, "a string");
    }
    this.architecture = value;
  }

  /** The file's tensors by their names there. */
  get tensors(): GgufHeader["tensors"] {
    return this.header.tensors;
  }

  /** The value as it is, if it is there. */
  get(key: string): GgufValue | undefined {
    return this.header.metadata.get(this.#whole(key));
  }

  /** A whole number of at least 0; the fallback where it is absent. */
  count(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    // Some converters write one number a layer; layers that differ are no model of ours.
    const one = isNumbers(value) && value.length > 0 && value.every((n) => n === value[0])
      ? value[0]
      : value;
    if (typeof one === "number" && Number.isSafeInteger(one) && one >= 0) return one;
    throw this.mistake(`${this.#whole(key)} is ${found(value)}`, "a whole number of at least 0");
  }

  /** A whole number of at least 1; the fallback where it is absent. */
  size(key: string, fallback?: number): number {
    const value = this.count(key, fallback);
    if (value >= 1) return value;
    throw this.mistake(`${this.#whole(key)} is ${value}`, "at least 1");
  }

  /** A finite number above 0, as the shortest decimal that rounds to the file's f32. */
  positive(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return shortest(value);
    throw this.mistake(`${this.#whole(key)} is ${found(value)}`, "a finite number above 0");
  }

  /** True or false, or nothing. */
  flag(key: string): boolean | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.mistake(`${this.#whole(key)} is ${found(value)}`, "true or false");
  }

  /** A string, or nothing. */
  text(key: string): string | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "string") return value;
    throw this.mistake(`${this.#whole(key)} is ${found(value)}`, "a string");
  }

  /** Strings, or nothing. */
  texts(key: string): string[] | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && (value.length === 0 || typeof value[0] === "string")) {
      return value as string[];
    }
    throw this.mistake(`${this.#whole(key)} is ${found(value)}`, "an array of strings");
  }

  /** Numbers, or nothing. */
  numbers(key: string): ArrayLike<number> | undefined {
    const value = this.get(key);
    if (value === undefined || isNumbers(value)) return value;
    throw this.mistake(`${this.#whole(key)} is ${found(value)}`, "an array of numbers");
  }

  /** The one-line error for something in this file. */
  mistake(what: string, expected: string): Mistake {
    return cannotRead(this.name, { found: what, expected });
  }

  #whole(key: string): string {
    return key.startsWith(".") ? this.architecture + key : key;
  }
}

function isNumbers(value: GgufValue | undefined): value is Float64Array {
  return ArrayBuffer.isView(value);
}

function found(value: GgufValue | undefined): string {
  if (value === undefined) return "missing";
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `an array of ${value.length}`;
  return show(value);
}

/** The shortest decimal that rounds to the same f32: 1e-5 for what a file holds as 0.00000999…7. */
function shortest(value: number): number {
  if (Math.fround(value) !== value) return value;
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}
