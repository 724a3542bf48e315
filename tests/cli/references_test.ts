import { assert, assertEquals } from "@std/assert";
import { ANSWER_KEY, committedTexts, REFERENCE_KEY } from "../../cli/references.ts";

const settings = { temperature: 1, topP: 1, maxNew: 8 };
const committed = {
  settings,
  key: REFERENCE_KEY,
  model: "m",
  device: "cpu",
  continuations: [{ prompt: "p", text: "P" }, { prompt: "q", text: "" }],
};

Deno.test("committedTexts() are found by prompt", () => {
  assertEquals(committedTexts(committed, { model: "m", settings }, ["q", "p"]), ["", "P"]);
});

Deno.test("committedTexts() are no other model's, prompt's or setting's", () => {
  const none = (wanted: Parameters<typeof committedTexts>[1], prompts = ["p"]) =>
    assertEquals(committedTexts(committed, wanted, prompts), undefined);
  none({ model: "n", settings });
  none({ model: "m", settings: { ...settings, maxNew: 9 } });
  none({ model: "m", settings: { ...settings, temperature: 0.7 } });
  none({ model: "m", settings: { ...settings, topP: 0.9 } });
  none({ model: "m", settings }, ["p", "r"]);
});

Deno.test("ANSWER_KEY draws other numbers than REFERENCE_KEY", () => {
  assert(ANSWER_KEY.join() !== REFERENCE_KEY.join());
});
