/**
 * Deep equality as the genuine `equal` has it. It is not `node:util`'s `isDeepStrictEqual`: 0 equals
 * −0, the entries of a typed array included; an object without a prototype equals a plain one; and
 * inherited getters count.
 */

const TypedArray = Object.getPrototypeOf(Uint8Array);

/** Classes whose instances are told apart by what they print. */
const PRINTED: unknown[] = [Intl.Locale, RegExp, URL, URLSearchParams].map((
  c,
) => c.prototype);

function same(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function prototypeOf(value: object): unknown {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

/** The names to compare: own ones for plain objects and arrays, inherited ones too for the rest. */
function names(value: object): Set<PropertyKey> {
  const proto = prototypeOf(value);
  if (proto === Object.prototype || proto === Array.prototype) {
    const own = Object.keys(value) as PropertyKey[];
    const symbols = Object.getOwnPropertySymbols(value);
    return new Set(
      own.concat(
        symbols.filter((s) => Object.prototype.propertyIsEnumerable.call(value, s)),
      ),
    );
  }
  const all = new Set<PropertyKey>();
  for (
    let at: object | null = value;
    at !== null && at !== Object.prototype && at !== Array.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    for (const key of Reflect.ownKeys(at)) all.add(key);
  }
  return all;
}

function sameEntries(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
  return true;
}

type Compare = (a: unknown, b: unknown) => boolean;

/** Sets and maps by content; keys that are objects are compared deeply, each with each. */
function sameCollection(
  a: Set<unknown> | Map<unknown, unknown>,
  b: Set<unknown> | Map<unknown, unknown>,
  compare: Compare,
): boolean {
  if (a.size !== b.size) return false;
  const theirs = [...b.entries()];
  return [...a.entries()].every(([key, value]) => {
    if (!isObject(key) && typeof key !== "function") {
      return b.has(key) && (!(b instanceof Map) || compare(value, b.get(key)));
    }
    return theirs.some(([k, v]) => compare(key, k) && compare(value, v));
  });
}

/**
 * Whether two values are deeply equal.
 *
 * @param a The actual value.
 * @param b The expected value.
 * @throws {TypeError} For weak maps and weak sets, which nothing can look into.
 */
export function equal(a: unknown, b: unknown): boolean {
  const seen = new Map<unknown, unknown>();
  const compare: Compare = (a, b) => {
    if (same(a, b)) return true;
    if (!isObject(a) || !isObject(b)) return false;
    if (a instanceof Date && b instanceof Date) {
      return Object.is(a.getTime(), b.getTime());
    }
    if (prototypeOf(a) !== prototypeOf(b)) return false;
    if (a instanceof TypedArray) {
      return sameEntries(a as ArrayLike<unknown>, b as ArrayLike<unknown>);
    }
    if (a instanceof ArrayBuffer || a instanceof SharedArrayBuffer) {
      return sameEntries(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
    }
    if (a instanceof WeakMap) {
      throw new TypeError("Cannot compare WeakMap instances");
    }
    if (a instanceof WeakSet) {
      throw new TypeError("Cannot compare WeakSet instances");
    }
    if (a instanceof WeakRef) {
      return compare(a.deref(), (b as WeakRef<WeakKey>).deref());
    }
    if (seen.get(a) === b) return true;
    if (Object.keys(a).length !== Object.keys(b).length) return false;
    seen.set(a, b);
    if (a instanceof Set || a instanceof Map) {
      return sameCollection(a, b as typeof a, compare);
    }
    if (PRINTED.includes(prototypeOf(a))) return String(a) === String(b);
    for (const key of names(a).union(names(b))) {
      if (key in a !== key in b) return false;
      if (!compare(a[key as keyof typeof a], b[key as keyof typeof b])) {
        return false;
      }
    }
    return true;
  };
  return compare(a, b);
}
