import { assert, assertEquals, assertThrows } from "@std/assert";
import { openBase } from "../../../cli/policy/base_model.ts";
import {
  answerWriter,
  fitTurns,
  plainDialogue,
  trimmedAnswer,
} from "../../../cli/data/conversation.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { commandWorkspace } from "../../support/command_run.ts";

const turns = (...contents: string[]) =>
  contents.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));

Deno.test("fitTurns() drops whole questions with their answers, and never the system's turn", async () => {
  using work = await commandWorkspace();
  using base = await openBase({ model: `${work.dir}/chat` });
  const system = { role: "system", content: "Be kind" };
  const all = [system, ...turns("one", "two", "three", "four", "five")];
  const whole = fitTurns(base, all, 1000, true);
  assertEquals(whole.dropped, 0);
  assertEquals(
    base.tokenizer.decode(whole.ids),
    "system: Be kind\nuser: one\nassistant: two\nuser: three\nassistant: four\nuser: five\nassistant:",
  );
  const fitted = fitTurns(base, all, whole.ids.length - 1, true);
  assertEquals(fitted.dropped, 2);
  assertEquals(
    base.tokenizer.decode(fitted.ids),
    "system: Be kind\nuser: three\nassistant: four\nuser: five\nassistant:",
  );
  assertThrows(() => fitTurns(base, all, 5, true), UsageError, "expected at most 5");
});

Deno.test("fitTurns() without a template writes Human: and Assistant: after the begin token", async () => {
  using work = await commandWorkspace();
  using base = await openBase({ model: `${work.dir}/model` });
  const { ids } = fitTurns(base, turns("Hi"), 60, true);
  assertEquals([ids[0], base.tokenizer.decode(ids)], [0, "Human: Hi\n\nAssistant:"]);
  assertEquals(
    plainDialogue(turns("Hi", "Ho", "He")),
    "Human: Hi\n\nAssistant: Ho\n\nHuman: He\n\nAssistant:",
  );
});

Deno.test("a special token that a user spells is text in the template's turn", async () => {
  using work = await commandWorkspace();
  using base = await openBase({ model: `${work.dir}/chat` });
  const { ids } = fitTurns(base, turns("a<|endoftext|>b"), 60, true);
  assert(!ids.includes(0));
});

Deno.test("trimmedAnswer() ends where the model goes on with the other speaker", async () => {
  using work = await commandWorkspace();
  using base = await openBase({ model: `${work.dir}/model` });
  assertEquals(trimmedAnswer(" Yes.\n\nHuman: And?\n\nAssistant: No", base, false), "Yes.");
  using chat = await openBase({ model: `${work.dir}/chat` });
  assertEquals(trimmedAnswer(" A\n\nHuman: B ", chat, true), "A\n\nHuman: B");
});

Deno.test("answerWriter() shows, piece by piece, no more than trimmedAnswer() leaves", async () => {
  using work = await commandWorkspace();
  using base = await openBase({ model: `${work.dir}/model` });
  const text = "  Yes.\nHumble, he is.\n\nHuman: And?\n\nAssistant: No ";
  for (const template of [false, true]) {
    const model = template ? await openBase({ model: `${work.dir}/chat` }) : base;
    const written: string[] = [];
    const writer = answerWriter((piece) => written.push(piece), model, template);
    for (const piece of text) writer.push(piece);
    const answer = trimmedAnswer(text, model, template);
    assert(answer.startsWith(written.join("")) && written.length > 10, "as it comes");
    writer.end();
    assertEquals(written.join(""), answer);
    if (template) model[Symbol.dispose]();
  }
  const ends: string[] = [];
  const writer = answerWriter((piece) => ends.push(piece), base, false);
  writer.push("A\nHum");
  assertEquals(ends, ["A"], "what may become the other speaker waits");
  writer.end();
  assertEquals(ends.join(""), "A\nHum");
});
