import { assertEquals, assertThrows } from "@std/assert";
import { ExactNumber } from "../../../../core/base/exact_number.ts";
import {
  isHumanAssistant,
  parseHumanAssistant,
  rowText,
  toolsOf,
} from "../../../../core/text/rows/messages.ts";
import { UnusableRow } from "../../../../core/text/rows/report.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

Deno.test("rowText() keeps text and messages, joins parts of text and drops null fields", () => {
  assertEquals(rowText(" Hi ", "prompt"), " Hi ");
  const messages = [
    {
      role: "user",
      content: [{ type: "text", text: "a" }, { type: "text", text: "b" }],
      name: null,
    },
    { role: "assistant", content: null, tool_calls: [{ id: 1 }] },
    { role: "tool", content: "42", tool_call_id: "1" },
  ];
  assertEquals(rowText(messages, "prompt"), [
    { role: "user", content: "ab" },
    { role: "assistant", content: "", tool_calls: [{ id: 1 }] },
    { role: "tool", content: "42", tool_call_id: "1" },
  ]);
});

Deno.test("rowText() drops nulls within tool calls, and keeps integers past 2**53", () => {
  const calls = [{ id: 2n ** 53n, function: { name: "f", arguments: { a: 1, b: null } } }];
  const [message] = rowText([{ role: "assistant", content: null, tool_calls: calls }], "chosen");
  assertEquals(message, {
    ...{ role: "assistant", content: "" },
    tool_calls: [{
      id: new ExactNumber("9007199254740992"),
      function: { name: "f", arguments: { a: 1 } },
    }],
  });
});

Deno.test("toolsOf() takes a list or its JSON, and nothing else", () => {
  assertEquals(toolsOf('[{"a": null}]'), [{ a: null }]);
  assertEquals(toolsOf([{ a: null, b: 1 }]), [{ b: 1 }]);
  assertEquals([undefined, null, [], " ", "[]"].map(toolsOf), Array(5).fill(undefined));
  const error = assertThrows(() => toolsOf("{"), UnusableRow);
  assertEquals(error.found, "tools is text that is not JSON, expected a list");
});

const ROWS: [value: unknown, reason: string][] = [
  [undefined, "chosen is missing"],
  [null, "chosen is missing"],
  [7, "chosen is a number, expected text or messages"],
  [{ of: "user" }, "chosen is an object, expected text or messages"],
  [" \n", "chosen is empty"],
  [[], "chosen is empty"],
  [["hi"], "a message of chosen is a string, expected role and content"],
  [[null], "a message of chosen is missing, expected role and content"],
  [[{ content: "hi" }], "a message of chosen has no role"],
  [[{ role: "user" }], "a message of chosen has no content"],
  [[{ role: "user", content: 7 }], "a message of chosen has content that is a number"],
  [
    [{ role: "user", content: [{ type: "image" }] }],
    "a message of chosen has content that is not text",
  ],
];
for (const [value, reason] of ROWS) {
  Deno.test(`rowText() refuses ${JSON.stringify(value)}`, () => {
    assertEquals(assertThrows(() => rowText(value, "chosen"), UnusableRow).found, reason);
  });
}

Deno.test("parseHumanAssistant() cuts turns only after a blank line, and joins turns of one speaker", () => {
  const text =
    "\n\nHuman: Who said\nHuman: or Assistant: here?\n\nHuman: Well?\n\nAssistant:  You did. \n\n" +
    "Really.\n\nHuman:\n\nAssistant:";
  assertEquals(parseHumanAssistant(text), [
    { role: "user", content: "Who said\nHuman: or Assistant: here?\n\nWell?" },
    { role: "assistant", content: "You did. \n\nReally." },
    { role: "user", content: "" },
    { role: "assistant", content: "" },
  ]);
});

Deno.test("parseHumanAssistant() refuses text that is no such dialogue", () => {
  assertEquals(["\n\nHuman: a", "Human:", "Assistant: a", "A Human: b", 7].map(isHumanAssistant), [
    ...[true, true, false, false, false],
  ]);
  const error = assertThrows(() => parseHumanAssistant("Once upon a time there was"), Mistake);
  assertEquals(
    error.message,
    'Cannot read the dialogue: it begins with "Once upon a time the", expected "Human:"',
  );
});
