import { assertEquals, assertThrows } from "@std/assert";
import {
  firstDifference,
  FREE_FIELDS,
  modelFlags,
  runConfig,
} from "../../../cli/flags/run_config.ts";
import { storiesSettings } from "../../support/run_settings.ts";

Deno.test("runConfig() puts every setting where its row says, with the defaults of what is absent", () => {
  const settings = storiesSettings("--loss ipo --steps 8 --adapter a");
  const { chat: _chat, baseDtype: _baseDtype, ...old } = settings; // as config.json of an older run
  const config = runConfig({ ...old, extendedAt: "4" });
  const { method, adapter, optimiser, sampling, data, device, files } = config;
  assertEquals([method.loss, method.steps, method.extendedAt], ["ipo", 8, "4"]);
  assertEquals([adapter.from, adapter.members, adapter.rslora], ["a", 5, false]);
  assertEquals([optimiser.lr, optimiser.microBatch], [4e-3, undefined]);
  assertEquals(sampling, { seed: 1, temperature: 0.8, topP: 1, maxNew: 40 });
  assertEquals([data.chat, data.evalPrompts, device.baseDtype], ["auto", 256, "f32"]);
  assertEquals([files.model, files.checkpointEvery], [undefined, 10]);
  assertEquals(modelFlags(config), {
    ...{ model: undefined, endToken: undefined, date: undefined, context: undefined },
    ...{ baseDtype: "f32", chat: "auto" },
  });
});

Deno.test("runConfig() refuses settings without what every run has, and values of another kind", () => {
  const { lr: _lr, ...without } = storiesSettings();
  assertThrows(() => runConfig(without), TypeError, "lr is missing");
  const strange = JSON.parse(JSON.stringify({ ...storiesSettings(), loss: "sppo" }));
  assertThrows(() => runConfig(strange), TypeError, 'loss is "sppo"');
});

Deno.test("FREE_FIELDS are those that no bit of a result depends on", () => {
  assertEquals([...FREE_FIELDS].sort(), [
    ...["checkpointEvery", "gradientCheckpointing"],
    ...["judgeCache", "judgeCalls", "judgeConcurrency", "judgeRate", "judgeTokens"],
    ...["memory", "ruleTimeout", "threads"],
  ]);
});

Deno.test("firstDifference() names the flag and passes over what may change", () => {
  const a = storiesSettings(), b = { ...a, maxNew: 7, threads: 3, checkpointEvery: 99 };
  assertEquals(firstDifference(b, a, Object.keys(b)), {
    flag: "--max-new",
    found: "7",
    expected: String(a.maxNew),
  });
  assertEquals(firstDifference({ ...b, maxNew: a.maxNew }, a, Object.keys(b)), undefined);
  assertEquals(firstDifference({ refreshEvery: 2 }, a, ["refreshEvery"])?.expected, "not given");
});
