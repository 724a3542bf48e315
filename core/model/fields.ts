// Fields of a config.json, read with their defaults and checked, so that a mistake names the file and the field.
import { isObject, show } from "../base/quote.ts";
import { Mistake } from "../base/mistake.ts";

/** A config.json being read: each method gives one field or throws an error that names it. */
export class ConfigFields {
  /**
   * @param json The parsed object.
   * @param name What to call the file in errors.
   */
  constructor(readonly json: Record<string, unknown>, readonly name: string) {}

  /** Whether the field is there and not null. */
  has(field: string): boolean {
    return (this.json[field] ?? null) !== null;
  }

  /** A whole number of at least 1. */
  count(field: string, fallback?: number): number {
    const value = this.json[field] ?? fallback;
    if (typeof value !== "number") {
      const found = value === undefined ? "missing" : show(value);
      throw new Mistake("model", {
        verb: "read",
        thing: this.name,
        found: `${field} is ${found}`,
        expected: "a whole number",
      });
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new Mistake("model", {
        verb: "read",
        thing: this.name,
        found: `${field} is ${value}`,
        expected: "a whole number of at least 1",
      });
    }
    return value;
  }

  /** A finite number above 0. */
  positive(field: string, fallback: number): number {
    return positive(this.name, field, this.json[field] ?? fallback);
  }

  /** A finite number above 0, or nothing. */
  optionalPositive(field: string): number | undefined {
    return this.has(field) ? positive(this.name, field, this.json[field]) : undefined;
  }

  /** True or false. */
  flag(field: string, fallback = false): boolean {
    const value = this.json[field] ?? fallback;
    if (typeof value === "boolean") return value;
    throw new Mistake("model", {
      verb: "read",
      thing: this.name,
      found: `${field} is ${show(value)}`,
      expected: "true or false",
    });
  }

  /** One of a table's keys, as the table's value. */
  choice<T>(field: string, table: Readonly<Record<string, T>>, fallback: string): T {
    const value = this.json[field] ?? fallback;
    if (typeof value === "string" && Object.hasOwn(table, value)) return table[value];
    throw new Mistake("model", {
      verb: "read",
      thing: this.name,
      found: `${field} is ${show(value)}`,
      expected: `one of ${Object.keys(table).join(", ")}`,
    });
  }

  /** An object, or nothing. */
  object(field: string): Record<string, unknown> | undefined {
    const value = this.json[field] ?? null;
    if (value === null) return undefined;
    if (isObject(value)) return value;
    throw new Mistake("model", {
      verb: "read",
      thing: this.name,
      found: `${field} is ${show(value)}`,
      expected: "an object or null",
    });
  }

  /** A list of `length` values that `is` accepts, or nothing. */
  list<T>(
    field: string,
    length: number,
    is: (value: unknown) => value is T,
    wanted: string,
  ): T[] | undefined {
    const value = this.json[field] ?? null;
    if (value === null) return undefined;
    if (Array.isArray(value) && value.length === length && value.every(is)) return value;
    throw new Mistake("model", {
      verb: "read",
      thing: this.name,
      found: `${field} is ${show(value)}`,
      expected: `${length} ${wanted}`,
    });
  }

  /** Refuse a field that asks for mathematics that is not here. `neutral` values change nothing. */
  refuse(field: string, ...neutral: unknown[]): void {
    const value = this.json[field] ?? null;
    if (value === null || neutral.includes(value)) return;
    const expected = [...neutral.map(show), "null"].join(" or ");
    throw new Mistake("model", {
      verb: "read",
      thing: this.name,
      found: `${field} is ${show(value)}`,
      expected: `${expected}: anything else is not supported`,
    });
  }

  /** Token ids below the vocabulary, or nothing. */
  tokenIds(field: string, vocabSize: number, fallback?: number): number[] | undefined {
    const value = Object.hasOwn(this.json, field) ? this.json[field] : fallback ?? null;
    if (value === null || value === undefined) return undefined;
    if (value === -1 && field === "pad_token_id") return undefined; // how the first Llamas say "none"
    const ids: unknown[] = Array.isArray(value) ? value : [value];
    const valid = (id: unknown): id is number => Number.isSafeInteger(id) && (id as number) >= 0;
    if (ids.length === 0 || !ids.every(valid) || (field !== "eos_token_id" && ids.length > 1)) {
      throw new Mistake("model", {
        verb: "read",
        thing: this.name,
        found: `${field} is ${show(value)}`,
        expected: "a token id or null",
      });
    }
    if (field === "pad_token_id") return ids; // often beyond the vocabulary, and never embedded
    const beyond = ids.find((id) => id >= vocabSize);
    if (beyond !== undefined && Object.hasOwn(this.json, field)) {
      throw new Mistake("model", {
        verb: "read",
        thing: this.name,
        found: `${field} is ${beyond}`,
        expected: `an id below the vocab_size ${vocabSize}`,
      });
    }
    return beyond === undefined ? ids : undefined;
  }
}

/** A finite number above 0. */
export function positive(name: string, field: string, value: unknown): number {
  if (typeof value !== "number") {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `${field} is ${show(value)}`,
      expected: "a number",
    });
  }
  if (!(value > 0 && Number.isFinite(value))) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `${field} is ${value}`,
      expected: "a number above 0",
    });
  }
  return value;
}
