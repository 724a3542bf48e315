import { assertEquals } from "@std/assert";
import { spellIds, tokenizerRecord } from "../../../../core/text/tokenizer/spelled.ts";
import { tokenizerFromJson } from "../../../../core/text/tokenizer/tokenizer.ts";
import { trlTokenizer } from "../../../support/trl_rows.ts";

Deno.test("tokenizerRecord() names the tokenizer, its begin token where it puts one, and its end token", async () => {
  const [begins, plain] = [await trlTokenizer(true), await trlTokenizer(false)];
  const record = await tokenizerRecord(begins);
  assertEquals(record, { hash: await begins.hash!(), begin: "<s>", end: "</s>" });
  assertEquals((await tokenizerRecord(plain))?.begin, "");
  const without = { ...plain, eosId: undefined };
  assertEquals((await tokenizerRecord(without))?.end, "");
  const { hash: _, ...made } = plain;
  assertEquals(await tokenizerRecord(made), undefined);
});

Deno.test("spellIds() gives text whose ids are the recorded ones, and says where none does", async () => {
  const tokenizer = await trlTokenizer(false);
  const ids = (text: string) => tokenizer.encode(text);
  const prompt = ids("<|turn|>hello é<|stop|>\n");
  const spelled = spellIds(tokenizer, prompt, [ids(" wo</s>"), [...ids("h"), ...ids("e")], [
    0xc3 + 4,
  ]]);
  assertEquals(spelled?.prompt, "<|turn|>hello é<|stop|>\n");
  assertEquals(spelled?.answers.map(({ isExact }) => isExact), [true, false, false]);
  assertEquals(spelled?.answers[0].text, " wo</s>");
  assertEquals(spelled?.answers[1].text, "he"); // one token, where two were sampled
});

Deno.test("spellIds() leaves out the begin token that the tokenizer puts before text", async () => {
  const tokenizer = await trlTokenizer(true);
  const prompt = tokenizer.encode("hello", { addSpecial: true });
  const [answer] = [tokenizer.encode(" wo</s>")];
  const whole = spellIds(tokenizer, prompt, [answer]);
  const text = spellIds(tokenizer, prompt, [answer], { isWhole: false });
  assertEquals([whole?.prompt, text?.prompt], ["<s>hello", "hello"]);
  assertEquals([whole, text].map((s) => s?.answers[0]), [
    { text: " wo</s>", isExact: true },
    { text: " wo</s>", isExact: true },
  ]);
  const bare = spellIds(tokenizer, prompt.slice(1), [answer], { isWhole: false });
  assertEquals([bare?.prompt, bare?.answers[0].isExact], ["hello", false]); // it would get <s>
});

Deno.test("spellIds() spells what stands between special tokens apart where SentencePiece puts a space first", () => {
  const tokenizer = tokenizerFromJson({
    added_tokens: [{ id: 0, content: "<s>", special: true }, {
      id: 1,
      content: "</s>",
      special: true,
    }],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      vocab: { "<s>": 0, "</s>": 1, "▁": 2, a: 3, b: 4, "▁a": 5 },
      merges: ["▁ a"],
    },
  }, { bos: "<s>", eos: "</s>" });
  const prompt = tokenizer.encode("<s>a b");
  assertEquals(prompt, [0, 5, 2, 4]);
  const spelled = spellIds(tokenizer, prompt, [[3, 1]]);
  assertEquals(spelled, { prompt: "<s>a b", answers: [{ text: "a</s>", isExact: true }] });
});

Deno.test("spellIds() knows nothing of a tokenizer that no file made", () => {
  const made = {
    ...{ vocabSize: 9, bosId: 1, eosId: 2, padId: 0 },
    ...{ encode: () => [7], decode: () => "x" },
  };
  assertEquals(spellIds(made, [7], [[7]]), undefined);
});
