/** Assertions about errors: thrown, rejected, of a class, with a message. */
import { stripVTControlCharacters } from "node:util";
import { AssertionError, ending } from "./assertion_error.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Throws unless `error` is an Error, of `ErrorClass`, whose message matches `msgMatches`. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(
      `Expected "error" to be an Error object${ending(msg)}`,
    );
  }
  if (ErrorClass && !(error instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was ` +
        `"${(error as Error).constructor?.name}"${ending(msg)}`,
    );
  }
  if (!msgMatches) return;
  const text = stripVTControlCharacters(error.message);
  const found = msgMatches instanceof RegExp
    ? msgMatches.test(text)
    : text.includes(stripVTControlCharacters(msgMatches));
  if (found) return;
  const wanted = msgMatches instanceof RegExp ? String(msgMatches) : JSON.stringify(msgMatches);
  throw new AssertionError(
    `Expected error message to include ${wanted}, but got ` +
      `${JSON.stringify(error.message)}${ending(msg)}`,
  );
}

/** The optional arguments told apart: a class and a part of its message, or the caller's words. */
interface Wanted<E extends Error> {
  ErrorClass?: ErrorClass<E>;
  msgIncludes?: string;
  msg?: string;
}

function wanted<E extends Error>(
  classOrMsg: ErrorClass<E> | string | undefined,
  includesOrMsg: string | undefined,
  msg: string | undefined,
): Wanted<E> {
  if (typeof classOrMsg === "string") return { msg: classOrMsg };
  const isErrorClass = classOrMsg === undefined ||
    classOrMsg.prototype === Error.prototype ||
    classOrMsg.prototype instanceof Error;
  if (!isErrorClass) return { msg: includesOrMsg };
  return { ErrorClass: classOrMsg, msgIncludes: includesOrMsg, msg };
}

function check<E extends Error>(
  error: unknown,
  verb: string,
  want: Wanted<E>,
): void {
  if (!want.ErrorClass) return;
  if (!(error instanceof Error)) {
    throw new AssertionError(
      `A non-Error object was ${verb}${ending(want.msg)}`,
    );
  }
  assertIsError(error, want.ErrorClass, want.msgIncludes, want.msg);
}

/** Throws unless `fn` throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Throws unless `fn` throws an `ErrorClass` whose message includes `msgIncludes`. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMsg?: ErrorClass<E> | string,
  includesOrMsg?: string,
  msg?: string,
): unknown {
  const want = wanted(classOrMsg, includesOrMsg, msg);
  try {
    fn();
  } catch (error) {
    check(error, "thrown", want);
    return error;
  }
  throw new AssertionError(`Expected function to throw${ending(want.msg)}`);
}

/** Throws unless the promise of `fn` rejects; resolves to what it rejected with. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Throws unless the promise of `fn` rejects with an `ErrorClass` that says `msgIncludes`. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass<E> | string,
  includesOrMsg?: string,
  msg?: string,
): Promise<unknown> {
  const want = wanted(classOrMsg, includesOrMsg, msg);
  if (typeof classOrMsg === "function" && want.ErrorClass === undefined) {
    want.msg = msg;
  }
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch {
    promise = undefined;
  }
  if (typeof promise !== "object" || typeof promise?.then !== "function") {
    throw new AssertionError(
      `Function throws when expected to reject${ending(want.msg)}`,
    );
  }
  try {
    await promise;
  } catch (error) {
    check(error, "rejected", want);
    return error;
  }
  throw new AssertionError(`Expected function to reject${ending(want.msg)}`);
}
