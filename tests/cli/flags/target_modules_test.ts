import { assertEquals } from "@std/assert";
import { targetsOf } from "../../../cli/flags/target_modules.ts";

Deno.test("targetsOf() tells names from patterns", () => {
  assertEquals(targetsOf(undefined), undefined);
  assertEquals(targetsOf("all-linear"), "all-linear");
  assertEquals(targetsOf("q_proj, mlp.up_proj,"), ["q_proj", "mlp.up_proj"]);
  assertEquals(targetsOf(".*attn.*"), ".*attn.*");
});
