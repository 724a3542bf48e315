import { assert, assertEquals } from "@std/assert";
import { CpuDevice } from "../../../../backend/cpu/device.ts";
import { committedTexts, sampleReferences } from "../../../../cli/train/device/references.ts";
import { ANSWER_KEY, REFERENCE_KEY } from "../../../../training/mod.ts";
import { completionText, generate } from "../../../../core/mod.ts";
import { promptIds } from "../../../../scheduler/mod.ts";
import { modelFixture } from "../../../support/fixtures.ts";
import { charTokenizer } from "../../../support/tiny_task.ts";

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

Deno.test("sampleReferences() draws with the references' key, not the answers'", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const prompts = ["ab", "Hello"];
  const options = { model, tokenizer: charTokenizer, prompts, maxNew: 6, temperature: 1 };
  const ids = prompts.map((prompt) => promptIds(charTokenizer, prompt));
  const by = async (key: typeof REFERENCE_KEY) =>
    (await generate(device, model, ids, { maxNew: 6, temperature: 1, key }))
      .map((completion) => completionText(charTokenizer, completion));
  const texts = await sampleReferences(device, options);
  assertEquals(texts, await by(REFERENCE_KEY));
  assert(texts.join() !== (await by(ANSWER_KEY)).join());
});
