import { assertEquals, assertRejects } from "@std/assert";
import { importGraph } from "../../tools/graph.ts";
import { temporaryTree } from "./temporary.ts";

Deno.test("importGraph() tells types, later imports, the package's own name and what is missing", async () => {
  using tree = temporaryTree({
    "deno.json": '{ "name": "@leash/house", "version": "0.1.0", "exports": "./a b.ts" }',
    "main.ts": 'import type { T } from "./t.ts"; import { a } from "@leash/house";\n' +
      'await import("./later.ts"); import "./gone.ts"; export const x: T = a;',
    "a b.ts": "export const a = 1;",
    "later.ts": "",
    "t.ts": "export type T = number;",
  });
  const { edges, broken, packages } = await importGraph(tree.root, ["main.ts"]);
  assertEquals(edges, [
    { from: "main.ts", to: "t.ts", isTypeOnly: true, isDynamic: false },
    { from: "main.ts", to: "a b.ts", isTypeOnly: false, isDynamic: false },
    { from: "main.ts", to: "later.ts", isTypeOnly: false, isDynamic: true },
  ]);
  assertEquals(broken, ["main.ts imports gone.ts"]);
  assertEquals(packages, []);
});

Deno.test("importGraph() throws where there can be no graph", async () => {
  using tree = temporaryTree({ "deno.json": "{", "main.ts": "" });
  await assertRejects(
    () => importGraph(tree.root, ["main.ts"]),
    Error,
    "Cannot read the import graph",
  );
});
