/** What the genuine @std/assert 1.0.19 does: the stand-in passes these, and so must the original. */
import * as std from "@std/assert";
import {
  assert,
  assertEquals,
  AssertionError,
  assertRejects,
  assertThrows,
  equal,
} from "@std/assert";

/** Runs a check that must object, and returns its message. */
function objection(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  throw new Error("the assertion passed");
}

class Point {
  constructor(readonly x: number) {}
  get double(): number {
    return 2 * this.x;
  }
}

const table: [name: string, a: unknown, b: unknown, wanted: boolean][] = [
  ["numbers", 1, 2, false],
  ["NaN", NaN, NaN, true],
  ["0 and −0", 0, -0, true],
  ["text and number", "1", 1, false],
  ["null and undefined", null, undefined, false],
  ["key order", { a: 1, b: 2 }, { b: 2, a: 1 }, true],
  ["undefined is a key", { a: undefined }, {}, false],
  ["other key", { a: undefined }, { b: undefined }, false],
  ["symbols", { [Symbol.iterator]: 1 }, { [Symbol.iterator]: 2 }, false],
  ["no prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }, true],
  ["class and object", new Point(1), { x: 1 }, false],
  ["instances", new Point(1), new Point(1), true],
  ["other instances", new Point(1), new Point(2), false],
  ["arrays", [1, [2, 3]], [1, [2, 3]], true],
  ["longer array", [1], [1, 2], false],
  ["typed arrays", new Float32Array([0, NaN]), new Float32Array([-0, NaN]), true],
  ["other typed arrays", new Float32Array([1]), new Float32Array([2]), false],
  ["kinds of typed arrays", new Float32Array([1]), new Float64Array([1]), false],
  ["buffers", new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer, true],
  ["other buffers", new Uint8Array([1, 2]).buffer, new Uint8Array([1, 3]).buffer, false],
  ["dates", new Date(5), new Date(5), true],
  ["other dates", new Date(5), new Date(6), false],
  ["expressions", /a/g, /a/g, true],
  ["other flags", /a/g, /a/i, false],
  ["addresses", new URL("https://a.b/c"), new URL("https://a.b/d"), false],
  ["sets", new Set([1, 2]), new Set([2, 1]), true],
  ["sets of objects", new Set([{ a: 1 }]), new Set([{ a: 1 }]), true],
  ["other sets", new Set([1]), new Set([2]), false],
  ["maps", new Map([["k", { v: 1 }]]), new Map([["k", { v: 1 }]]), true],
  ["maps by object", new Map([[{ k: 1 }, 1]]), new Map([[{ k: 1 }, 2]]), false],
  ["functions", () => 1, () => 1, false],
];

for (const [name, a, b, wanted] of table) {
  Deno.test(`equal() ${name}: ${wanted}`, () => {
    assert(equal(a, b) === wanted);
    assert(equal(b, a) === wanted);
  });
}

Deno.test("equal() ends on a cycle", () => {
  const ring = (tail: number) => {
    const node: Record<string, unknown> = { tail };
    node.self = node;
    return node;
  };
  assert(equal(ring(1), ring(1)));
  assert(!equal(ring(1), ring(2)));
});

Deno.test("equal() throws on weak collections", () => {
  assertThrows(() => equal(new WeakMap(), new WeakMap()), TypeError, "WeakMap");
  assertThrows(() => equal(new WeakSet(), new WeakSet()), TypeError, "WeakSet");
});

Deno.test("assert() throws the caller's message and nothing else", () => {
  assert(1);
  assert(objection(() => assert(0, "why")) === "why");
  assert(objection(() => assert("")) === "");
  assert(objection(() => std.assertFalse(1, "why")) === "why");
  std.assertFalse(null);
});

Deno.test("assertEquals() names both values and the caller's message", () => {
  assertEquals({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] });
  const message = objection(() => assertEquals({ a: 1, b: 5 }, { a: 1, b: 7 }, "sum"));
  assert(message.startsWith("Values are not equal: sum"), message);
  assert(message.includes("5") && message.includes("7"), message);
  assert(objection(() => assertEquals(1, 2)).startsWith("Values are not equal."));
});

