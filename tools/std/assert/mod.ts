/** The names of `@std/assert` that the suite uses, over `node:assert`. */
export { AssertionError } from "./assertion_error.ts";
export { equal } from "./equal.ts";
export * from "./truth.ts";
export * from "./equality.ts";
export * from "./contents.ts";
export * from "./throwing.ts";
