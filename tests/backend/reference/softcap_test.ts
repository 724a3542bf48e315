import { assertEquals } from "@std/assert";
import { softcap } from "../../../backend/reference/softcap.ts";
import { assertClose } from "../../support/close.ts";

Deno.test("softcap() is the number near 0, the cap far out, c·tanh(1) at c, and nothing without a cap", () => {
  const actual = [softcap(1e-6, 30), softcap(-1e6, 30), softcap(30, 30)];
  const e2 = Math.exp(2);
  assertClose(actual, [1e-6, -30, 30 * (e2 - 1) / (e2 + 1)], { rtol: 1e-14, atol: 0 }, "y");
  assertEquals(softcap(1e6), 1e6);
});
