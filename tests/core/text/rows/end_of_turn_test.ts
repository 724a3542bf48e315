import { assertEquals, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { endTokenIds, turnEnd, turnThatCannotEnd } from "../../../../core/text/rows/end_of_turn.ts";
import { readPretrainedTokenizer } from "../../../../core/text/tokenizer/pretrained_tokenizer.ts";
import { filesOf } from "../../../support/tokenizer_fixtures.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const tokenizer = await readPretrainedTokenizer(
  filesOf({
    "tokenizer.json": {
      added_tokens: [
        { id: 0, content: "<|end|>", special: true },
        { id: 1, content: "<|im_end|>", special: true },
        { id: 2, content: "<eot>", special: false },
        { id: 6, content: "a,b", special: true },
      ],
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
      decoder: { type: "ByteLevel" },
      model: { type: "BPE", vocab: { h: 3, i: 4, "Ċ": 5 }, merges: [] },
    },
  }),
  "m",
);
const body = "{% for m in messages %}{{ m.content }}END{% endfor %}";
const ended = (end: string) => chatTemplate(body.replace("END", end));

const CASES: [end: string, ends: number[], said: string | undefined][] = [
  ["<|im_end|>\n", [1], undefined],
  ["<|im_end|>\n<|end|>", [0], undefined],
  [
    "<|im_end|>\n",
    [0],
    "The chat template ends a turn with <|im_end|> (id 1), and the model ends only at id 0: answers run on " +
    'after it. --end-token "<|im_end|>" makes it an end token',
  ],
  [
    "\n<eot>",
    [0, 1],
    "The chat template ends a turn with <eot> (id 2), and the model ends only at the ids 0, 1: answers run " +
    'on after it. --end-token "<eot>" makes it an end token',
  ],
  [
    "<|im_end|>",
    [],
    "The chat template ends a turn with <|im_end|> (id 1), and the model has no end token: answers run on " +
    'after it. --end-token "<|im_end|>" makes it an end token',
  ],
  [
    "<|eot_id|>\n",
    [0],
    "The chat template ends a turn with <|eot_id|>, which is no token of the tokenizer but characters: " +
    "answers run on after it. Is the template another model's?",
  ],
  ["\n\n", [0], undefined], // a turn that ends in plain text gets the end token by itself
];
for (const [end, ends, said] of CASES) {
  Deno.test(`turnThatCannotEnd() of ${JSON.stringify(end)} where ${JSON.stringify(ends)} end`, () => {
    assertEquals(turnThatCannotEnd(ended(end), tokenizer, ends), said);
  });
}

Deno.test("turnEnd() is not known of a template that refuses the dialogue or leaves the answer out", () => {
  for (const source of ["{{ raise_exception('no') }}", "{{ messages[0].content }}", "{% if %}"]) {
    assertEquals(turnEnd(chatTemplate(source), tokenizer), undefined, source);
  }
  assertEquals(turnEnd(ended("<eot>hi"), tokenizer), {
    ids: [2, 3, 4],
    text: "<eot>hi",
    token: { text: "<eot>", id: 2 },
  });
});

Deno.test("endTokenIds() reads texts and ids, one by one or with commas between", () => {
  const of = (...tokens: string[]) => endTokenIds(tokens, tokenizer, 7, "m");
  assertEquals(of("<|im_end|>", "5"), [1, 5]);
  assertEquals(of("<|im_end|>, 0,<eot>"), [1, 0, 2]);
  assertEquals(of("a,b"), [6]); // a token with a comma in it
  for (const [token, shown] of [["hi", "hi"], ["7", "7"], ["0,,1", ""], ["<eot>h", "<eot>h"]]) {
    const error = assertThrows(() => of(token), Mistake);
    assertEquals(
      error.message,
      `Cannot open the model m: the end token is "${shown}", expected the text of one token or an id below 7`,
    );
  }
  assertEquals(endTokenIds(["3"], undefined, 7, "m"), [3]);
});
