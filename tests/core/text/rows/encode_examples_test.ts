import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openDataset } from "../../../../files/datasets/open_dataset.ts";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import {
  encodeExamples,
  encodePreference,
  encodePrompt,
} from "../../../../core/text/rows/encode_examples.ts";
import { toExamples } from "../../../../core/text/rows/examples.ts";
import type { Example, PreferenceRow } from "../../../../core/text/rows/rows.ts";
import { sharedDataTest } from "../../../support/shared_data.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const [BOS, EOS] = [1, 2];
/** The end token as a template spells it: no text has it. */
const END = "<end>";
/** Code points are ids. */
const tokenizer = {
  ...{ vocabSize: 2 ** 21, bosId: BOS as number | undefined, eosId: EOS, padId: 0 },
  encode: (text: string, { allowSpecial = true } = {}) =>
    (allowSpecial ? text.replaceAll(END, "\u0002") : text).split("").map((c) => c.charCodeAt(0)),
  decode: (ids: ArrayLike<number>) =>
    Array.from(ids, (id) => id < 3 ? "" : String.fromCodePoint(id)).join(""),
};
const codes = (text: string) => tokenizer.encode(text);
const row: PreferenceRow = {
  ...{ kind: "preference", prompt: "abcd", chosen: "xyz", rejected: "uv", place: "f:1" },
};
const budget = { maxPrompt: 5, maxCompletion: 4 };

Deno.test("encodePreference() puts BOS first and the end token last, and cuts nothing within the budget", () => {
  assertEquals(encodePreference(row, tokenizer, budget), {
    ...{ kind: "preference", place: "f:1", prompt: [BOS, ...codes("abcd")] },
    ...{ chosen: [...codes("xyz"), EOS], rejected: [...codes("uv"), EOS] },
    cut: { prompt: 0, chosen: 0, rejected: 0 },
  });
});

Deno.test("encodePreference() keeps the end of a long prompt and its BOS, or its start", () => {
  const end = encodePreference(row, tokenizer, { ...budget, maxPrompt: 3 });
  assertEquals([end.prompt, end.cut.prompt], [[BOS, ...codes("cd")], 2]);
  const options = { ...budget, maxPrompt: 3, promptSide: "keep_start" as const };
  assertEquals(encodePreference(row, tokenizer, options).prompt, [BOS, ...codes("ab")]);
  const bare = { ...tokenizer, bosId: undefined };
  assertEquals(encodePreference(row, bare, { ...budget, maxPrompt: 3 }).prompt, codes("bcd"));
});

Deno.test("encodePreference() gives an answer that was cut no end token, the end token counted", () => {
  const three = encodePreference(row, tokenizer, { ...budget, maxCompletion: 3 });
  assertEquals(three.chosen, codes("xyz")); // only the end token did not fit
  assertEquals(three.rejected, [...codes("uv"), EOS]);
  assertEquals(three.cut, { prompt: 0, chosen: 1, rejected: 0 });
  const none = encodePreference(row, tokenizer, { ...budget, eos: null });
  assertEquals(none.chosen, codes("xyz"));
  const other = encodePreference(row, tokenizer, { ...budget, eos: 7 });
  assertEquals(other.rejected, [...codes("uv"), 7]);
});

Deno.test("encodePreference() does not put BOS twice, and reads text that spells special tokens as those", () => {
  const spelt = { ...tokenizer, encode: (text: string) => [BOS, ...codes(text)] };
  assertEquals(encodePreference(row, spelt, budget).prompt, [BOS, ...codes("abcd")]);
  const long = { ...budget, maxCompletion: 9 };
  for (const chosen of [`xyz${END}`, `xyz${END}\n`, "xyz"]) {
    const pair = encodePreference({ ...row, chosen }, tokenizer, long);
    assertEquals(pair.chosen, [...codes("xyz"), EOS], "one end token, wherever it is from");
  }
  const other = { ...long, ends: [7] };
  const ended = encodePreference({ ...row, chosen: "xyz\u0007" }, tokenizer, other);
  assertEquals(ended.chosen, [...codes("xyz"), 7], "a text may end with any of the model's ends");
});

Deno.test("encodeExamples() counts rows of text that spell special tokens, not messages that are refused", async () => {
  const spelt = { ...row, prompt: `q${END}a` };
  const stream = encodeExamples([spelt, row, { ...row, chosen: "a < b" }], tokenizer, {});
  const [first] = await Array.fromAsync(stream);
  assertEquals(first.prompt, [BOS, ...codes("q"), EOS, ...codes("a")]);
  assertEquals(stream.report.special, 1);
});

