import { assert, assertEquals } from "@std/assert";
import { modelDigest, sha256 } from "../../cli/digest.ts";

const tensors = (x: number, shape = [2]) =>
  new Map([["b", { shape, data: Float32Array.of(1, x) }], ["a", {
    shape: [1],
    data: Float32Array.of(0),
  }]]);

Deno.test("sha256() is the known digest of abc", async () => {
  const wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assertEquals(await sha256("abc"), wanted);
  assertEquals(await sha256(new TextEncoder().encode("abc")), wanted);
});

Deno.test("modelDigest() sees every bit and shape, and not the order", async () => {
  const digest = await modelDigest(tensors(2));
  assertEquals(await modelDigest(new Map([...tensors(2)].reverse())), digest);
  assert(await modelDigest(tensors(2 + 2 ** -22)) !== digest);
  assert(await modelDigest(tensors(2, [2, 1])) !== digest);
});
