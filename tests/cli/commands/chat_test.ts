import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { CHAT } from "../../../cli/commands/chat.ts";
import {
  commandWorkspace,
  jsonLines,
  runIn,
  tinyMembers,
  writePeft,
} from "../../support/command_run.ts";

const DEVICE = "--device cpu --threads 1 --max-new 5 --temperature 0";

type Saved = { adapter: string; messages: { role: string; content: string }[] };

Deno.test("CHAT remembers the conversation, streams it, and saves it", async () => {
  using work = await commandWorkspace();
  const saved = `${work.dir}/saved.jsonl`;
  const input = `Hi\nWhat?\r\n/save ${saved}\n/reset\nHi\n/quit\nnever asked\n`;
  const args = `--model ${work.dir}/chat --system Kind ${DEVICE}`;
  const ran = await runIn(CHAT, args, { input, streams: true });
  assertEquals(ran.code, 0, ran.errors.join("\n"));
  const [{ adapter, messages }] = await jsonLines<Saved>(saved);
  assertEquals(adapter, "base");
  assertEquals(messages.map(({ role }) => role), [
    "system",
    ..."user assistant user assistant".split(" "),
  ]);
  assertEquals(messages[3].content, "What?");
  const answers = ran.pieces.join(""); // three answers; the first question is asked again after /reset
  assert(answers.includes(messages[2].content) && answers.includes(messages[4].content));
  assertEquals(ran.out, ["", "", ""]);
  const cuts = ran.errors.filter((line) => line.includes("was cut after 5 tokens by --max-new"));
  const whole = await runIn(CHAT, `${args} --max-new 1 --temperature 1 --seed 1`, { input: "" });
  assertEquals([cuts.length > 0, whole.errors.some((line) => line.includes("cut"))], [true, false]);

  const lines = await runIn(CHAT, args, { input: "Hi\nHi" });
  assertEquals(lines.out.join("").startsWith(messages[2].content), true);
});

Deno.test("CHAT lets several adapters answer side by side, each with its own memory", async () => {
  using work = await commandWorkspace();
  const [member] = await tinyMembers(1);
  await writePeft(`${work.dir}/lora`, member);
  const saved = `${work.dir}/saved.jsonl`;
  const { code, out, errors } = await runIn(
    CHAT,
    `--model ${work.dir}/chat --adapter base --adapter ${work.dir}/lora ${DEVICE}`,
    { input: `Hi\nYou?\n/save ${saved}\n` },
  );
  assertEquals(code, 0, errors.join("\n"));
  assertMatch(out[0], /^\[base\] +│ \[.*lora\]$/);
  const [base, lora] = await jsonLines<Saved>(saved);
  assertEquals([base.messages.length, lora.messages.length], [4, 4]);
  assertNotEquals(base.messages[1].content, lora.messages[1].content);
});

Deno.test("CHAT drops the oldest messages that do not fit and says so; a question that never fits is refused", async () => {
  using work = await commandWorkspace();
  const turn = "one two three four five six seven";
  const { code, errors } = await runIn(CHAT, `--model ${work.dir}/chat ${DEVICE}`, {
    input: [
      ...[turn, turn, turn, `${turn} ${turn} ${turn} ${turn} ${turn} ${turn}`, "Hi"],
      `/save ${work.dir}/saved.jsonl`,
    ].join("\n"),
  });
  assertEquals(code, 0, errors.join("\n"));
  assert(
    errors.some((line) => /^The \d+ oldest messages were dropped/.test(line)),
    errors.join("\n"),
  );
  const refused = errors.filter((line) => line.startsWith("Cannot answer: the question has "));
  assertEquals(refused.length, 1);
  const [{ messages }] = await jsonLines<Saved>(`${work.dir}/saved.jsonl`);
  assert(messages.length < 8, `Expected what was dropped to stay away, found ${messages.length}`);
  assertEquals(messages.at(-2)?.content, "Hi");
});

