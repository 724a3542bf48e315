import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  answerBudget,
  askedText,
  promptBudget,
  promptsInTokens,
  samplingOf,
  textIds,
} from "../../../cli/data/encoded_prompts.ts";
import { SAMPLING_ROWS } from "../../../cli/flags/shared.ts";
import { allValues } from "../../../cli/flags/values.ts";
import { openBase } from "../../../cli/policy/base_model.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { commandWorkspace } from "../../support/command_run.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

Deno.test("askedText() encodes text to be continued as it stands, and a turn through the template", async () => {
  using work = await commandWorkspace();
  using plain = await openBase({ model: `${work.dir}/model` });
  const text = "Hi<|endoftext|>";
  const asked = askedText("generate", plain, text, { maxNew: 14 });
  assertEquals(asked.ids, textIds(plain, text));
  assertEquals([asked.ids[0], asked.ids.at(-1)], [0, 0], "Expected BOS, and the token spelt out");
  assertEquals([asked.words, asked.rendered], [text, text]);

  using chat = await openBase({ model: `${work.dir}/chat` });
  const turn = askedText("generate", chat, "Hi", { maxNew: 14 });
  assertEquals(turn.rendered, "user: Hi\nassistant:");
  assertEquals(chat.tokenizer.decode(turn.ids), turn.rendered);
  await assertRejects(
    async () => await askedText("generate", plain, "a b c d", { maxNew: 61 }),
    UsageError,
    "expected 1 to 3 so that the answer fits in the context",
  );
});

Deno.test("promptsInTokens() takes the prompt of any row, counts what it cannot use, and keeps places", async () => {
  using work = await commandWorkspace();
  using base = await openBase({ model: `${work.dir}/chat` });
  const rows = [
    { prompt: "One", completion: "x" },
    { prompt: "", completion: "x" },
    {
      prompt: [{ role: "user", content: "Two" }],
      completion: [{ role: "assistant", content: "y" }],
    },
  ];
  const data = `${work.dir}/d.jsonl`;
  await Deno.writeTextFile(data, rows.map((row) => JSON.stringify(row)).join("\n"));
  const terminal = recordingTerminal();
  const asked = await promptsInTokens("generate", base, { data, maxNew: 14 }, { terminal });
  assertEquals(
    asked.map(({ place, words, rendered }) => [place, words, rendered]),
    [[`${data}:1`, "One", "user: One\nassistant:"], [`${data}:3`, "Two", "user: Two\nassistant:"]],
  );
  assertEquals(asked[1].prompt, rows[2].prompt);
  assertEquals(terminal.lines, [
    `${data}: 2 of 3 rows used; 1 skipped: prompt is empty (first ${data}:2); 2 through the chat template`,
  ]);
  await Deno.writeTextFile(data, JSON.stringify(rows[1]));
  await assertRejects(
    () => promptsInTokens("generate", base, { data, maxNew: 14 }, { terminal }),
    UsageError,
    "has no prompt that can be used",
  );
});

Deno.test("promptsInTokens() leaves a prompt that ends in the assistant's own turn open, as TRL does", async () => {
  using work = await commandWorkspace();
  using base = await openBase({ model: `${work.dir}/chat` });
  const data = `${work.dir}/d.jsonl`;
  const user = { role: "user", content: "Hi" };
  const prompts = [[user, { role: "assistant", content: "Well" }], [user]];
  await Deno.writeTextFile(data, prompts.map((prompt) => JSON.stringify({ prompt })).join("\n"));
  const terminal = recordingTerminal();
  const asked = await promptsInTokens("generate", base, { data, maxNew: 14 }, { terminal });
  assertEquals(asked.map(({ rendered }) => rendered), [
    "user: Hi\nassistant: Well",
    "user: Hi\nassistant:",
  ]);
  for (const { ids, rendered } of asked) assertEquals(base.tokenizer.decode(ids), rendered);
});

Deno.test("promptBudget() leaves room for the answer", async () => {
  using work = await commandWorkspace();
  using base = await openBase({ model: `${work.dir}/model` });
  assertEquals(promptBudget("generate", base, { maxNew: 63 }), 1);
  assertEquals(promptBudget("generate", base, {}), 32); // nobody said how long: half of 64
  assertEquals([255, 256, 999].map((positions) => answerBudget(undefined, { positions })), [
    ...[127, 128, 128],
  ]);
  assertEquals([answerBudget(40, { positions: 64 }), answerBudget(undefined, { positions: 1 })], [
    ...[40, 1],
  ]);
  const error = assertThrows(() => promptBudget("generate", base, { maxNew: 64 }), UsageError);
  assertEquals(
    error.message,
    "Cannot generate: --max-new is 64, expected fewer than the context's 64 tokens. The nearest is 63",
  );
});

Deno.test("samplingOf() hands on what generate() takes", () => {
  assertEquals(samplingOf(allValues("try", SAMPLING_ROWS, { topK: 5 }), { positions: 64 }), {
    ...{ temperature: 0.7, topK: 5, topP: 1, minP: 0, maxNew: 32 },
  });
});
