// A model's template is found where transformers finds it.
import { assertEquals, assertThrows } from "@std/assert";
import { pickChatTemplate } from "../../../core/text/pick_chat_template.ts";

const listed = {
  chat_template: [{ name: "default", template: "D" }, { name: "tool_use", template: "T" }, {
    name: "rag",
    template: "R",
  }],
};

Deno.test("pickChatTemplate() takes the file of its own first, and one of several by name", () => {
  const one = { chat_template: "C" };
  assertEquals(pickChatTemplate({ tokenizerConfig: one }), "C");
  assertEquals(pickChatTemplate({ tokenizerConfig: one, json: { chat_template: "J" } }), "J");
  assertEquals(
    pickChatTemplate({ tokenizerConfig: one, json: { chat_template: "J" }, jinja: "F" }),
    "F",
  );
  assertEquals(pickChatTemplate({ tokenizerConfig: listed }), "D");
  assertEquals(pickChatTemplate({ tokenizerConfig: listed }, { tools: true }), "T");
  assertEquals(pickChatTemplate({ tokenizerConfig: listed }, { tools: true, name: "rag" }), "R");
  assertEquals(pickChatTemplate({ tokenizerConfig: { chat_template: null } }), undefined);
  assertEquals(pickChatTemplate({}), undefined);
});

Deno.test("pickChatTemplate() names what is there when nothing fits", () => {
  const pick = (chat_template: unknown, name?: string) => () =>
    pickChatTemplate({ tokenizerConfig: { chat_template } }, { name });
  const start = "Cannot read tokenizer_config.json: ";
  assertThrows(
    pick(7),
    TypeError,
    `${start}chat_template is 7, expected text or a list of templates`,
  );
  assertThrows(pick([{ name: "a" }]), TypeError, `${start}chat_template[0] is {"name":"a"}`);
  assertThrows(
    pick(listed.chat_template, "x"),
    TypeError,
    `${start}no chat template is called "x", expected one of "default", "tool_use", "rag"`,
  );
});