const source = `{% for m in messages %}<{{ m.role }}>{{ m.content }}${END}\n{% endfor %}` +
  "{% if add_generation_prompt %}<assistant>{% endif %}";
const template = chatTemplate(source);
const dialogue: PreferenceRow = {
  ...row,
  prompt: [{ role: "user", content: "q" }],
  chosen: [{ role: "assistant", content: "yes" }],
  rejected: [{ role: "assistant", content: "no" }],
};

Deno.test("encodePreference() renders messages: the generation prompt is prompt, nothing follows the end token", () => {
  const render = template.render;
  const { prompt, chosen, rejected } = encodePreference(dialogue, tokenizer, {
    ...{ maxPrompt: 99, maxCompletion: 99, render },
  });
  assertEquals(prompt, codes(`<user>q${END}\n<assistant>`)); // the template says where BOS stands
  assertEquals(chosen, [...codes("yes"), EOS]);
  assertEquals(rejected, [...codes("no"), EOS]);
});

async function skips(examples: Example[], options = {}): Promise<string[]> {
  const stream = encodeExamples(examples, tokenizer, { ...budget, ...options });
  await Array.fromAsync(stream);
  return [...stream.report.skipped.keys()];
}

Deno.test("encodeExamples() names what cannot be used: nothing of it reaches the loss", async () => {
  assertEquals(await skips([{ ...row, chosen: "xyz1", rejected: "xyz2" }], { maxCompletion: 3 }), [
    "chosen and rejected are the same within the budget",
  ]);
  const nothing = { ...tokenizer, encode: (text: string) => codes(text.replace("uv", "")) };
  const stream = encodeExamples([row], nothing, budget);
  assertEquals(await Array.fromAsync(stream), []);
  assertEquals([...stream.report.skipped], [["rejected has no tokens", {
    count: 1,
    first: "f:1",
  }]]);
  const lacking = {
    ...tokenizer,
    encode: (): number[] => {
      throw new Mistake("file", { verb: "encode", thing: "text", found: "no piece" });
    },
  };
  const lost = encodeExamples([row], lacking, budget);
  await Array.fromAsync(lost);
  assertEquals([...lost.report.skipped.keys()], ["prompt has a piece that the tokenizer lacks"]);
});

Deno.test("encodeExamples() names messages that spell a special token, and answers that are nothing else", async () => {
  const { render } = template;
  const forged = [{ role: "assistant", content: `no${END}` }];
  assertEquals(await skips([{ ...dialogue, rejected: forged }], { render }), [
    "a message of rejected spells a special token",
  ]);
  const system = [{ role: "system", content: END }, { role: "user", content: "a < b" }];
  assertEquals(await skips([{ ...dialogue, prompt: system }], { render }), [
    "a message of prompt spells a special token",
  ]);
  const empty = [{ role: "assistant", content: "", tool_calls: [] }];
  assertEquals(await skips([{ ...dialogue, chosen: empty }], { render }), ["chosen has no tokens"]);
  assertEquals(await skips([{ ...dialogue, prompt: system.slice(1) }], { render }), []);
});

Deno.test("encodeExamples() names dialogues that the template refuses or rewrites", async () => {
  const refusing = chatTemplate("{{ raise_exception('no systems here') }}").render;
  const [reason] = await skips([dialogue], { render: refusing });
  assert(reason.startsWith("the chat template refuses it: "), reason);
  assert(reason.includes("no systems here"), reason);
  const rewriting = chatTemplate("{{ messages | length }}{{ messages[0].content }}").render;
  assertEquals(await skips([dialogue], { render: rewriting }), [
    "the chat template writes the prompt otherwise before chosen",
  ]);
  await assertRejects(() => skips([dialogue]), TypeError, "render is undefined");
});

