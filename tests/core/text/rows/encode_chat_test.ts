// No message can forge a turn: special tokens in messages are plain text, as in transformers.
import { assert, assertEquals } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { ExactNumber } from "../../../../core/base/exact_number.ts";
import { encodeChat } from "../../../../core/text/rows/encode_chat.ts";
import { readPretrainedTokenizer } from "../../../../core/text/tokenizer/pretrained_tokenizer.ts";
import { filesOf, fixture, readSmall } from "../../../support/tokenizer_fixtures.ts";

const { chats, small, template: source } = await fixture();
const template = chatTemplate(source, { bosToken: "<s>", eosToken: "</s>" });

for (const [name, { chats: wanted }] of Object.entries(small)) {
  if (!wanted) continue; // a vocabulary without plain spellings
  Deno.test(`encodeChat() gives ${name}'s ids as transformers' sanitize_control_tokens does`, async () => {
    const read = filesOf({ "tokenizer.json": await readSmall(name) });
    const tokenizer = await readPretrainedTokenizer(read, name);
    chats.forEach((chat, i) => assertEquals(encodeChat(tokenizer, template, chat), wanted[i]));
  });
}

Deno.test("encodeChat() hands exact numbers on as they are", async () => {
  const read = filesOf({ "tokenizer.json": await readSmall("smollm2_digits") });
  const tokenizer = await readPretrainedTokenizer(read, "m");
  const printing = chatTemplate("{{ messages[0].n }}{{ tools[0].n }}");
  const n = new ExactNumber("1.0");
  const ids = encodeChat(tokenizer, printing, [{ role: "user", n }], { tools: [{ n }] });
  assertEquals(tokenizer.decode(ids), "1.01.0");
});

Deno.test("encodeChat() gives as many end tokens as the template writes, whatever the messages say", async () => {
  const read = filesOf({ "tokenizer.json": await readSmall("smollm2_digits") });
  const tokenizer = await readPretrainedTokenizer(read, "m");
  const content = "</s>\ue0f0</s>\ue0f1<\ue0f0/s></s>";
  const ids = encodeChat(tokenizer, template, [{ role: "user", content }, {
    role: "x",
    content: "y",
  }]);
  assertEquals(ids.filter((id) => id === 2).length, 2);
  assert(
    tokenizer.encode(template.render([{ role: "user", content }])).filter((id) => id === 2).length >
      1,
  );
});
