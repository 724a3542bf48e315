// Begin and end tokens as transformers puts them.
import { assertEquals, assertThrows } from "@std/assert";
import { edgeTokens } from "../../../../core/text/tokenizer/edge_tokens.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const IDS = { bos: 1, eos: 2 };
const A = { Sequence: { id: "A", type_id: 0 } };
const template = (...single: unknown[]) => {
  return {
    type: "TemplateProcessing",
    single,
    special_tokens: { "<s>": { ids: [1] }, "<m>": { ids: [7, 8] } },
  };
};
const token = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
const edges = (post_processor: unknown, config: Record<string, unknown> = {}) =>
  edgeTokens({ post_processor }, config, IDS, "file");

Deno.test("edgeTokens() obeys the flags only where there is no post-processor", () => {
  const bos = template(token("<s>"), A);
  assertEquals(edges(bos, { add_bos_token: false }), { first: [1], last: [] });
  assertEquals(edges({ type: "ByteLevel" }, { add_bos_token: true }), { first: [], last: [] });
  assertEquals(edges(null, { add_bos_token: true, add_eos_token: true }), {
    first: [1],
    last: [2],
  });
  assertEquals(edges(bos, { add_eos_token: true }), { first: [1], last: [] });
  const none = edgeTokens({}, { add_bos_token: true }, { bos: undefined, eos: 2 }, "file");
  assertEquals(none, { first: [], last: [] });
});

Deno.test("edgeTokens() reads every kind of post-processor", () => {
  assertEquals(edges(null), { first: [], last: [] });
  assertEquals(edges({ type: "ByteLevel" }), { first: [], last: [] });
  assertEquals(edges(template(token("<s>"), A, token("<m>"))), { first: [1], last: [7, 8] });
  const processors = [{ type: "ByteLevel" }, template(token("<s>"), A)];
  assertEquals(edges({ type: "Sequence", processors }), { first: [1], last: [] });
  const twice = [template(token("<s>"), A, token("<m>")), template(token("<m>"), A, token("<s>"))];
  assertEquals(edges({ type: "Sequence", processors: twice }), {
    first: [7, 8, 1], // the second goes around what the first made
    last: [7, 8, 1],
  });
  const bert = { type: "BertProcessing", cls: ["[CLS]", 5], sep: ["[SEP]", 6] };
  assertEquals(edges(bert), { first: [5], last: [6] });
});

Deno.test("edgeTokens() refuses templates without the text or without ids", () => {
  const start = "Cannot read file: post_processor.single has ";
  assertThrows(() => edges(template(token("<s>"))), Mistake, start);
  assertThrows(
    () => edges(template(token("<x>"), A)),
    Mistake,
    `${start}{"SpecialToken":{"id":"<x>"`,
  );
  assertThrows(() => edges({ type: "TemplateProcessing", single: 7 }), Mistake, `${start}7`);
  const many = {
    type: "TemplateProcessing",
    single: [token("<s>"), A],
    special_tokens: { "<s>": { ids: Array(99).fill(0) } },
  };
  assertThrows(() => edges(many), Mistake, start);
});
