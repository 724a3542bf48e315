// A model's templates are found where transformers finds them, and picked as it picks them.
import { assertEquals, assertThrows } from "@std/assert";
import {
  findChatTemplate,
  pickChatTemplate,
} from "../../../../core/text/template/pick_chat_template.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const listed = {
  chat_template: [{ name: "default", template: "D" }, { name: "tool_use", template: "T" }, {
    name: "rag",
    template: "R",
  }],
};
const several = new Map([["default", "D"], ["tool_use", "T"], ["rag", "R"]]);

Deno.test("findChatTemplate() takes the file of its own first", () => {
  const one = { chat_template: "C" };
  const json = { chat_template: "J" };
  assertEquals(findChatTemplate({ tokenizerConfig: one }), "C");
  assertEquals(findChatTemplate({ tokenizerConfig: one, json }), "J");
  assertEquals(findChatTemplate({ tokenizerConfig: one, json, jinja: "F" }), "F");
  assertEquals(findChatTemplate({ tokenizerConfig: listed }), several);
  assertEquals(findChatTemplate({ tokenizerConfig: { chat_template: null } }), undefined);
  assertEquals(findChatTemplate({}), undefined);
  const named = new Map([["tool_use", "T"]]);
  const of = (files: Parameters<typeof findChatTemplate>[0]) =>
    Object.fromEntries(findChatTemplate({ ...files, named }) as Map<string, string>);
  assertEquals(of({ jinja: "F", json }), { default: "F", tool_use: "T" });
  assertEquals(of({ json, tokenizerConfig: listed }), { default: "J", tool_use: "T" });
  assertEquals(of({ tokenizerConfig: listed }), { ...Object.fromEntries(several), tool_use: "T" });
  assertEquals(of({}), { tool_use: "T" });
});

Deno.test("findChatTemplate() refuses what is no template", () => {
  const find = (chat_template: unknown) => () =>
    findChatTemplate({ tokenizerConfig: { chat_template } });
  const start = "Cannot read tokenizer_config.json: ";
  assertThrows(
    find(7),
    Mistake,
    `${start}chat_template is 7, expected text or a list of templates`,
  );
  assertThrows(find([{ name: "a" }]), Mistake, `${start}chat_template[0] is {"name":"a"}`);
});

Deno.test("pickChatTemplate() goes by name, then by tools, then to the default", () => {
  const pick = (name?: string, tools?: boolean) => pickChatTemplate(several, "m", { name, tools });
  assertEquals(
    [pick(), pick(undefined, true), pick("rag", true), pick("default", true)],
    ["D", "T", "R", "D"],
  );
  assertEquals(pickChatTemplate("C", "m", { name: "rag", tools: true }), "C");
  const plain = new Map([["default", "D"]]);
  assertEquals(pickChatTemplate(plain, "m", { tools: true }), "D");
  assertThrows(
    () => pick("x"),
    Mistake,
    'Cannot read m: no chat template is called "x", expected one of "default", "tool_use", "rag"',
  );
});