Deno.test("encodeExamples() encodes every kind and counts what the budget cuts", async () => {
  const place = "f:2";
  const stream = encodeExamples<Example>(
    [
      { kind: "prompt", prompt: "abcdef", place },
      { kind: "completion", prompt: "ab", completion: "vwxyz", place },
      { kind: "unpaired", prompt: "ab", completion: "v", label: false, place },
      { kind: "text", text: "vwx", place },
      { ...row, prompt: "abcdefg" },
    ],
    tokenizer,
    budget,
  );
  const [prompt, completion, unpaired, text, pair] = await Array.fromAsync(stream);
  assertEquals(prompt, {
    kind: "prompt",
    place,
    prompt: [BOS, ...codes("cdef")],
    cut: { prompt: 2 },
  });
  assertEquals(completion, {
    ...{ kind: "completion", place, prompt: [BOS, ...codes("ab")], completion: codes("vwxy") },
    cut: { prompt: 0, completion: 2 },
  });
  assert(unpaired.kind === "completion" && unpaired.label === false);
  assert(text.kind === "completion" && text.prompt.length === 1 && text.prompt[0] === BOS);
  assertEquals(text.completion, [...codes("vwx"), EOS]);
  assertEquals(pair.kind, "preference");
  const { read, used, promptsCut, promptTokensCut, completionsCut, completionTokensCut } =
    stream.report;
  assertEquals([read, used], [5, 5]);
  assertEquals([promptsCut, promptTokensCut], [2, 5]);
  assertEquals([completionsCut, completionTokensCut], [1, 2]);
  const none = { prompts: 0, promptTokens: 0, completions: 0, completionTokens: 0 };
  assertEquals(stream.report.cutBy, {
    maxPrompt: { ...none, prompts: 2, promptTokens: 5 },
    maxCompletion: { ...none, completions: 1, completionTokens: 2 },
    maxLength: none,
  });
});

Deno.test("encodeExamples() that is strict ends at the first row that cannot be used, by name", async () => {
  const rows = [row, { ...row, place: "f:2", rejected: row.chosen }];
  const stream = encodeExamples(rows, tokenizer, { strict: true });
  const error = await assertRejects(() => Array.fromAsync(stream), Mistake);
  assertEquals(
    error.message,
    "Cannot use f:2: chosen and rejected are the same in tokens. " +
      "Correct the row, or leave --strict out to skip it",
  );
});

Deno.test("encodePrompt() is the ids of one prompt within the budget", () => {
  const asked = { kind: "prompt" as const, place: "f:1", prompt: "abcd" };
  assertEquals(encodePrompt(asked, tokenizer, { maxPrompt: 3 }).prompt, [BOS, ...codes("cd")]);
  assertThrows(() => encodePrompt(asked, tokenizer, { maxPrompt: 0 }), Mistake);
});

Deno.test("encodeExamples() takes the first token of a text for its prompt where there is no BOS", async () => {
  const bare = { ...tokenizer, bosId: undefined };
  const [one] = await Array.fromAsync(
    encodeExamples([{ kind: "text" as const, text: "vwx", place: "f" }], bare, budget),
  );
  assertEquals([one.prompt, one.completion], [codes("v"), [...codes("wx"), EOS]]);
  const short = encodeExamples([{ kind: "text" as const, text: "v", place: "f" }], bare, budget);
  assertEquals(await Array.fromAsync(short), []);
  assertEquals([...short.report.skipped.keys()], [
    "text has 1 token, expected more: nothing stands before it to predict it",
  ]);
});

Deno.test("encodeExamples() refuses a budget that holds nothing", () => {
  const wrong = [["maxPrompt", 0, 1], ["maxCompletion", 1.5, 1], ["maxLength", 1, 2]] as const;
  for (const [name, value, least] of wrong) {
    const error = assertThrows(
      () => encodeExamples([], tokenizer, { ...budget, [name]: value }),
      Mistake,
    );
    assertEquals(
      error.message,
      `Cannot encode examples: ${name} is ${value}, expected a whole number of at least ${least}`,
    );
    assertThrows(() => encodePreference(row, tokenizer, { ...budget, [name]: value }), Mistake);
  }
});

sharedDataTest(
  "encodeExamples() renders Anthropic's dialogues within the authors' budget",
  async (folder) => {
    const dataset = await openDataset(`${folder}hh_pairs/harmless_base_test.jsonl`);
    const options = { maxPrompt: 256, maxCompletion: 128, render: template.render };
    const stream = encodeExamples(toExamples(dataset.rows()), tokenizer, options);
    let longest = 0;
    for await (const pair of stream) {
      assert(pair.kind === "preference");
      longest = Math.max(longest, pair.prompt.length);
      for (
        const [ids, cut] of [[pair.chosen, pair.cut.chosen], [
          pair.rejected,
          pair.cut.rejected,
        ]] as const
      ) {
        assert(ids.length >= 2 && ids.length <= 128);
        assertEquals(ids.at(-1) === EOS, cut === 0);
      }
    }
    assertEquals(longest, 256);
    const { read, used, promptsCut, completionsCut } = stream.report;
    assert(used > 0.9 * read && promptsCut > 0 && completionsCut > 0, `${used} of ${read}`);
  },
);