Deno.test("assertNotEquals() and the strict pair", () => {
  std.assertNotEquals([1], [2]);
  assert(
    objection(() => std.assertNotEquals([1], [1])).startsWith("Expected actual: [\n  1") ||
      objection(() => std.assertNotEquals([1], [1])).startsWith("Expected actual: [ 1"),
  );
  std.assertStrictEquals(NaN, NaN);
  objection(() => std.assertStrictEquals<number>(0, -0));
  assert(
    objection(() => std.assertStrictEquals({ a: 1 }, { a: 1 })).includes("not reference-equal"),
  );
  assert(objection(() => std.assertStrictEquals<number>(1, 2)).includes("not strictly equal"));
  std.assertNotStrictEquals([], []);
  objection(() => std.assertNotStrictEquals(1, 1));
});

Deno.test("assertAlmostEquals() is relative by 1e-7 unless told", () => {
  std.assertAlmostEquals(1e9 + 99, 1e9);
  objection(() => std.assertAlmostEquals(1e9 + 101, 1e9));
  objection(() => std.assertAlmostEquals(1e-12, 0));
  std.assertAlmostEquals(1e-12, 0, 1e-9);
  std.assertAlmostEquals(Infinity, Infinity);
  std.assertAlmostEquals(NaN, NaN);
  objection(() => std.assertAlmostEquals(NaN, 1, 10));
  assert(
    objection(() => std.assertAlmostEquals(1, 2, 0.5)) ===
      'Expected actual: "1" to be close to "2": delta "1" is greater than "5e-1".',
  );
});

Deno.test("assertGreater() and its kin", () => {
  std.assertGreater(2, 1);
  std.assertGreaterOrEqual(1, 1);
  std.assertLess(1, 2);
  std.assertLessOrEqual(1, 1);
  assert(objection(() => std.assertGreater(1, 1)) === "Expect 1 > 1");
  assert(objection(() => std.assertGreaterOrEqual(1, 2)) === "Expect 1 >= 2");
  assert(objection(() => std.assertLess(1, 1)) === "Expect 1 < 1");
  assert(objection(() => std.assertLessOrEqual(2, 1)) === "Expect 2 <= 1");
  assert(objection(() => std.assertLess(NaN, 1, "why")) === "why");
});

Deno.test("assertExists(), assertInstanceOf() and text", () => {
  std.assertExists(0);
  assert(
    objection(() => std.assertExists(null)) ===
      'Expected actual: "null" to not be null or undefined.',
  );
  std.assertInstanceOf(new Point(1), Point);
  assert(
    objection(() => std.assertInstanceOf([], Point)) ===
      'Expected object to be an instance of "Point" but was "Array".',
  );
  assert(
    objection(() => std.assertInstanceOf(undefined, Point, "why")) ===
      'Expected object to be an instance of "Point" but was "undefined": why',
  );
  std.assertNotInstanceOf([], Point);
  objection(() => std.assertNotInstanceOf(new Point(1), Point));
  std.assertStringIncludes("Hello", "ell");
  assert(
    objection(() => std.assertStringIncludes("Hello", "x")) ===
      'Expected actual: "Hello" to contain: "x".',
  );
  std.assertMatch("abc", /b/);
  assert(
    objection(() => std.assertMatch("abc", /x/)) === 'Expected actual: "abc" to match: "/x/".',
  );
  std.assertNotMatch("abc", /x/);
  objection(() => std.assertNotMatch("abc", /b/));
});

Deno.test("assertArrayIncludes() looks by content and lists what is missing", () => {
  std.assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]);
  std.assertArrayIncludes(new Uint8Array([1, 2]), new Uint8Array([2]));
  assert(objection(() => std.assertArrayIncludes([1, 2], [2, 3])).includes("missing: ["));
});

