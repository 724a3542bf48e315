/** The one error that every assertion throws, and the words that they share. */
import { inspect } from "node:util";

/** A failed assertion; same name and constructor as the genuine one. */
export class AssertionError extends Error {
  /**
   * @param message What was found and what was wanted.
   * @param options `cause`, as for any error.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** How a message ends: with the caller's own words, or with a full stop. */
export function ending(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}

/** A value in words: keys sorted, cycles survived, long arrays cut after 100 entries. */
export function show(value: unknown): string {
  return inspect(value, {
    depth: 10,
    sorted: true,
    breakLength: 80,
    maxArrayLength: 100,
  });
}
