// Settings beside a tokenizer.json, in the places and the order in which transformers 5.23 reads them.
import { assertEquals, assertRejects } from "@std/assert";
import {
  readTokenizerSettings,
  withDeclared,
} from "../../../../core/text/tokenizer/tokenizer_settings.ts";
import { filesOf } from "../../../support/tokenizer_fixtures.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const read = (files: Record<string, unknown>, names?: readonly string[]) =>
  readTokenizerSettings(filesOf(files), "m", names && { list: () => Promise.resolve(names) });

Deno.test("readTokenizerSettings() lets special_tokens_map.json go over an old config, not over one that is whole", async () => {
  const map = { "special_tokens_map.json": { bos_token: { content: "hi" }, eos_token: "</s>" } };
  const old = { "tokenizer_config.json": { bos_token: "<s>" } };
  assertEquals((await read({ ...map, ...old })).special, { bos_token: "hi", eos_token: "</s>" });
  const whole = { "tokenizer_config.json": { bos_token: "<s>", added_tokens_decoder: {} } };
  assertEquals((await read({ ...map, ...whole })).special, { bos_token: "<s>", eos_token: "</s>" });
});

Deno.test("readTokenizerSettings() takes tokens from added_tokens.json where no config declares them", async () => {
  const files = {
    "tokenizer_config.json": { eos_token: "<e>", extra_special_tokens: ["<u>"] },
    "added_tokens.json": { "<e>": 6, "<x>": 7 },
  };
  const settings = await read(files);
  const { added_tokens } = withDeclared(
    { added_tokens: [{ id: 5, content: "<u>", special: false }] },
    settings,
  );
  assertEquals(
    (added_tokens as { id: number; content: string; special: boolean }[])
      .map(({ id, content, special }) => [id, content, special]),
    [[5, "<u>", true], [6, "<e>", true], [7, "<x>", false]],
  );
  const declared = { "tokenizer_config.json": { added_tokens_decoder: { 8: { content: "<y>" } } } };
  const { declared: only } = await read({ ...files, ...declared });
  assertEquals(only.map(({ id, content }) => [id, content]), [[8, "<y>"]]);
});

Deno.test("readTokenizerSettings() reads named templates from a list, or the one that tools ask for", async () => {
  const below = "additional_chat_templates";
  const files = filesOf({
    "tokenizer_config.json": { chat_template: "D" },
    [`${below}/tool_use.jinja`]: "T",
    [`${below}/rag.jinja`]: "R",
  });
  const some = await readTokenizerSettings(files, "m");
  assertEquals(some.templates, new Map([["default", "D"], ["tool_use", "T"]]));
  const list = () => Promise.resolve(["notes.txt", "rag.jinja"]);
  const listed = await readTokenizerSettings(files, "m", { list });
  assertEquals(listed.templates, new Map([["default", "D"], ["rag", "R"]]));
  await assertRejects(() => read({ "added_tokens.json": [] }), Mistake, "m/added_tokens.json");
});
