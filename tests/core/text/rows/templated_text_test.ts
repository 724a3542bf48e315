import { assertEquals } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { templatedText } from "../../../../core/text/rows/templated_text.ts";

/** <|…|> and <s> are special. */
const tokenizer = {
  ...{ vocabSize: 2 ** 16, bosId: undefined, eosId: undefined, padId: undefined },
  encode: (text: string) =>
    (text.match(/<\|\w+\|>|<s>|[^]/g) ?? []).map((piece) =>
      piece.length > 1 ? 0 : piece.charCodeAt(0)
    ),
  decode: (ids: ArrayLike<number>) =>
    String.fromCharCode(...Array.from(ids).filter((id) => id !== 0)),
};
const loop = (body: string) => `{% for m in messages %}${body}{% endfor %}`;

const TEMPLATES: [name: string, source: string, yes: string[], no: string[]][] = [
  [
    "ChatML with a system message of its own",
    "{% if messages[0].role != 'system' %}<|a|>system\nBe kind.<|b|>\n{% endif %}" +
    loop("<|a|>{{ m.role }}\n{{ m.content }}<|b|>\n"),
    ["<|a|>user\nq<|b|>\n", "\n<|a|>system\ns<|b|>", "<|a|>system\nBe kind."],
    ["What is <|a|>?", "user\nq", "system", "< 3", ""],
  ],
  [
    "Zephyr, whose headers are no special tokens",
    loop("<{{ m.role }}>\n{{ m.content }}</s>\n"),
    ["<user>\nq</s>\n", "<system>\ns</s>"],
    ["a <user> said", "user"],
  ],
  [
    "Llama 2, whose rows may lack the begin token",
    "{% for m in messages %}{% if m.role == 'user' %}<s>[INST] {{ m.content }} [/INST]" +
    "{% else %} {{ m.content }} </s>{% endif %}{% endfor %}",
    ["<s>[INST] q [/INST]", "[INST] q [/INST]"],
    ["[1] q", "INST"],
  ],
  ["one without headers", loop("{{ m.content }}\n"), ["<|a|>q"], ["q", "\nq"]],
  ["one that refuses", "{{ raise_exception('no') }}", ["<|a|>q"], ["q"]],
];
for (const [name, source, yes, no] of TEMPLATES) {
  Deno.test(`templatedText() knows the form of ${name}`, () => {
    const isTemplated = templatedText(chatTemplate(source), tokenizer);
    for (const text of yes) assertEquals(isTemplated(text), true, text);
    for (const text of no) assertEquals(isTemplated(text), false, text);
  });
}
