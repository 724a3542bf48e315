import { assertEquals } from "@std/assert";
import { NARROW, PLAIN, REDUCE } from "../../../../backend/kernels/matmul/signature.ts";
import { checkSignatures } from "../../../support/signature_checks.ts";

checkSignatures({ NARROW, PLAIN, REDUCE });

Deno.test("NARROW is PLAIN with the scales of B: the same twins run both", () => {
  const names = (signature: typeof PLAIN | typeof NARROW) =>
    signature.bindings.map(({ name }) => name).filter((name) => name !== "scales");
  assertEquals(names(NARROW), names(PLAIN));
  assertEquals(
    NARROW.params.slice(0, -1).map(([name]) => name),
    PLAIN.params.map(([name]) => name),
  );
  assertEquals([...NARROW.fixed].sort(), [...PLAIN.fixed, "FORMAT"].sort());
});
