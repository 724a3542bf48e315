import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { CpuDevice } from "../../backend/cpu/device.ts";
import { promptIds } from "../../scheduler/mod.ts";
import { completionText } from "../../core/mod.ts";
import { ANSWER_KEY, answerPrompts, REFERENCE_KEY } from "../../training/mod.ts";
import { modelFixture } from "../support/fixtures.ts";
import { charTokenizer as tokenizer } from "../support/tiny_task.ts";

Deno.test("ANSWER_KEY draws other numbers than REFERENCE_KEY", () => {
  assert(ANSWER_KEY.join() !== REFERENCE_KEY.join());
});

Deno.test("answerPrompts() draws by its key, answers in order without their end", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const prompts = ["ab", { text: "?", ids: [1, 42] }];
  const options = { model, tokenizer, prompts, maxNew: 6 };
  const { ids, completions, texts } = await answerPrompts(device, options);
  assertEquals(ids, [promptIds(tokenizer, "ab"), [1, 42]]);
  assertEquals(texts, completions.map((one) => completionText(tokenizer, one)));
  assertEquals((await answerPrompts(device, { ...options, key: ANSWER_KEY })).texts, texts);
  assertNotEquals((await answerPrompts(device, { ...options, key: REFERENCE_KEY })).texts, texts);
});
