import { assert, assertEquals } from "@std/assert";
import { sourceOfTensors } from "../../../core/mod.ts";
import { digestingSource } from "../../../cli/folder/digest.ts";
import { modelDigest } from "../../support/model_digest.ts";

const tensors = (x: number, shape = [2]) =>
  new Map([["b", { shape, data: Float32Array.of(1, x) }], ["a", {
    shape: [1],
    data: Float32Array.of(0),
  }]]);

Deno.test("modelDigest() sees every bit and shape, and not the order", async () => {
  const digest = await modelDigest(tensors(2));
  assertEquals(await modelDigest(new Map([...tensors(2)].reverse())), digest);
  assert(await modelDigest(tensors(2 + 2 ** -22)) !== digest);
  assert(await modelDigest(tensors(2, [2, 1])) !== digest);
});

Deno.test("digestingSource() has the digest of what was read, by the names that are asked for", async () => {
  const host = tensors(2);
  using source = digestingSource(sourceOfTensors(host));
  assertEquals(await source.read("a"), Float32Array.of(0));
  assert(await source.digest() !== await modelDigest(host), "b has not been read yet");
  await source.read("b");
  assertEquals(await source.digest(), await modelDigest(host));
  const stored = new Map([...host].map(([name, tensor]) => [`old.${name}`, tensor]));
  using renamed = digestingSource(sourceOfTensors(stored), (name) => name.slice(4));
  for (const name of stored.keys()) await renamed.read(name);
  assertEquals(await renamed.digest(), await modelDigest(host));
});
