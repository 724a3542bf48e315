import { assertEquals } from "@std/assert";
import { isTypesOnly, lineCount, sourceFiles, withoutComments } from "../../tools/source.ts";
import { temporaryTree } from "./temporary.ts";

Deno.test("sourceFiles() finds code, and leaves hidden folders, runs and packages out", async () => {
  using tree = temporaryTree({
    "b.ts": "b",
    "a/c.py": "c",
    "a/data.json": "",
    ".git/x.ts": "",
    "runs/y.ts": "",
    "node_modules/z.ts": "",
  });
  assertEquals(await sourceFiles(tree.root), [
    { path: "a/c.py", text: "c" },
    { path: "b.ts", text: "b" },
  ]);
});

Deno.test("withoutComments() keeps what looks like a comment in a string", () => {
  assertEquals(withoutComments('a("https://x") // Deno'), 'a("https://x")  ');
  assertEquals(withoutComments("a(`/* b */`) /* c\nd */ e"), "a(`/* b */`)   e");
  assertEquals(withoutComments("'//' + \"it's //\" // 'x"), "'//' + \"it's //\"  ");
});

const kinds: [text: string, isTypesOnly: boolean][] = [
  ["export interface A { b: number }\nexport type C = A;", true],
  ['import type { A } from "./a.ts";\nexport type { A };', true],
  ["/** export const a = 1; */\ntype A = 1;", true],
  ["export const a = 1;", false],
  ["export default 1;", false],
  ["export async function a() {}", false],
  ["export abstract class A {}", false],
  ["export enum A { B }", false],
  ['export * from "./a.ts";', false],
  ['export { a } from "./a.ts";', false],
  ['console.log("side effect");', false],
];

for (const [text, wanted] of kinds) {
  Deno.test(`isTypesOnly() ${JSON.stringify(text)}: ${wanted}`, () => {
    assertEquals(isTypesOnly(text), wanted);
  });
}

Deno.test("lineCount() counts a last line with and without its end", () => {
  assertEquals(["", "a", "a\n", "a\nb", "\n"].map(lineCount), [0, 1, 1, 2, 1]);
});
