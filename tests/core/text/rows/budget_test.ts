// A row is cut only where it does not fit: whole turns before words, and the system message last.
import { assert, assertEquals } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { encodeExamples } from "../../../../core/text/rows/encode_examples.ts";
import type { RowBudget } from "../../../../core/text/rows/budget.ts";
import type { CompletionRow, Message, PreferenceRow } from "../../../../core/text/rows/rows.ts";

/** Code points are ids. */
const tokenizer = {
  ...{ vocabSize: 2 ** 21, bosId: undefined, eosId: 2, padId: 0 },
  encode: (text: string) => Array.from(text, (c) => c.codePointAt(0)!),
  decode: (ids: ArrayLike<number>) =>
    String.fromCodePoint(...Array.from(ids).filter((id) => id > 2)),
};
const { render } = chatTemplate(
  "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}\n{% endfor %}" +
    "{% if add_generation_prompt %}a:{% endif %}",
);
const turn = (role: string, content: string): Message => ({ role, content });

async function fitted(row: CompletionRow | PreferenceRow, budget: RowBudget) {
  const stream = encodeExamples([row], tokenizer, { ...budget, render });
  const [one] = await Array.fromAsync(stream);
  const answers = one.kind === "preference" ? [one.chosen, one.rejected] : [one.completion];
  const { cutBy } = stream.report;
  return {
    prompt: tokenizer.decode(one.prompt),
    answers: answers.map((ids) => tokenizer.decode(ids) + (ids.at(-1) === 2 ? "$" : "")),
    cutBy,
  };
}

const text: CompletionRow = {
  ...{ kind: "completion", place: "f:1", prompt: "0123456789", completion: "abc" },
};

Deno.test("fitRow() lets a prompt use what its answer leaves, and cuts no more than does not fit", async () => {
  const whole = await fitted(text, { maxLength: 14 });
  assertEquals([whole.prompt, whole.answers], ["0123456789", ["abc$"]]);
  const one = await fitted(text, { maxLength: 13 });
  assertEquals([one.prompt, one.answers], ["123456789", ["abc$"]]);
  assertEquals(one.cutBy.maxLength, {
    ...{ prompts: 1, promptTokens: 1, completions: 0, completionTokens: 0 },
  });
  const pair: PreferenceRow = {
    ...{ kind: "preference", place: "f:1", prompt: "0123456789", chosen: "a", rejected: "abcdef" },
  };
  const longest = await fitted(pair, { maxLength: 14 });
  assertEquals([longest.prompt, longest.answers], ["3456789", ["a$", "abcdef$"]]);
});

Deno.test("fitRow() cuts a prompt to half of the length at most, and then the answer", async () => {
  const long = { ...text, completion: "abcdefghij" };
  const both = await fitted(long, { maxLength: 10 });
  assertEquals([both.prompt, both.answers], ["56789", ["abcde"]]);
  const short = await fitted({ ...long, prompt: "012" }, { maxLength: 10 });
  assertEquals([short.prompt, short.answers], ["012", ["abcdefg"]]);
  assertEquals(short.cutBy.maxLength.completionTokens, 4);
});

Deno.test("fitRow() counts each cut with the limit that caused it", async () => {
  const { prompt, answers, cutBy } = await fitted(text, {
    ...{ maxPrompt: 6, maxCompletion: 2, maxLength: 9 },
  });
  assertEquals([prompt, answers], ["456789", ["ab"]]);
  assertEquals([cutBy.maxPrompt.promptTokens, cutBy.maxCompletion.completionTokens], [4, 2]);
  assertEquals([cutBy.maxLength.prompts, cutBy.maxLength.completions], [0, 0]);
});

const dialogue: CompletionRow = {
  kind: "completion",
  place: "f:1",
  prompt: [
    turn("system", "S"),
    turn("user", "one"),
    turn("assistant", "1"),
    turn("user", "two"),
    turn("assistant", "2"),
    turn("user", "three"),
  ],
  completion: [turn("assistant", "3")],
};

Deno.test("fitRow() drops the oldest turns of a dialogue first, then words; the system message stays", async () => {
  const prompts = ["s:S\nu:two\na:2\nu:three\na:", "s:S\nu:three\na:", "s:S\nu:ree\na:"];
  for (const [i, prompt] of prompts.entries()) {
    const budgets = [{ maxPrompt: prompt.length }, { maxPrompt: prompt.length + 1 }];
    for (const budget of i === 2 ? budgets.slice(0, 1) : budgets) {
      const cut = await fitted(dialogue, budget);
      assertEquals([cut.prompt, cut.answers], [prompt, ["3\n$"]]);
    }
  }
  const byLength = await fitted(dialogue, { maxLength: prompts[0].length + 3 });
  assertEquals(byLength.prompt, prompts[0]);
  assertEquals(byLength.cutBy.maxLength.prompts, 1);
});

Deno.test("fitRow() keeps the start of a system message that is too long by itself, and the question", async () => {
  const system = turn("system", "Always answer in French, whatever is asked");
  const row = { ...dialogue, prompt: [system, turn("user", "why?")] };
  const { prompt } = await fitted(row, { maxPrompt: 30 });
  assertEquals(prompt, "s:Always answer in F\nu:why?\na:");
  assertEquals(prompt.length, 30);
  const least = await fitted(row, { maxPrompt: 5 });
  assertEquals(least.prompt, "y?\na:", "not even the question fits");
});

Deno.test("fitRow() keeps the header of a question that is cut, and tools' descriptions", async () => {
  const row = { ...dialogue, prompt: [turn("user", "0123456789")] };
  const { prompt } = await fitted(row, { maxPrompt: 9 });
  assert(prompt === "u:6789\na:", prompt);
});
