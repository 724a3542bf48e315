import { assertEquals, assertThrows } from "@std/assert";
import { acceptedFields, continued, fixOf, requireBelongs } from "../../../cli/folder/changes.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import type { Identity } from "../../../cli/folder/identity.ts";

const stored: Identity & { readonly rule: string; readonly prompts: string } = {
  config: { steps: 4, phases: 2 },
  ...{ kernelPath: "cpu", model: "m", rule: "r", prompts: "p" },
  origin: { inode: 1, born: 2 },
};
const longer = { ...stored, config: { steps: 8, refreshEvery: 2, extendedAt: "4" } };
const extended = ["steps", "phases", "refreshEvery", "extendedAt"];

Deno.test("continued() keeps what it was as history, and refuses what nobody accepted", () => {
  const step = 4;
  assertEquals(continued("run", stored, stored, { accepted: [], step }), stored);
  const now = { ...longer, rule: "s" };
  const accepted = acceptedFields("rule");
  const { history, ...rest } = continued("run", now, stored, { accepted, extended, step });
  assertEquals(rest, now);
  assertEquals(history, [
    { step, field: "rule", from: "r", to: "s" },
    { step, field: "config.steps", from: 4, to: 8 },
    { step, field: "config.phases", from: 2, to: null },
    { step, field: "config.refreshEvery", from: null, to: 2 },
    { step, field: "config.extendedAt", from: null, to: "4" },
  ]);
  const refused: [Identity, string][] = [
    [
      { ...now, prompts: "q" } as Identity,
      "the prompts' fingerprint is q, expected p as config.json",
    ],
    [{ ...now, model: "n" }, "the model's fingerprint is n"],
    [{ ...now, config: { ...now.config, seed: 1 } } as Identity, "--seed is 1, expected not given"],
  ];
  for (const [other, message] of refused) {
    const go = () => continued("run", other, stored, { accepted, extended, step });
    assertThrows(go, UsageError, message);
  }
});

Deno.test("requireBelongs() takes the checkpoints of before and after a change, and no others", () => {
  const now = continued("run", longer, stored, { accepted: [], extended, step: 4 });
  requireBelongs("run", stored, stored, 3);
  requireBelongs("run", now, now, 6);
  requireBelongs("run", now, stored, 4); // killed between the change and the next checkpoint
  requireBelongs("run", stored, undefined, 0);
  const again = continued("run", { ...longer, config: { ...longer.config, steps: 9 } }, now, {
    ...{ accepted: [], extended: ["steps"], step: 4 },
  });
  requireBelongs("run", again, stored, 4); // two changes since: the steps were 8, and 4 before
  assertThrows(() => requireBelongs("run", now, stored, 2), UsageError, "the checkpoint of step 4");
  assertThrows(() => requireBelongs("run", now, undefined, 0), UsageError, "is not whole");
  assertThrows(
    () => requireBelongs("run", now, { ...stored, rule: "x" } as Identity, 4),
    UsageError,
    "the rule's fingerprint is r, expected x as its checkpoint says",
  );
  assertThrows(
    () => requireBelongs("run", stored, longer, 4),
    UsageError,
    "--steps is 4, expected 8",
  );
});

Deno.test("acceptedFields() names fields, and fixOf() the flag for one", () => {
  assertEquals(acceptedFields("rule, data"), ["rule", "prompts", "rows"]);
  assertEquals(acceptedFields(undefined), []);
  assertThrows(() => acceptedFields("model"), UsageError, "expected rule, data, template");
  assertEquals(fixOf({ field: "rows" })?.endsWith("--accept-change data"), true);
  assertEquals(fixOf({ field: "model" }), undefined);
});
