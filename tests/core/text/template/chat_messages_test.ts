import { assertEquals, assertThrows } from "@std/assert";
import { Mistake } from "../../../../core/base/mistake.ts";
import {
  checkMessages,
  cutAtMark,
  markLast,
  withReasoning,
} from "../../../../core/text/template/chat_messages.ts";

Deno.test("checkMessages() refuses what is no list of objects, and says which message", () => {
  const rows: [unknown, string][] = [
    ["hi", "Cannot render t: messages is string, expected a list"],
    [[{ role: "user" }, null], "message 1 is null, expected an object with role and content"],
    [[[]], "message 0 is a list"],
    [["hi"], "message 0 is a string"],
  ];
  for (const [messages, line] of rows) {
    assertThrows(() => checkMessages(messages as never, "t"), Mistake, line);
  }
});

Deno.test("withReasoning() gives reasoning every name that templates read", () => {
  const reasoned = { role: "assistant", reasoning: "so", reasoning_content: "so", thinking: "so" };
  assertEquals(withReasoning({ role: "assistant", reasoning: "so" }), reasoned);
  assertEquals(withReasoning({ role: "user" }), { role: "user" });
});

Deno.test("cutAtMark() ends a rendering where the last message does", () => {
  const { marked, final } = markLast(
    [{ role: "user", content: "a" }, { role: "x", content: "b" }],
    "t",
  );
  assertEquals(final, "b");
  assertEquals(cutAtMark(`<a>${marked[1].content}<end>`, final, "t"), "<a>b");
  assertEquals(cutAtMark(`<a>b CONTINUE_FINAL_MESSAGE_TAG<end>`, "b", "t"), "<a>b"); // it trims
  assertThrows(
    () => cutAtMark("<a><end>", final, "t"),
    Mistake,
    "leaves parts of the last message",
  );
  assertThrows(() => markLast([{ role: "user" }], "t"), Mistake, "the last message has no text");
});
