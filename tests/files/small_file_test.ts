// The size of a file that is read whole is looked at first.
import { assertEquals, assertRejects } from "@std/assert";
import { mostBytes, readSmallFile, statIfThere } from "../../files/small_file.ts";
import { Mistake } from "../../core/base/mistake.ts";

Deno.test("mostBytes() knows a model's small files by name", () => {
  const mib = 2 ** 20;
  assertEquals(mostBytes("a/config.json"), 16 * mib);
  assertEquals(mostBytes("chat_template.jinja"), 16 * mib);
  assertEquals(mostBytes("a/model.safetensors.index.json"), 64 * mib);
  assertEquals(mostBytes("a/tokenizer.json"), 128 * mib);
  assertEquals(mostBytes("a/merges.txt"), 128 * mib);
  assertEquals(mostBytes("a/model.safetensors"), Infinity);
});

Deno.test("readSmallFile() refuses folders and what is too large, on one line", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/config.json`;
    assertEquals(await readSmallFile(path), undefined);
    await Deno.writeTextFile(path, "{}   ");
    assertEquals(await readSmallFile(path, 5), new TextEncoder().encode("{}   "));
    assertEquals(await readSmallFile(`${path}/under`), undefined);
    const large = await assertRejects(() => readSmallFile(path, 4), Mistake);
    assertEquals(
      large.message,
      `Cannot read ${path}: it is 5 bytes long, expected at most 4. ` +
        "Is it another file under this name?",
    );
    await Deno.truncate(path, 2 ** 24 + 1); // sparse: it takes no disk
    await assertRejects(() => readSmallFile(path), Mistake, "expected at most 16777216");
    await Deno.mkdir(`${dir}/generation_config.json`);
    const folder = await assertRejects(
      () => readSmallFile(`${dir}/generation_config.json`),
      Mistake,
    );
    assertEquals(
      folder.message,
      `Cannot read ${dir}/generation_config.json: it is a folder, expected a file. Rename the folder`,
    );
    await Deno.symlink("/dev/zero", `${dir}/tokenizer.json`);
    await assertRejects(
      () => readSmallFile(`${dir}/tokenizer.json`),
      Mistake,
      "it is a device or a pipe, expected a file",
    );
    const odd = await assertRejects(() => statIfThere(`${dir}/a\nb\0c`), Mistake);
    assertEquals(odd.message.includes("\n"), false);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
