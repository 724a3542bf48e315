// Keys of PEFT's patterns mean what Python's re means by them, without its backtracking.
import { assertEquals } from "@std/assert";
import { modulePattern } from "../../../core/formats/module_pattern.ts";

Deno.test("modulePattern() matches as (.*\\.)?(key)$ does", () => {
  const modules = [
    "model.layers.0.self_attn.q_proj",
    "model.layers.1.mlp.up_proj",
    "model.layers.12.mlp.up_proj",
    "up_proj",
    "my_up_proj",
    "deep.model.layers.0.self_attn.q_proj",
  ];
  const keys = [
    ...["up_proj", "mlp.up_proj", "^up_proj", "layers\\.1\\.mlp\\.up_proj$", "q_proj|up_proj"],
    ...[
      "model.layers.[01].*",
      "layers\\.\\d+\\.mlp\\..*",
      "layers.[0-9]?.mlp.up_proj",
      ".*up_proj",
    ],
    ...[
      "^model.*q_proj",
      "[^q]*_proj",
      "layers\\.1.*|q_pro",
      "l.*a.*s.*",
      "^.*\\.q_proj|^up_proj$",
    ],
  ];
  for (const key of keys) {
    for (const module of modules) {
      const wanted = new RegExp(`^(.*\\.)?(${key})$`).test(module);
      assertEquals(modulePattern(key)?.(module), wanted, `${key} on ${module}`);
    }
  }
});

Deno.test("modulePattern() leaves groups, look-ahead and malformed patterns", () => {
  for (const key of ["(a+)+$", "(q|k)_proj", "(?=a)b", "[a", "a{3}", "a||b", "", "*", "\\w+"]) {
    assertEquals(modulePattern(key), undefined, key);
  }
});

Deno.test("modulePattern() takes many repeats in steps that grow with the name alone", () => {
  const module = "a".repeat(2_000) + "!"; // with backtracking: some 10^26 steps
  assertEquals(modulePattern(".*a".repeat(12))?.(module), false);
});
