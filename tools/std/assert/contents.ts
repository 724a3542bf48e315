/** Assertions that one value holds another: an array its entries, an object a part of it. */
import { AssertionError, ending, show } from "./assertion_error.ts";
import { equal } from "./equal.ts";
import { assertEquals } from "./equality.ts";

/** Anything with a length and entries that is not a string. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** Throws unless every value of `expected` is deeply equal to one of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const held = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) => !held.some((h) => equal(wanted, h)));
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: "${show(actual)}" to include: "${show(expected)}"${ending(msg)}\n` +
      `missing: ${show(missing)}`,
  );
}

type Loose = Record<PropertyKey, unknown>;

function isObject(value: unknown): value is Loose {
  return typeof value === "object" && value !== null;
}

/** The part of `whole` that `part` speaks about, classes forgotten on the way. */
function overlap(
  whole: unknown,
  part: unknown,
  seen: Map<unknown, unknown>,
): unknown {
  if (!isObject(whole) || !isObject(part) || whole instanceof RegExp) {
    return whole;
  }
  if (seen.get(whole) === part) return whole;
  seen.set(whole, part);
  if (Array.isArray(whole) && Array.isArray(part)) {
    return whole.slice(0, part.length).map((value, i) => overlap(value, part[i], seen));
  }
  if (whole instanceof Map && part instanceof Map) {
    const shared = [...whole].filter(([key]) => part.has(key));
    return new Map(
      shared.map(([key, value]) => [key, overlap(value, part.get(key), seen)]),
    );
  }
  if (whole instanceof Set && part instanceof Set) {
    return whole.intersection(part);
  }
  const [mine, theirs] = [Reflect.ownKeys(whole), Reflect.ownKeys(part)];
  let keys = mine.filter((key) => theirs.includes(key));
  const apart = keys.length === 0 && mine.length > 0 && theirs.length > 0;
  if (apart) keys = mine;
  const kept: Loose = {};
  for (const key of keys) {
    const value = apart ? whole[key] : overlap(whole[key], part[key], seen);
    Object.defineProperty(kept, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return kept;
}

/** Throws unless `expected` is a part of `actual`, deeply. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  for (const value of [actual, expected] as unknown[]) {
    if (isObject(value)) continue;
    throw new TypeError(
      `Cannot assertObjectMatch ${value === null ? null : `type ${typeof value}`}`,
    );
  }
  assertEquals(
    overlap(actual, expected, new Map()),
    overlap(expected, expected, new Map()),
    msg,
  );
}
