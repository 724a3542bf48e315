import { assertEquals, assertThrows } from "@std/assert";
import { UnusableRow } from "../../../../core/text/rows/report.ts";
import { splitMessages, splitText } from "../../../../core/text/rows/split_prompt.ts";

const message = (role: string, content: string) => ({ role, content });
const [q, yes, no, more] = [
  message("user", "q"),
  message("assistant", "yes"),
  message("assistant", "no"),
  message("user", "more"),
];

Deno.test("splitMessages() splits after the last message that both share", () => {
  assertEquals(splitMessages([q, yes], [q, no]), { prompt: [q], chosen: [yes], rejected: [no] });
  assertEquals(splitMessages([q, yes, more, yes], [q, yes, more, no]).prompt, [q, yes, more]);
  const call = { ...message("assistant", ""), tool_calls: [1] };
  const tool = message("tool", "42");
  assertEquals(splitMessages([q, call, tool, yes], [q, no]).chosen, [call, tool, yes]);
});

Deno.test("splitMessages() leaves each side an answer", () => {
  assertEquals(splitMessages([q, yes], [q, yes]), { prompt: [q], chosen: [yes], rejected: [yes] });
});

Deno.test("splitMessages() refuses dialogues that part too early", () => {
  const reason = (a: typeof q[], b: typeof q[]) =>
    assertThrows(() => splitMessages(a, b), UnusableRow).found;
  assertEquals(reason([q, yes], [more, yes]), "chosen and rejected share no first message");
  const early = "chosen and rejected differ before the last turn of the user";
  assertEquals(reason([q, yes, more, yes], [q, no, more, no]), early);
  assertEquals(reason([q, more, yes], [q, q, yes]), early);
});

const TEXTS: [what: string, chosen: string, rejected: string, prompt: string][] = [
  ["between words, spaces with the answers", "Q: hi A: yes", "Q: hi A: no", "Q: hi A:"],
  ["never within a word", "the unhappy man", "the unkind man", "the"],
  ["never within a number", "it cost 1,000 then", "it cost 1,500 then", "it cost"],
  ["never within a letter of several code units", "a 👩‍👩‍👧 b", "a 👩‍👩‍👦 b", "a"],
  ["after a line break", "Q\n\nyes", "Q\n\nno", "Q\n\n"],
  ["before the last word where one goes on", "one two", "one two three", "one"],
  ["where a word goes on", "a cat", "a cats", "a"],
  ["where there are no spaces", "質問です。はい", "質問です。いいえ", "質問です。"],
];
for (const [what, chosen, rejected, prompt] of TEXTS) {
  Deno.test(`splitText() splits ${what}`, () => {
    const rest = { chosen: chosen.slice(prompt.length), rejected: rejected.slice(prompt.length) };
    assertEquals(splitText(chosen, rejected), { prompt, ...rest });
    assertEquals(splitText(rejected, chosen).prompt, prompt);
  });
}

/** Pairs of characters are tokens, from the start of a text. */
const pairs = {
  ...{ vocabSize: 1, bosId: undefined, eosId: undefined, padId: undefined, decode: () => "" },
  encode: (text: string) =>
    (text.match(/.{1,2}/gsu) ?? []).map((two) =>
      two.charCodeAt(0) * 65536 + (two.charCodeAt(1) || 0)
    ),
};

Deno.test("splitText() goes back to where the tokenizer cuts too", () => {
  // Between words it would be "a bb cc"; a token ends after "a bb" and the next boundary back.
  assertEquals(splitText("a bb cc yes", "a bb cc no").prompt, "a bb cc");
  assertEquals(splitText("a bb cc yes", "a bb cc no", pairs).prompt, "a bb");
});

Deno.test("splitText() refuses texts that share no first words, and tokenizers that never agree", () => {
  const stubborn = { ...pairs, encode: (text: string) => [text.length] };
  for (
    const [chosen, rejected, tokenizer] of [
      ["yes", "no"],
      ["unhappy", "unkind"],
      [" yes", " no"],
      ["a b c d", "a b c e", stubborn],
    ] as const
  ) {
    const error = assertThrows(() => splitText(chosen, rejected, tokenizer), UnusableRow);
    assertEquals(error.found, "chosen and rejected share no first words");
  }
});
