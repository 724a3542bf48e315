import { assertEquals, assertRejects } from "@std/assert";
import { writeFileDurably } from "../../../files/durable/file.ts";
import { writeFolderDurably } from "../../../files/durable/folder.ts";
import { MANIFEST, readVerifiedFolder } from "../../../files/durable/manifest.ts";
import { isThere } from "../../../files/durable/disk.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { bytes, names, text } from "./temporary.ts";
import { inFolder } from "../../support/in_folder.ts";

Deno.test("writeFolderDurably() then readVerifiedFolder() gives every file, nested ones too", () =>
  inFolder(async (root) => {
    await writeFolderDurably(`${root}/run`, async (dir) => {
      await Deno.writeTextFile(`${dir}/a`, "A");
      await writeFileDurably(`${dir}/sub/deep/b`, bytes("B"));
    });
    const files = await readVerifiedFolder(`${root}/run`);
    assertEquals([...files].map(([name, content]) => [name, text(content)]), [["a", "A"], [
      "sub/deep/b",
      "B",
    ]]);
    const manifest = JSON.parse(await Deno.readTextFile(`${root}/run/${MANIFEST}`));
    assertEquals(manifest.files.a, { // `printf A | sha256sum`
      sha256: "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd",
      size: 1,
    });
    assertEquals(await names(root), ["run"]);
  }));

Deno.test("writeFolderDurably() that throws half-way leaves the folder before it, or none", () =>
  inFolder(async (root) => {
    const halfway = async (dir: string) => {
      await Deno.writeTextFile(`${dir}/a`, "new");
      throw new Error("out of paper");
    };
    await assertRejects(() => writeFolderDurably(`${root}/run`, halfway), Error, "out of paper");
    assertEquals(await names(root), []);
    await writeFolderDurably(`${root}/run`, (dir) => Deno.writeTextFile(`${dir}/a`, "old"));
    await assertRejects(
      () => writeFolderDurably(`${root}/run`, halfway, { replace: true }),
      Error,
      "paper",
    );
    assertEquals(text((await readVerifiedFolder(`${root}/run`)).get("a")), "old");
    assertEquals(await names(root), ["run"]);
  }));

Deno.test("writeFolderDurably() shows nothing under the final name before it is whole", () =>
  inFolder(async (root) => {
    await writeFolderDurably(`${root}/run`, async (dir) => {
      await Deno.writeTextFile(`${dir}/a`, "A");
      assertEquals(await isThere(`${root}/run`), false);
      assertEquals(dir.startsWith(`${root}/.run.`), true); // same file system: a rename is enough
    });
    assertEquals(await isThere(`${root}/run`), true);
  }));

Deno.test("writeFolderDurably() replaces a folder only where it may, and can leave the manifest out", () =>
  inFolder(async (root) => {
    const write = (content: string) => (dir: string) => Deno.writeTextFile(`${dir}/a`, content);
    await writeFolderDurably(`${root}/run/`, write("1"), { manifest: false });
    assertEquals(await names(`${root}/run`), ["a"]);
    const error = await assertRejects(
      () => writeFolderDurably(`${root}/run`, write("2")),
      Mistake,
    );
    assertEquals(
      error.message,
      `Cannot write ${root}/run: it is already there, expected a new name`,
    );
    await writeFolderDurably(`${root}/run`, write("3"), { replace: true });
    assertEquals(text((await readVerifiedFolder(`${root}/run`)).get("a")), "3");
    assertEquals(await names(root), ["run"]);
  }));

Deno.test("writeFolderDurably() refuses links and a manifest of the caller's", () =>
  inFolder(async (root) => {
    const link = (dir: string) => Deno.symlink("/etc/passwd", `${dir}/a`);
    await assertRejects(() => writeFolderDurably(`${root}/run`, link), Mistake, '"a" is a link');
    const manifest = (dir: string) => Deno.writeTextFile(`${dir}/${MANIFEST}`, "{}");
    await assertRejects(() => writeFolderDurably(`${root}/run`, manifest), Mistake, "of its own");
    assertEquals(await names(root), []);
  }));
