// A tokenizer.json is checked before anything is made of it.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { readPretrainedTokenizer } from "../../../../core/text/tokenizer/pretrained_tokenizer.ts";
import { checkTokenizerJson, modelSize } from "../../../../core/text/tokenizer/tokenizer_json.ts";
import { rows } from "../../../malformed/tokenizer.ts";
import { processorMs } from "../../../support/cost.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

for (const { name, bytes, file, error } of rows) {
  Deno.test(`readPretrainedTokenizer() refuses ${name}`, async () => {
    const start = processorMs();
    const read = (wanted: string) => Promise.resolve(wanted === file ? bytes() : undefined);
    const thrown = await assertRejects(() => readPretrainedTokenizer(read, "folder"), Mistake);
    assertEquals(thrown.message.replace("folder/tokenizer.json", "file"), error);
    assert(processorMs() - start < 5000);
  });
}

const SMALL = {
  added_tokens: [{ id: 5, content: "<s>", special: true }, { id: 6, content: "" }],
  model: { type: "BPE", vocab: { a: 0, b: 1, ab: 3 }, merges: ["a b"] },
};

Deno.test("checkTokenizerJson() counts ids with their holes and the added tokens", () => {
  const checked = checkTokenizerJson(SMALL, "file");
  assertEquals(checked.vocabSize, 6);
  assertEquals(modelSize(checked.json), 4);
  assertEquals((checked.json.added_tokens as unknown[]).length, 1); // the empty one is left out
});

Deno.test("modelSize() counts the pieces of a unigram model", () => {
  assertEquals(modelSize({ model: { type: "Unigram", vocab: [["a", 0], ["b", -1]] } }), 2);
});
