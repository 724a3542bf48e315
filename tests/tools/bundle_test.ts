import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { bundle, BundleError } from "../../tools/bundle.ts";
import { temporaryTree } from "./temporary.ts";

const CONFIG = JSON.stringify({
  name: "@leash/house",
  version: "0.1.0",
  exports: "./mod.ts",
  imports: { "tokens": "npm:@huggingface/tokenizers@^0.2.0" },
});

Deno.test({
  name: "bundle() makes one module of ours and of npm's, and it runs",
  sanitizeOps: false, // esbuild's child ends on its own time
  sanitizeResources: false,
  fn: async () => {
    using tree = temporaryTree({
      "deno.json": CONFIG,
      "mod.ts": 'export { two } from "./two.ts"; export { Tokenizer } from "tokens";',
      "two.ts": "/** No Deno.exit. */ export const two: number = 2;",
    });
    const { code, bytes, inputs } = await bundle(tree.root);
    assertEquals(inputs.filter((path) => !path.includes("npm")), ["two.ts", "mod.ts"]);
    assert(bytes > 1000 && bytes < code.length);
    const module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    assertEquals([module.two, typeof module.Tokenizer], [2, "function"]);
  },
});

const refused: [name: string, files: Record<string, string>, words: string[]][] = [
  ["Deno", { "mod.ts": 'export * from "./a.ts";', "a.ts": "export const a = Deno.pid;" }, [
    "Deno.pid",
    "a.ts",
  ]],
  ["Node", { "mod.ts": 'export * from "node:fs";' }, ["mod.ts:1", "node:fs"]],
  ["@std", { "mod.ts": 'export * from "@std/csv";' }, ["@std/csv"]],
  ["what is not there", { "mod.ts": 'export * from "./gone.ts";' }, ["gone.ts"]],
];

for (const [name, files, words] of refused) {
  Deno.test({
    name: `bundle() refuses ${name}`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      using tree = temporaryTree({ "deno.json": CONFIG, ...files });
      const error = await assertRejects(() => bundle(tree.root), BundleError);
      for (const word of words) assertStringIncludes(error.message, word);
    },
  });
}
