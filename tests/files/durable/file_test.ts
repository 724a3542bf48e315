import { assertEquals, assertRejects } from "@std/assert";
import {
  removeFolderDurably,
  settleFolders,
  writeFileDurably,
} from "../../../files/durable/file.ts";
import { bytes, names } from "./temporary.ts";
import { inFolder } from "../../support/in_folder.ts";

const ID = "01234567-89ab-cdef-0123-456789abcdef";

Deno.test("writeFileDurably() makes folders, replaces, and leaves no temporary file", () =>
  inFolder(async (root) => {
    await writeFileDurably(`${root}/a/b/file`, bytes("one"));
    await writeFileDurably(`${root}/a/b/file`, bytes("two"));
    assertEquals(await Deno.readTextFile(`${root}/a/b/file`), "two");
    assertEquals(await names(`${root}/a/b`), ["file"]);
  }));

Deno.test("writeFileDurably() keeps the old content when it cannot put the new in place", () =>
  inFolder(async (root) => {
    await Deno.mkdir(`${root}/file`); // a folder cannot be replaced by a file
    await assertRejects(() => writeFileDurably(`${root}/file`, bytes("new")), Error);
    assertEquals(await names(root), ["file"]);
  }));

Deno.test("settleFolders() removes half-written folders and brings back one without successor", () =>
  inFolder(async (root) => {
    for (const name of [`.a.${ID}.tmp`, `.b.${ID}.old`, `.c.d.${ID}.old`, "b", ".keep", ".x.tmp"]) {
      await writeFileDurably(`${root}/${name}/who`, bytes(name));
    }
    await settleFolders(root);
    assertEquals(await names(root), [".keep", ".x.tmp", "b", "c.d"]);
    assertEquals(await Deno.readTextFile(`${root}/b/who`), "b");
    await settleFolders(`${root}/nowhere`);
  }));

Deno.test("removeFolderDurably() removes a folder and leaves nothing beside it", () =>
  inFolder(async (root) => {
    await writeFileDurably(`${root}/a/b`, bytes("b"));
    await removeFolderDurably(`${root}/a`);
    assertEquals(await names(root), []);
  }));
