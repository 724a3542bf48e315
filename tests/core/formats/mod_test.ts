import { assertEquals } from "@std/assert";

Deno.test("codecs.ts runs in a browser: no file that it loads says Deno or node or @std", async () => {
  const seen = new Set<string>();
  const visit = async (url: URL) => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const source = await Deno.readTextFile(url);
    const code = source.replace(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    assertEquals(/\bDeno\b|"node:|"@std\//.exec(code)?.[0], undefined, url.pathname);
    const loaded = code.replace(/\b(import|export) type\b[^;]*;/g, ""); // types are gone at run time
    for (const [, path] of loaded.matchAll(/from "(\.[^"]+)"/g)) await visit(new URL(path, url));
  };
  await visit(new URL("../../../core/formats/mod.ts", import.meta.url));
  assertEquals(seen.size > 8, true);
});
