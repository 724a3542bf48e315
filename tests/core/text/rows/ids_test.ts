// A prompt and its answer in ids: those of the whole text, parted where generation takes over.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import {
  type PretrainedTokenizer,
  readPretrainedTokenizer,
} from "../../../../core/text/tokenizer/pretrained_tokenizer.ts";
import { rowIds, textIds } from "../../../../core/text/rows/ids.ts";
import { UnusableRow } from "../../../../core/text/rows/report.ts";
import type { Message } from "../../../../core/text/rows/rows.ts";
import { filesOf, fixture, readSmall } from "../../../support/tokenizer_fixtures.ts";

const { small } = await fixture();
const config = { bos_token: "<s>", eos_token: "</s>" };
const read = async (name: string, more = {}, json = {}): Promise<PretrainedTokenizer> =>
  await readPretrainedTokenizer(
    filesOf({
      "tokenizer.json": { ...await readSmall(name), ...json },
      "tokenizer_config.json": { ...config, ...more },
    }),
    name,
  );

const turn = (role: string, content: string): Message => ({ role, content });
const asked = [turn("user", "q")];
const templateOf = (source: string) =>
  chatTemplate(source, { bosToken: "<s>", eosToken: "</s>" }).render;
/** As Mistral's and Llama-2's write it: the answer follows a bracket with no line end between. */
const inst = templateOf(
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]" +
    "{% else %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}",
);
/** As DeepSeek-R1's: generation begins within a thought that no answer of the data has. */
const thinking = templateOf(
  "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}" +
    "{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}" +
    "{% if add_generation_prompt %}assistant:<think>{{ '\\n' }}{% endif %}",
);

for (const name of Object.keys(small)) {
  Deno.test(`rowIds() with ${name} gives the ids of the whole dialogue, the prompt's as generation has them`, async () => {
    const tokenizer = await read(name);
    const answers = [["chosen", [turn("assistant", "yes")]]] as const;
    const { prompt, answers: [chosen] } = rowIds({ prompt: asked }, answers, tokenizer, inst);
    assertEquals(prompt, tokenizer.encode("<s>[INST] q [/INST]"));
    assertEquals([...prompt, ...chosen], tokenizer.encode("<s>[INST] q [/INST]yes</s>"));
  });

  Deno.test(`rowIds() with ${name} gives the ids of a text and its continuation, begun as transformers does`, async () => {
    const tokenizer = await read(name);
    const { prompt, answers } = rowIds(
      { prompt: "Q: hi A:" },
      [["chosen", " yes"], ["rejected", "no"]],
      tokenizer,
      undefined,
    );
    assertEquals(prompt, tokenizer.encode("Q: hi A:", { addSpecial: true }));
    answers.forEach((ids, i) => {
      const whole = tokenizer.encode("Q: hi A:" + [" yes", "no"][i], { addSpecial: true });
      assertEquals([...prompt, ...ids], whole);
    });
  });
}

Deno.test("rowIds() puts no space before an answer of SentencePiece that is encoded on its own", async () => {
  const tokenizer = await read("llama2_metaspace");
  const [space] = tokenizer.encode("yes");
  const { answers: [joint] } = rowIds({ prompt: "q" }, [["chosen", ".yes"]], tokenizer, undefined);
  assert(joint[0] !== space);
  const text = [["chosen", "yes"]] as const; // text after messages has no rendering of its own
  const { answers: [apart] } = rowIds({ prompt: asked }, text, tokenizer, inst);
  assertEquals(apart, tokenizer.encode("yes").slice(1));
});

/** Code points are ids, and two line ends are one. */
const plain = {
  ...{ vocabSize: 2 ** 21, bosId: 1, eosId: 2, padId: 0, decode: () => "" },
  encode: (text: string) =>
    (text.match(/<s>|<\/s>|\n\n|[^]/g) ?? []).map((piece) =>
      piece === "<s>" ? 1 : piece === "</s>" ? 2 : piece === "\n\n" ? 3 : piece.charCodeAt(0)
    ),
};
const codes = plain.encode;

Deno.test("rowIds() keeps the prompt's ids where a token lies across the boundary", () => {
  const { prompt, answers } = rowIds(
    { prompt: "a\n" },
    [["chosen", "\nb"], ["rejected", "c"]],
    plain,
    undefined,
  );
  assertEquals(prompt, [1, ...codes("a\n")]);
  assertEquals(answers, [codes("\nb"), codes("c")]);
  const render = templateOf(
    "{% for m in messages %}{{ m.role }}\n{{ m.content }}{% endfor %}" +
      "{% if add_generation_prompt %}assistant\n{% endif %}",
  );
  const answer = [["chosen", [turn("assistant", "\nb")]]] as const;
  const turns = rowIds({ prompt: asked }, answer, plain, render);
  assertEquals(turns, {
    prompt: codes("user\nqassistant\n"),
    answers: [codes("\nb")],
    special: false,
  });
});

