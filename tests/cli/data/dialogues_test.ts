import { assertEquals, assertThrows } from "@std/assert";
import { chatTemplate, encodeExamples } from "../../../core/mod.ts";
import type { PreferenceRow, PromptRow } from "../../../core/mod.ts";
import {
  type DataModel,
  Dialogues,
  endOfTurn,
  promptWords,
  sourceOf,
} from "../../../cli/data/dialogues.ts";
import { UnusableRow } from "../../../core/text/rows/report.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

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
  const turned = (texts: Partial<PreferenceRow>, of: DataModel = model) => {
    const { chosen, rejected } = new Dialogues({}, of).turn({ ...row, ...texts });
    return [chosen, rejected];
  };
  const said = (...contents: string[]) =>
    contents.map((content) => [{ role: "assistant", content }]);
  assertEquals(turned({}), said(" Yes.", " No."), "spaces are the answer's");
  const code = { chosen: "    return x\n", rejected: "\n\n  pass" };
  assertEquals(turned(code), said(code.chosen, code.rejected));
  const cued = { prompt: "\n\nHuman: A\n\nAssistant:" };
  assertEquals(turned(cued), said("Yes.", "No."), "the space after the cue is the cue's");
  const named = { ...model, tokenizer: { ...tokenizer, allSpecial: ["<e>", "<t>"] } } as DataModel;
  const ended = { chosen: "Yes.<t>\n", rejected: "No.<e>" };
  assertEquals(turned(ended, named), said("Yes.", "No."), "the template writes its own end");
  assertThrows(() => turned({ chosen: "<t>" }, named), UnusableRow, "chosen is empty");
});

Deno.test("Dialogues.turn() leaves text that is in the template's form already, and counts it", async () => {
  const dialogues = new Dialogues({}, model);
  const row: PreferenceRow = {
    ...{ kind: "preference", place: "x:1", prompt: "u:Hi.<t>\na:" },
    ...{ chosen: "Yes.<t>\n", rejected: "No.<t>\n" },
  };
  assertEquals(dialogues.turn(row), row);
  const special = { ...row, prompt: "<t>Hi." };
  assertEquals(dialogues.turn(special), special);
  assertEquals([dialogues.templated, dialogues.rendered], [2, 0]);
  const [pair] = await Array.fromAsync(encodeExamples([row], ...dialogues.encoding({})));
  const ids = (text: string) => tokenizer.encode(text);
  assertEquals(pair.prompt, ids(row.prompt as string));
  assertEquals([pair.chosen, pair.rejected], [ids("Yes.<t>"), ids("No.<t>")]);
  const amid = dialogues.turn({ ...row, prompt: "Is <t> a token?" });
  const refused = encodeExamples([amid], ...dialogues.encoding({}));
  assertEquals(await Array.fromAsync(refused), []);
  assertEquals([...refused.report.skipped.keys()], ["a message of prompt spells a special token"]);
});

Deno.test("Dialogues reads answers of a model whose padding token is past the embedding", () => {
  const encode = (text: string) => {
    if (text.includes("<pad>")) throw new RangeError("id 259 is past the embedding");
    return tokenizer.encode(text);
  };
  const past = { ...tokenizer, encode, allSpecial: ["<pad>", "<e>"] };
  const row: PreferenceRow = {
    ...{ kind: "preference", place: "x:1", prompt: "Hi." },
    ...{ chosen: "Yes.<e>", rejected: "No." },
  };
  const { chosen } = new Dialogues({}, { ...model, tokenizer: past }).turn(row);
  assertEquals(chosen, [{ role: "assistant", content: "Yes." }]);
});

Deno.test("Dialogues.turn() takes the text of a dialogue where there is no template", () => {
  const row: PreferenceRow = {
    ...{ kind: "preference", place: "x:1", prompt: [user("A")] },
    ...{ chosen: [{ role: "assistant", content: "B" }], rejected: "C" },
    plain: { prompt: "Human: A\n\nAssistant:", chosen: " B", rejected: " C" },
  };
  const text = { kind: "preference", place: "x:1", ...row.plain };
  assertEquals(new Dialogues({}, base).turn(row) as unknown, text);
  assertEquals(new Dialogues({ chat: "never" }, model).turn(row) as unknown, text);
  assertEquals(new Dialogues({}, model).turn(row).prompt, [user("A")]);
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
  ] as const
) {
  Deno.test(`Dialogues refuses ${name} in one line`, () => {
    assertThrows(act, UsageError, line);
  });
}

Deno.test("Dialogues.turn() cannot use messages without a template, and says why", () => {
  const turn = (flags: { chat?: "never" }, of: DataModel) => () =>
    new Dialogues(flags, of).turn(prompt([user("a")]));
  const why = (act: () => unknown) => assertThrows(act, UnusableRow).found;
  assertEquals(
    why(turn({ chat: "never" }, model)),
    "its prompt is messages and --chat is never, expected text",
  );
  assertEquals(
    why(turn({}, base)),
    "its prompt is messages and tiny has no chat template, expected text",
  );
});

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
