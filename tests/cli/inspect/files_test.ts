import { assertEquals, assertRejects } from "@std/assert";
import { beside, bytesOf, folderOf, headOf, nameOf } from "../../../cli/inspect/files.ts";
import { Mistake } from "../../../core/base/mistake.ts";

Deno.test("folderOf(), nameOf() and beside() take paths apart", () => {
  assertEquals(["a", "a/b", "/a", "/a/b/c"].map(folderOf), ["", "a", "/", "/a/b"]);
  assertEquals(["a", "a/b", "/a/b//"].map(nameOf), ["a", "b", "b"]);
  assertEquals(["a", "x/a", "/a"].map((path) => beside(path, "b")), ["b", "x/b", "/b"]);
});

Deno.test("headOf() gives as much as there is, bytesOf() all of it where it is there and no larger than its name allows", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, Uint8Array.of(1, 2, 3));
  assertEquals(await headOf(path, 2), Uint8Array.of(1, 2));
  assertEquals(await headOf(path), Uint8Array.of(1, 2, 3));
  assertEquals(await bytesOf(path), Uint8Array.of(1, 2, 3));
  await assertRejects(() => bytesOf(`${path}.none`), Mistake, "it is not there, expected a file");
  await Deno.remove(path);
  const template = await Deno.makeTempFile({ suffix: ".jinja2" });
  await Deno.truncate(template, 2 ** 24 + 1);
  await assertRejects(() => bytesOf(template), Mistake, "expected at most 16777216");
  await Deno.remove(template);
});
