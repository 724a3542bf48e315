import { assert, assertStrictEquals } from "@std/assert";
import * as backend from "../backend/mod.ts";
import * as core from "../core/mod.ts";
import * as losses from "../losses/mod.ts";
import * as root from "../mod.ts";
import * as scheduler from "../scheduler/mod.ts";
import * as training from "../training/mod.ts";

Deno.test("the root is a choice of at most 60 values, each from a subpath", () => {
  const all: Record<string, unknown> = {
    ...backend,
    ...core,
    ...losses,
    ...scheduler,
    ...training,
  };
  const names = Object.keys(root);
  assert(names.length <= 60, `the root has ${names.length} values, expected at most 60`);
  for (const name of names) {
    assertStrictEquals((root as Record<string, unknown>)[name], all[name], name);
  }
});