Deno.test("CHAT with a base model writes Human: and Assistant:, and knows its commands", async () => {
  using work = await commandWorkspace();
  const { code, out, errors } = await runIn(CHAT, `--model ${work.dir}/model ${DEVICE}`, {
    input: `/help\n/rest\n/save\n/save ${work.dir}\n/save /\n/system Be kind\nHi\n`,
  });
  assertEquals(code, 0, errors.join("\n"));
  assert(out.some((line) => line.startsWith("/reset")), out.join("\n"));
  assert(errors.some((line) => line.startsWith("No chat template")));
  assert(errors.includes('"/rest" is no command. Did you mean /reset?'));
  assert(errors.some((line) => line.startsWith("Cannot save ") && line.includes("is a directory")));
  assert(errors.some((line) => line.startsWith('Cannot write "/": it names no file')));
  assert(errors.includes("Cannot save: no name is given, expected /save FILE"));
});

Deno.test("CHAT --chat always wants a template", async () => {
  using work = await commandWorkspace();
  const ran = await runIn(CHAT, `--model ${work.dir}/model --chat always ${DEVICE}`, { input: "" });
  assertEquals([ran.code, ran.errors.length], [2, 1]);
  assertMatch(ran.errors[0], /^Cannot chat with .*model: it has no chat template/);
});

Deno.test("CHAT stops an answer at Ctrl-C, keeps what came of it, and ends at the second", async () => {
  using work = await commandWorkspace();
  const saved = `${work.dir}/saved.jsonl`;
  const args = `--model ${work.dir}/chat ${DEVICE} --max-new 40`;
  let heard = (): boolean => false;
  const interrupts = {
    hold(listener: () => boolean) {
      heard = listener;
      return { [Symbol.dispose]: () => void (heard = () => false) };
    },
  };
  const answers: boolean[] = [];
  const write = (text: string) => {
    if (text.trim() !== "" && answers.length === 0) answers.push(heard()); // in the first answer
  };
  const input = `Hi\n/save ${saved}\nYou?\n`;
  const { code, errors } = await runIn(CHAT, args, { input, interrupts, write });
  assertEquals(code, 0, errors.join("\n"));
  assertEquals(answers, [true]);
  assert(errors.includes("Stopped; Ctrl-C once more leaves"), errors.join("\n"));
  const [{ messages }] = await jsonLines<Saved>(saved);
  assertEquals(messages.length, 2);
  assert(messages[1].content.length > 0);
  const whole = await runIn(CHAT, args, { input: "Hi\n", streams: true });
  const answer = whole.pieces.join("").trim();
  assert(answer.length > messages[1].content.length && answer.startsWith(messages[1].content));

  const twice: boolean[] = [];
  const ended = new AbortController();
  const { code: left } = await runIn(CHAT, args, {
    ...{ input: "Hi\n", interrupts, signal: ended.signal },
    write() {
      twice.push(heard());
      if (twice.at(-1) === false) ended.abort(new Error("Interrupted")); // as `interruptSignal` does
    },
  });
  assertEquals([left, twice.slice(0, 2)], [130, [true, false]]);
});

Deno.test("CHAT asks for a second Ctrl-C where it waits, and several adapters forget a stopped question", async () => {
  using work = await commandWorkspace();
  const [member] = await tinyMembers(1);
  await writePeft(`${work.dir}/lora`, member);
  const heard: (() => boolean)[] = [];
  const interrupts = {
    hold(listener: () => boolean) {
      heard.push(listener);
      return { [Symbol.dispose]: () => {} };
    },
  };
  const saved = `${work.dir}/saved.jsonl`;
  const waits: boolean[] = [];
  const { code, errors } = await runIn(
    CHAT,
    `--model ${work.dir}/chat --adapter base --adapter ${work.dir}/lora ${DEVICE}`,
    {
      input: `Hi\n/save ${saved}\n`,
      interrupts,
      status(text) {
        if (text === "base answers") waits.push(heard[0]());
      },
    },
  );
  assertEquals([code, waits], [0, [true]], errors.join("\n"));
  assert(errors.includes("Stopped: the question is forgotten; Ctrl-C once more leaves"));
  const lines = await jsonLines<Saved>(saved);
  assertEquals(lines.map(({ messages }) => messages.length), [0, 0]);
  assertEquals([heard[0](), errors.at(-1)], [true, "Once more to leave"]);
  assertEquals(heard[0](), false);
});
