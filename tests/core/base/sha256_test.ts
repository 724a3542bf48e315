import { assertEquals } from "@std/assert";
import { sha256 } from "../../../core/base/sha256.ts";

Deno.test("sha256() is that of FIPS 180-4's examples, of text as of its bytes", async () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assertEquals(await sha256("abc"), abc);
  assertEquals(await sha256(Uint8Array.of(97, 98, 99)), abc);
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assertEquals(await sha256(""), empty);
});