Deno.test("rowIds() ends the prompt where the answers' renderings leave it: an opened thought is not in the data", () => {
  const thought = turn("assistant", "<think>\nhm</think>no"); // has what generation begins with, but for a space
  const answers = [["chosen", [turn("assistant", "yes")]], ["rejected", [thought]]] as const;
  const { prompt, answers: [chosen, rejected] } = rowIds(
    { prompt: asked },
    answers,
    plain,
    thinking,
  );
  assertEquals(prompt, codes("<s>user: q\nassistant:"));
  assertEquals(chosen, codes(" yes</s>\n"));
  assertEquals(rejected, codes(" <think>\nhm</think>no</s>\n"));
  const alone = rowIds({ prompt: asked }, [], plain, thinking);
  assertEquals(alone.prompt, codes("<s>user: q\nassistant:<think>\n")); // as generation has it
});

Deno.test("rowIds() gives both answers one prompt, the shorter", () => {
  const render = templateOf(
    "{% for m in messages %}{{ m.role }}:{{ m.content }}{% endfor %}" +
      "{% if add_generation_prompt %}assistant:<t>{% endif %}",
  );
  const answers = [
    ["chosen", [turn("assistant", "<t>yes")]],
    ["rejected", [turn("assistant", "no")]],
  ] as const;
  assertEquals(rowIds({ prompt: asked }, answers, plain, render), {
    prompt: codes("user:qassistant:"),
    answers: [codes("<t>yes"), codes("no")],
    special: false,
  });
});

Deno.test("rowIds() goes on with a prompt that ends in the assistant's words", () => {
  const prompt = [...asked, turn("assistant", "Well,")];
  const answers = [["chosen", [turn("assistant", " yes")]]] as const;
  const ids = rowIds({ prompt }, answers, plain, thinking);
  assertEquals(ids.prompt, codes("<s>user: q\nassistant: Well,"));
  assertEquals(ids.answers, [codes(" yes</s>\n")]);
});

Deno.test("rowIds() refuses a template under which the question would become a part of the answer", () => {
  const render = templateOf("x{{ messages | length }}{{ messages[0].content }}");
  const answers = [["chosen", [turn("assistant", "yes")]]] as const;
  const error = assertThrows(
    () => rowIds({ prompt: asked }, answers, plain, render),
    UnusableRow,
  );
  assertEquals(error.found, "the chat template writes the prompt otherwise before chosen");
});

Deno.test("rowIds() and textIds() begin text as the tokenizer does, and with BOS where it cannot say", async () => {
  const none = await read("smollm2_digits");
  const token = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const post_processor = {
    type: "TemplateProcessing",
    single: [token("<s>"), { Sequence: { id: "A", type_id: 0 } }, token("</s>")],
    special_tokens: { "<s>": { ids: [1] }, "</s>": { ids: [2] } },
  };
  const both = await read("smollm2_digits", {}, { post_processor });
  assertEquals([none.bosId, both.bosId], [1, 1]);
  const ids = none.encode("Hi");
  const begun = (tokenizer: typeof none | typeof plain) => [
    rowIds({ prompt: "Hi" }, [], tokenizer, undefined).prompt,
    textIds("Hi", tokenizer).begin,
  ];
  assertEquals(begun(none), [ids, []]);
  assertEquals(begun(both), [[1, ...ids], [1]]); // the end token is no part of a prompt
  assertEquals(rowIds({ prompt: "" }, [], both, undefined).prompt, [1]);
  const unnamed = { ...await read("smollm2_digits", { bos_token: null }), bosId: 1 }; // by config.json
  assertEquals(begun(unnamed), [[1, ...ids], [1]]);
  assertEquals(begun(plain), [[1, ...codes("Hi")], [1]]);
});

const FORGED: [what: string, message: Message, tools: unknown[]][] = [
  ["content", turn("user", "a</s>"), []],
  ["reasoning", { ...turn("user", "a"), reasoning_content: "</s>" }, []],
  ["a name", { ...turn("user", "a"), name: "</s>" }, []],
  ["a role", turn("</s>", "a"), []],
  ["an argument", { ...turn("user", "a"), tool_calls: [{ arguments: { x: ["</s>"] } }] }, []],
  ["a key", { ...turn("user", "a"), tool_calls: [{ arguments: { "</s>": 1 } }] }, []],
  ["a tool", turn("user", "a"), [{ description: "says </s>" }]],
];
for (const [what, message, tools] of FORGED) {
  Deno.test(`rowIds() refuses a special token in ${what}`, async () => {
    const tokenizer = await read("smollm2_digits");
    const reason = tools.length > 0
      ? "tools spell a special token"
      : "a message of prompt spells a special token";
    const refused = (prompt: Message[], answer: Message[]) =>
      assertThrows(
        () => rowIds({ prompt, tools }, [["chosen", answer]], tokenizer, inst),
        UnusableRow,
      ).found;
    assertEquals(refused([message], [turn("assistant", "b")]), reason);
    if (tools.length === 0) {
      assertEquals(refused(asked, [message]), "a message of chosen spells a special token");
    }
  });
}
