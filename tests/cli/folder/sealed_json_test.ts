import { assertEquals } from "@std/assert";
import { brokenSeal, readSealed, writeSealed } from "../../../cli/folder/sealed_json.ts";

const VALUE = { format: "x", list: [1, { a: NaN }], text: "é" };

Deno.test("readSealed() gives back what writeSealed() wrote, and sees every changed byte", async () => {
  const dir = await Deno.makeTempDir();
  await writeSealed(`${dir}/a.json`, VALUE);
  const bytes = await Deno.readFile(`${dir}/a.json`);
  await Deno.remove(dir, { recursive: true });
  assertEquals(await readSealed(bytes), { value: VALUE, seal: "whole" });
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] ^= 1;
    const read = await readSealed(changed);
    assertEquals(read?.seal === "whole", false, `byte ${at}`);
  }
});

Deno.test("readSealed() tells a file without a seal, and what is no object", async () => {
  const read = (text: string) => readSealed(new TextEncoder().encode(text));
  assertEquals(await read('{"a":1}'), { value: { a: 1 }, seal: "none" });
  assertEquals(await read("[1]"), undefined);
  assertEquals(await read("{"), undefined);
  assertEquals(brokenSeal("none").found, "it has no seal");
});
