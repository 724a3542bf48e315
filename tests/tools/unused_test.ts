import { assertEquals } from "@std/assert";
import { namesOf, unusedExports } from "../../tools/unused.ts";

/** `FILE NAME` and whether tests import it, of files by path. */
function unused(files: Record<string, string>, entries: Record<string, string> = {}): string[] {
  const list = Object.entries(files).map(([path, text]) => ({ path, text }));
  return unusedExports(list, new Map(Object.entries(entries)))
    .map(({ path, name, isTested }) => `${path} ${name}${isTested ? " tested" : ""}`);
}

Deno.test("namesOf() reads declarations, lists, stars and imports of all kinds", () => {
  const text = `
    // export const no = 1;
import a, { b as c, type D } from "./x.ts";
import * as all from "./y.ts";
export * from "./z.ts";
export { e as f } from "./x.ts";
export { g };
export async function* h() { await import("./w.ts"); }
export type { I } from "npm:other";
`;
  const { exports, stars, imports } = namesOf(text, (x) => x.startsWith(".") ? x : undefined);
  assertEquals([...exports.keys()].sort(), ["f", "g", "h"]);
  assertEquals(stars, ["./z.ts"]);
  assertEquals(imports.map(({ file, name }) => `${file} ${name}`), [
    "./x.ts b",
    "./x.ts D",
    "./y.ts *",
    "./w.ts *",
  ]);
});

Deno.test("unusedExports() names what nobody or a test alone imports", () => {
  const files = {
    "core/a.ts": "export const used = 1;\nexport const tested = 2;\nexport const lost = 3;\n",
    "core/b.ts": 'import { used } from "./a.ts";\nconsole.log(used);\n',
    "tests/core/a_test.ts": 'import { tested, used } from "../../core/a.ts";\n',
  };
  assertEquals(unused(files), ["core/a.ts tested tested", "core/a.ts lost"]);
});

Deno.test("unusedExports() goes through files that pass names on, which alone are no use", () => {
  const files = {
    "core/a.ts": "export const one = 1;\nexport const two = 2;\n",
    "core/between.ts": 'export * from "./a.ts";\nexport { two as deux } from "./a.ts";\n',
    "cli/c.ts": 'import { one } from "../core/between.ts";\n',
  };
  assertEquals(unused(files), ["core/a.ts two", "core/between.ts deux"]);
  assertEquals(unused(files, { "@x/y": "core/between.ts" }), []);
  const user = { ...files, "examples/d.ts": 'import { deux } from "@x/y";\n' };
  assertEquals(unused(user, { "@x/y": "core/between.ts" }), []);
});

Deno.test("unusedExports() lets parts be: types of other exports, what is tested by itself, formulas", () => {
  const files = {
    "core/b.ts":
      "export const part = 1;\nexport const alone = 2;\nexport const sum = part + alone;\n",
    "cli/c.ts": 'import { sum } from "../core/b.ts";\n',
    "tests/core/b_test.ts": 'import { part } from "../../core/b.ts";\n',
    "core/a.ts": "export interface Part { x: Part }\nexport interface Lost { y: 1 }\n",
    "backend/reference/f.ts": "export const truth = 1;\n",
    "tools/t.ts": "export const tool = 1;\n",
  };
  assertEquals(unused(files), ["core/b.ts alone", "core/a.ts Lost"]);
});
