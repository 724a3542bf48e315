import { assertEquals } from "@std/assert";
import { countsOf, KINDS } from "../../tools/outside.ts";

Deno.test("countsOf() reads a script's last line, and fails one that ran nothing", () => {
  assertEquals(countsOf("a: 1 passed\nPython: 3 passed, 0 failed, 12 s\n", 0), {
    passed: 3,
    failed: 0,
  });
  assertEquals(countsOf("Python: 3 passed, 2 failed, 1.5 s", 1), { passed: 3, failed: 2 });
  assertEquals(countsOf("Python: 3 passed, 0 failed, 12 s", 1), { passed: 3, failed: 1 });
  assertEquals(countsOf("Python: 0 passed, 0 failed, 0 s", 0), { passed: 0, failed: 1 });
  assertEquals(countsOf("nothing", 0), { passed: 0, failed: 1 });
});

Deno.test("KINDS name scripts that are there", async () => {
  for (const script of Object.values(KINDS)) {
    await Deno.stat(new URL(`../../${script}`, import.meta.url));
  }
});