Deno.test("assertObjectMatch() asks for a part, arrays from their start", () => {
  std.assertObjectMatch({ a: { b: 1, c: 2 }, d: 3 }, { a: { b: 1 } });
  std.assertObjectMatch({ a: [1, 2, 3] }, { a: [1, 2] });
  std.assertObjectMatch({ a: new Point(1) }, { a: { x: 1 } });
  std.assertObjectMatch({ m: new Map([["k", { v: 1, w: 2 }], ["l", { v: 0, w: 0 }]]) }, {
    m: new Map([["k", { v: 1 }]]),
  });
  objection(() => std.assertObjectMatch({ a: 1 }, { a: 1, b: 2 }));
  objection(() => std.assertObjectMatch({ a: { b: 1 } }, { a: { b: 2 } }));
  objection(() => std.assertObjectMatch({ a: [1] }, { a: [1, 2] }));
  objection(() => std.assertObjectMatch({ a: {} }, { a: { b: 1 } }));
});

Deno.test("assertThrows() returns the error and checks class and message", () => {
  const fail = () => {
    throw new RangeError("out of range");
  };
  const error: RangeError = assertThrows(fail, RangeError, "of range");
  assert(error.message === "out of range");
  assert(assertThrows(fail) instanceof RangeError);
  assertThrows(fail, Error);
  assert(
    objection(() => assertThrows(fail, TypeError)) ===
      'Expected error to be instance of "TypeError", but was "RangeError".',
  );
  assert(
    objection(() => assertThrows(fail, RangeError, "other", "why")) ===
      'Expected error message to include "other", but got "out of range": why',
  );
  assert(objection(() => assertThrows(() => {})) === "Expected function to throw.");
  assert(objection(() => assertThrows(() => {}, "why")) === "Expected function to throw: why");
  assert(objection(() => assertThrows(() => {}, Error, "x", "why")).endsWith(": why"));
  assert(
    assertThrows(() => {
      throw 7;
    }) === 7,
  );
  objection(() =>
    assertThrows(() => {
      throw 7;
    }, Error)
  );
});

Deno.test("assertRejects() resolves to the error and refuses a throw", async () => {
  const error = await assertRejects(
    () => Promise.reject(new RangeError("late")),
    RangeError,
    "late",
  );
  assert(error.message === "late");
  assert(await assertRejects(() => Promise.reject(7)) === 7);
  const refused = [
    () => assertRejects(() => Promise.resolve(1)),
    () =>
      assertRejects(() => {
        throw new Error("at once");
      }),
    () => assertRejects(() => Promise.reject(new Error("a")), TypeError),
    () => assertRejects(() => Promise.reject(new Error("a")), Error, "b"),
  ];
  const words = ["Expected function to reject.", "Function throws when expected to reject."];
  for (const [i, check] of refused.entries()) {
    const found = await check().then(() => undefined, (error) => error);
    assert(found instanceof AssertionError, `case ${i} passed`);
    if (words[i]) assertEquals(found.message, words[i]);
  }
});

Deno.test("assertIsError() takes a class, and text or an expression", () => {
  const error = new TypeError("\x1b[31mred\x1b[0m word");
  std.assertIsError(error);
  std.assertIsError(error, TypeError, "red word");
  std.assertIsError(error, Error, /^red/);
  assert(objection(() => std.assertIsError(1)) === 'Expected "error" to be an Error object.');
  objection(() => std.assertIsError(error, TypeError, /^word/));
});

Deno.test("fail() and unreachable() always throw", () => {
  assert(objection(() => std.fail("why")) === "Failed assertion: why");
  assert(objection(() => std.fail()) === "Failed assertion.");
  assert(objection(() => std.unreachable()) === "Unreachable.");
  assert(objection(() => std.unimplemented("later")) === "Unimplemented: later");
});

Deno.test("AssertionError is an Error with a name and a cause", () => {
  const error = new AssertionError("what", { cause: 5 });
  assert(error instanceof Error && error.name === "AssertionError" && error.cause === 5);
});
