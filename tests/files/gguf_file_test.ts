import { assertEquals, assertRejects } from "@std/assert";
import { openGgufFile, wholeGgufs } from "../../files/gguf_file.ts";
import { cutLlama } from "../malformed/gguf.ts";
import { Mistake } from "../../core/base/mistake.ts";

Deno.test("wholeGgufs() counts the parts of a file once", () => {
  const parts = ["m-00002-of-00002.gguf", "m-00001-of-00002.gguf", "n-00002-of-00002.gguf"];
  assertEquals(wholeGgufs([...parts, "a.gguf"]), [
    "a.gguf",
    "m-00001-of-00002.gguf",
    "n-00002-of-00002.gguf",
  ]);
});

Deno.test("openGgufFile() finds the other parts beside the one that is named", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of cutLlama()) await Deno.writeFile(`${dir}/${name}`, bytes);
    const { source, parts } = await openGgufFile(`${dir}/m-00003-of-00003.gguf`);
    assertEquals([parts, (await source.read("model.embed_tokens.weight")).length], [3, 16]);
    source[Symbol.dispose]();
    await Deno.remove(`${dir}/m-00001-of-00003.gguf`);
    await assertRejects(
      () => openGgufFile(`${dir}/m-00003-of-00003.gguf`),
      Mistake,
      'it is part 3 of 3 and "m-00001-of-00003.gguf" is missing',
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
