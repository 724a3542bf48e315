import { assert, assertEquals, assertRejects } from "@std/assert";
import { openOwnFile } from "../../files/own_file.ts";
import { lockFolder } from "../../files/folder_lock.ts";
import { openJsonl } from "../../files/jsonl.ts";
import { Mistake } from "../../core/base/mistake.ts";

const OPENERS: readonly [string, (dir: string) => Promise<Disposable>, file: string][] = [
  ["openOwnFile()", async (dir) => (await openOwnFile(`${dir}/f`)).file, "f"],
  ["lockFolder()", lockFolder, ".lock"],
  ["openJsonl()", (dir) => openJsonl(`${dir}/log.jsonl`), "log.jsonl"],
];

for (const [what, open, file] of OPENERS) {
  for (const kind of ["a link", "a link to nothing", "a second name", "a folder"]) {
    Deno.test(`${what} refuses ${kind}, and what it points to stays as it was`, async () => {
      const root = await Deno.makeTempDir();
      try {
        const dir = `${root}/run`, target = `${root}/precious`;
        await Deno.mkdir(dir);
        await Deno.writeTextFile(target, "precious");
        if (kind === "a link") await Deno.symlink(target, `${dir}/${file}`);
        if (kind === "a link to nothing") await Deno.symlink(`${root}/new`, `${dir}/${file}`);
        if (kind === "a second name") await Deno.link(target, `${dir}/${file}`);
        if (kind === "a folder") await Deno.mkdir(`${dir}/${file}`);
        await assertRejects(() => open(dir), Mistake, `Cannot write ${dir}/${file}: it is `);
        assertEquals(await Deno.readTextFile(target), "precious");
        assertEquals([...Deno.readDirSync(root)].map(({ name }) => name).sort(), [
          "precious",
          "run",
        ]);
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    });
  }
}

Deno.test("openOwnFile() makes a file, and opens it again with its content", async () => {
  const path = `${await Deno.makeTempDir()}/f`;
  {
    const { file, isNew } = await openOwnFile(path);
    using _closed = file;
    assert(isNew);
    file.writeSync(new TextEncoder().encode("abc"));
  }
  const { file, isNew } = await openOwnFile(path);
  using _closed = file;
  assertEquals([isNew, (await file.stat()).size], [false, 3]);
  await Deno.remove(path.slice(0, -2), { recursive: true });
});
