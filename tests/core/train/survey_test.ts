import { assertEquals, assertRejects } from "@std/assert";
import { Arena } from "../../../backend/mod.ts";
import { completionLogps, packSequences } from "../../../core/mod.ts";
import { survey } from "../../../core/train/survey.ts";
import { deviceTest } from "../../support/devices.ts";
import { midway, setting } from "../../support/step_setting.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const TEXTS = [[1, 14, 63, 8], [1, 55, 20], [9, 8, 7, 6, 5]]
  .map((ids, s) => ({ ids, promptLength: 1 + s % 2 }));

deviceTest("survey() has each member's log-probs, however it is split", async (device) => {
  using all = await setting(device);
  using state = midway(all, 2);
  const { params } = state.borrow(), { layout, model } = all;
  const members = [];
  for (const k of [0, 1]) {
    using arena = new Arena(device, "member");
    const one = arena.alloc([1, layout.size], "member");
    arena.copy(params, one, { from: k * layout.size, count: layout.size });
    arena.commit();
    members.push(
      ...(await completionLogps(device, model, TEXTS, { adapter: { layout, params: one } })).sums,
    );
  }
  const sequences = packSequences(TEXTS);
  using arena = new Arena(device, "survey");
  for (const rows of [100, 7, 1]) {
    assertEquals([...(await survey(arena, all, params, { sequences, rows }))!], members, `${rows}`);
  }
  assertEquals(await survey(arena, all, params, { rows: 1 }), undefined);
  const unknown = packSequences([{ ids: [1, 97], promptLength: 1 }]);
  await assertRejects(
    () => survey(arena, all, params, { sequences: unknown, rows: 9 }),
    Mistake,
    "has the id 97 at place 1",
  );
});
