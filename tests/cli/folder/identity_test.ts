import { assertEquals, assertThrows } from "@std/assert";
import { differenceOf, type Identity, requireSame } from "../../../cli/folder/identity.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

const stored = {
  config: { seed: 1, system: "Be kind.", annotator: "rule:/r.ts,swap", threads: 2 },
  kernelPath: "cpu",
  ...{ model: "m", settings: "s", tokenizer: "t", template: "c", rule: "r", prompts: "p" },
  ...{ rows: "w", policy: "y", referenceAdapter: "a", replayedPairs: "q", startAdapter: "b" },
};
const refusal = { doing: "resume runs/a", whose: "config.json" };

for (const [field, value] of Object.entries(stored)) {
  if (typeof value !== "string") continue;
  Deno.test(`differenceOf() sees another ${field}, and its absence on either side`, () => {
    const absent: Record<string, unknown> = { ...stored };
    delete absent[field];
    for (const other of [{ ...stored, [field]: "x" }, absent]) {
      const now = other as unknown as Identity;
      assertEquals(differenceOf(now, stored)?.field, field);
      assertEquals(differenceOf(stored, now)?.field, field);
    }
  });
}

for (const flag of ["seed", "system", "annotator"]) {
  Deno.test(`differenceOf() sees another --${flag}`, () => {
    const now = { ...stored, config: { ...stored.config, [flag]: "x" } };
    assertEquals(differenceOf(now, stored)?.name, `--${flag}`);
    assertEquals(differenceOf(now, stored, { flags: false }), undefined);
  });
}

Deno.test("differenceOf() passes over what changes no bit", () => {
  const now = {
    ...stored,
    config: { ...stored.config, threads: 8 },
    history: [],
    origin: undefined,
  };
  assertEquals(differenceOf(now, stored), undefined);
});

Deno.test("requireSame() names the first field, what it is and was, and the way out", () => {
  const error = assertThrows(
    () => requireSame({ ...stored, tokenizer: "u" }, stored, { ...refusal, fix: "Go." }),
    UsageError,
  );
  assertEquals(
    error.message,
    "Cannot resume runs/a: the tokenizer's fingerprint is u, expected t as config.json says. Go.",
  );
  requireSame(stored, stored, refusal);
});
