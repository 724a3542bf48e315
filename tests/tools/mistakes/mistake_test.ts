import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  declarations,
  describe,
  HUNG,
  outcomeOf,
  place,
  sample,
  testsFor,
} from "../../../tools/mistakes/mistake.ts";

const TEXT = `import { x } from "./x.ts";

/** Adds. */
export function add(a: number, b: number): number {
  return a +
    b;
}

const twice = (a: number): number => 2 * a;

export class Sum {
  total = 0;
  plus(a: number) {
    this.total += a;
  }
}
`;
const FILES = [{ path: "core/add.ts", text: TEXT }, {
  path: "core/x.ts",
  text: "export const x = 1;\n",
}];

Deno.test("declarations() are the top-level ones, each with its own text", () => {
  const found = declarations(TEXT);
  assertEquals([...found.keys()], ["add", "twice", "Sum"]);
  const body = TEXT.slice(...found.get("Sum")!);
  assert(body.startsWith("export class Sum") && body.trimEnd().endsWith("}"));
  assertStringIncludes(TEXT.slice(...found.get("twice")!), "2 * a");
  assert(!TEXT.slice(...found.get("add")!).includes("twice"));
});

Deno.test("place() finds the text wherever the symbol is, however it is wrapped", () => {
  const found = place({ symbol: "add", from: "a + b", to: "a - b" }, FILES);
  assert(typeof found !== "string");
  assertEquals([found.path, found.text], ["core/add.ts", TEXT.replace("a +\n    b", "a - b")]);
  const moved = place({ symbol: "add", from: "a + b", to: "" }, [{
    path: "backend/y.ts",
    text: TEXT,
  }]);
  assert(typeof moved !== "string" && moved.path === "backend/y.ts");
});

Deno.test("place() says why a mistake no longer applies", () => {
  const why = (symbol: string, from: string, files = FILES) =>
    String(place({ symbol, from, to: "?" }, files));
  assertEquals(why("sub", "a"), "sub: a → ?: no longer applies, nothing of that name is declared");
  assertStringIncludes(why("add", "a * b"), "stands there 0 times");
  assertStringIncludes(why("twice", "a"), "stands there");
  assertStringIncludes(
    why("x", "1", [...FILES, { ...FILES[1], path: "y.ts" }]),
    "core/x.ts and y.ts",
  );
});

Deno.test("outcomeOf() tells caught from survived, and a file that cannot be read from both", () => {
  assertEquals(outcomeOf("ok | 3 passed | 0 failed (1s)"), "survived");
  assertEquals(outcomeOf("FAILED | 3 passed (2 steps) | 1 failed (1s)"), "caught");
  assertEquals(outcomeOf("error: Uncaught"), "broken");
  assertEquals(outcomeOf(`running 3 tests${HUNG}`), "hung");
  assertEquals(outcomeOf(`${HUNG}ok | 3 passed | 0 failed (1s)`), "survived"); // a test that prints it
  assertEquals(
    outcomeOf("The module's source code could not be parsed\nFAILED | 0 passed | 1 failed"),
    "broken",
  );
});

Deno.test("testsFor() has the one that must see it, the mirror, then all beside it", () => {
  const tests = [
    "tests/a/b_test.ts",
    "tests/a/c_test.ts",
    "tests/a/d/e_test.ts",
    "tests/a/f_speed_test.ts",
  ];
  assertEquals(testsFor("a/b.ts", tests), [["tests/a/b_test.ts"], ["tests/a/c_test.ts"]]);
  assertEquals(testsFor("a/x.ts", tests), [["tests/a/b_test.ts", "tests/a/c_test.ts"]]);
  assertEquals(testsFor("a/b.ts", tests, "tests/a/d/e_test.ts"), [
    ...[["tests/a/d/e_test.ts"], ["tests/a/b_test.ts"], ["tests/a/c_test.ts"]],
  ]);
});

Deno.test("sample() draws a share in order, the same for the same seed", () => {
  const list = Array.from({ length: 200 }, (_, i) => i);
  const drawn = sample(list, 0.1, 3);
  assertEquals([drawn.length, drawn], [20, sample(list, 0.1, 3)]);
  assertEquals(drawn, drawn.toSorted((a, b) => a - b));
  assert(String(drawn) !== String(sample(list, 0.1, 4)));
  assertEquals(sample(list, 1, 9), list);
});

Deno.test("describe() is one line", () => {
  assertEquals(describe({ symbol: "f", from: "a\n  + b", to: "" }), "f: a + b → (nothing)");
});
