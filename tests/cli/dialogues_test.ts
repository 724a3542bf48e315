import { assertEquals, assertThrows } from "@std/assert";
import { chatTemplate, encodeExamples } from "../../core/mod.ts";
import type { PreferenceRow, PromptRow } from "../../core/mod.ts";
import {
  type DataModel,
  Dialogues,
  endOfTurn,
  promptWords,
  sourceOf,
} from "../../cli/dialogues.ts";
import { UsageError } from "../../cli/flag_parser.ts";

/** A character is its code; <e> and <t> are special. */
const tokenizer = {
  ...{ vocabSize: 300, bosId: 256, eosId: 257, padId: 257 },
  encode: (text: string, { allowSpecial = true } = {}) =>
    [...text.matchAll(allowSpecial ? /<e>|<t>|[^]/g : /[^]/g)].map(([piece]) =>
      piece === "<e>" ? 257 : piece === "<t>" ? 258 : piece.charCodeAt(0)
    ),
  decode: (ids: ArrayLike<number>) =>
    Array.from(ids).filter((id) => id < 256).map((id) => String.fromCharCode(id)).join(""),
};
const chat = chatTemplate(
  "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}<t>\n{% endfor %}" +
    "{% if add_generation_prompt %}a:{% endif %}",
);
const base: DataModel = {
  ...{ name: "tiny", tokenizer, addsBos: false, sizes: { eosId: [257, 258] } },
};
const model: DataModel = { ...base, chat };
const prompt = (text: PromptRow["prompt"]): PromptRow => ({
  kind: "prompt",
  place: "x:1",
  prompt: text,
});
const user = (content: string) => ({ role: "user", content });

Deno.test("Dialogues.turn() makes text one question of the user where the model has a template", () => {
  const turn = (text: PromptRow["prompt"], flags = {}) =>
    new Dialogues(flags, model).turn(prompt(text)).prompt;
  assertEquals(turn("Hi."), [user("Hi.")]);
  assertEquals(turn("Hi. Assistant: "), [user("Hi.")], "the template gives the cue");
  assertEquals(turn("Assistant:"), [user("Assistant:")], "a question is never emptied");
  assertEquals(turn("\n\nHuman: A\n\nAssistant: B\n\nHuman: C\n\nAssistant:"), [
    user("A"),
    { role: "assistant", content: "B" },
    user("C"),
  ]);
  assertEquals(turn("Hi.", { chat: "never" }), "Hi.");
  assertEquals(turn("Hi.", { system: "Be kind." }), [
    { role: "system", content: "Be kind." },
    user("Hi."),
  ]);
  const system = { role: "system", content: "Mine." };
  assertEquals(turn([system, user("Hi.")], { system: "Other." }), [system, user("Hi.")]);
  assertEquals(new Dialogues({}, base).turn(prompt("Hi.")).prompt, "Hi.");
});

Deno.test("Dialogues.turn() makes answers turns of the assistant", () => {
  const row: PreferenceRow = {
    ...{ kind: "preference", place: "x:1", prompt: "Hi.", chosen: " Yes.", rejected: " No." },
  };
  const { chosen, rejected } = new Dialogues({}, model).turn(row);
  assertEquals(
    [chosen, rejected],
    ["Yes.", "No."].map((content) => [{ role: "assistant", content }]),
  );
});

Deno.test("Dialogues.encoding() ends an answer where the template ends a turn, and counts what it rendered", async () => {
  const dialogues = new Dialogues({}, model);
  const row = dialogues.turn<PreferenceRow>({
    ...{ kind: "preference", place: "x:1", prompt: "Hi.", chosen: "Yes.", rejected: "No." },
  });
  const encoding = dialogues.encoding({ maxPrompt: 99, maxCompletion: 99 });
  const [pair] = await Array.fromAsync(encodeExamples([row], ...encoding));
  const ids = (text: string) => tokenizer.encode(text);
  assertEquals(pair.prompt, ids("u:Hi.<t>\na:"));
  assertEquals([pair.chosen, pair.rejected], [ids("Yes.<t>"), ids("No.<t>")]);
  assertEquals([dialogues.rendered, endOfTurn(model)], [1, 258]);
});

Deno.test("Dialogues.encoding() of text puts the begin token where the files say so", async () => {
  for (const addsBos of [true, false]) {
    const encoding = new Dialogues({}, { ...base, addsBos })
      .encoding({ maxPrompt: 9, maxCompletion: 9 });
    const [{ prompt: ids }] = await Array.fromAsync(encodeExamples([prompt("ab")], ...encoding));
    assertEquals(ids, addsBos ? [256, 97, 98] : [97, 98]);
  }
});

for (
  const [name, act, line] of [
    ["--chat always", () => new Dialogues({ chat: "always" }, base), "and --chat is always"],
    ["--system", () => new Dialogues({ system: "x" }, base), "and --system is given"],
    [
      "--system with --chat never",
      () => new Dialogues({ system: "x", chat: "never" }, model),
      "Cannot use --system: --chat is never",
    ],
    [
      "messages with --chat never",
      () => new Dialogues({ chat: "never" }, model).turn(prompt([user("a")])),
      "Cannot use x:1: its prompt is messages and --chat is never",
    ],
    [
      "messages without a template",
      () => new Dialogues({}, base).turn(prompt([user("a")])),
      "tiny has no chat template",
    ],
  ] as const
) {
  Deno.test(`Dialogues refuses ${name} in one line`, () => {
    assertThrows(act, UsageError, line);
  });
}

Deno.test("promptWords() is the question alone, or a transcript", () => {
  assertEquals(promptWords("Hi."), "Hi.");
  assertEquals(promptWords([{ role: "system", content: "x" }, user("Hi.")]), "Hi.");
  const turns = [user("A"), { role: "assistant", content: "B" }, user("C")];
  assertEquals(promptWords(turns), "user: A\n\nassistant: B\n\nuser: C");
});

Deno.test("sourceOf() is the dialogue as the model saw it, tools too, or the row's text as it was", () => {
  const dialogues = new Dialogues({ system: "S" }, model);
  const row = { ...prompt([user("Hi")]), tools: [{ name: "f" }] };
  assertEquals(sourceOf(row, dialogues.turn(row)), {
    prompt: [{ role: "system", content: "S" }, user("Hi")],
    tools: [{ name: "f" }],
  });
  assertEquals(sourceOf(prompt("Hi"), dialogues.turn(prompt("Hi"))), { prompt: "Hi" });
});
