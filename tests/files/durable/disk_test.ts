import { assert, assertEquals, assertThrows } from "@std/assert";
import { writeFileDurably } from "../../../files/durable/file.ts";
import {
  ensureFolder,
  isThere,
  splitPath,
  syncFolder,
  writeAll,
} from "../../../files/durable/disk.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { bytes, names } from "./temporary.ts";
import { inFolder } from "../../support/in_folder.ts";

Deno.test("writeAll() goes on after a short write and refuses one of nothing", () => {
  const taken: number[] = [];
  const file = (most: number) => ({
    writeSync(part: Uint8Array) {
      const count = Math.min(most, part.length);
      taken.push(...part.subarray(0, count));
      return count;
    },
  } as unknown as Deno.FsFile);
  writeAll(file(3), Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  assertEquals(taken, [1, 2, 3, 4, 5, 6, 7]);
  assertEquals(
    assertThrows(() => writeAll(file(0), bytes("abc")), Error).message,
    "Cannot write: 3 bytes were not taken",
  );
});

Deno.test("ensureFolder() makes what is missing and keeps what is there", () =>
  inFolder(async (root) => {
    await writeFileDurably(`${root}/a/file`, bytes("b"));
    await Promise.all([ensureFolder(`${root}/a/b/c`), ensureFolder(`${root}/a/b/c`)]);
    assertEquals(await names(`${root}/a`), ["b", "file"]);
    await syncFolder(`${root}/a/b/c`);
  }));

Deno.test("splitPath() is a folder and a name in it", () => {
  const rows = [["a", ".", "a"], ["/a", "/", "a"], ["a/b/", "a", "b"], ["/x/y", "/x", "y"]];
  for (const [path, parent, base] of rows) assertEquals(splitPath(path), { parent, base });
  for (const path of ["", "/", "a/..", "."]) {
    assertThrows(() => splitPath(path), Mistake, "names no");
  }
});

Deno.test("isThere() says whether something is at a path", async () => {
  assert(await isThere("."));
  assert(!await isThere("no-such/thing"));
});
