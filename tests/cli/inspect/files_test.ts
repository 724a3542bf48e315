import { assertEquals } from "@std/assert";
import { beside, folderOf, headOf, nameOf, readIfThere } from "../../../cli/inspect/files.ts";

Deno.test("folderOf(), nameOf() and beside() take paths apart", () => {
  assertEquals(["a", "a/b", "/a", "/a/b/c"].map(folderOf), ["", "a", "/", "/a/b"]);
  assertEquals(["a", "a/b", "/a/b//"].map(nameOf), ["a", "b", "b"]);
  assertEquals(["a", "x/a", "/a"].map((path) => beside(path, "b")), ["b", "x/b", "/b"]);
});

Deno.test("headOf() gives as much as there is, readIfThere() nothing for what is not there", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, Uint8Array.of(1, 2, 3));
  assertEquals(await headOf(path, 2), Uint8Array.of(1, 2));
  assertEquals(await headOf(path), Uint8Array.of(1, 2, 3));
  assertEquals(await readIfThere(`${path}.none`), undefined);
  assertEquals(await readIfThere(`${path}/below`), undefined);
  await Deno.remove(path);
});
