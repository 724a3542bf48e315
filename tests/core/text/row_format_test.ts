import { assertEquals, assertThrows } from "@std/assert";
import { detectFormat, ROW_FORMATS } from "../../../core/text/row_format.ts";
import { UnusableRow } from "../../../core/text/row_report.ts";

type Row = Record<string, unknown>;
const user = { role: "user", content: "q" };
const answer = (content: string) => ({ role: "assistant", content });
const hh = (last: string) => `\n\nHuman: q\n\nAssistant: ${last}`;

/** A row of each format, and what is read of it. */
const ROWS: [name: string, row: Row, example: Row][] = [
  [
    "preference",
    { id: 1, prompt: "p", chosen: "a", rejected: "b" },
    { kind: "preference", prompt: "p", chosen: "a", rejected: "b" },
  ],
  [
    "preference",
    { prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
    { kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
  ],
  [
    "preference",
    { prompt: "q", chosen: [user, answer("a")], rejected: [user, answer("b")] },
    { kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
  ],
  [
    "hh",
    { chosen: hh("a"), rejected: hh("b") },
    { kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
  ],
  [
    "implicit",
    { chosen: "Q: x\nA: yes", rejected: "Q: x\nA: no" },
    { kind: "preference", prompt: "Q: x\nA:", chosen: " yes", rejected: " no" },
  ],
  [
    "implicit",
    { chosen: [user, answer("a")], rejected: [user, answer("b")] },
    { kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
  ],
  [
    "unpaired",
    { prompt: "p", completion: "c", label: true },
    { kind: "unpaired", prompt: "p", completion: "c", label: true },
  ],
  [
    "unpaired",
    { prompt: "p", completion: "c", label: "0" },
    { kind: "unpaired", prompt: "p", completion: "c", label: false },
  ],
  [
    "completion",
    { prompt: [user], completion: [answer("a")] },
    { kind: "completion", prompt: [user], completion: [answer("a")] },
  ],
  ["label", { prompt: "p", label: "c" }, { kind: "completion", prompt: "p", completion: "c" }],
  [
    "messages",
    { messages: [user, answer("a"), user, answer("b")] },
    { kind: "completion", prompt: [user, answer("a"), user], completion: [answer("b")] },
  ],
  ["messages", { messages: [user] }, { kind: "prompt", prompt: [user] }],
  ["prompt", { prompt: "p", label: 3 }, { kind: "prompt", prompt: "p" }],
  ["text", { text: "t" }, { kind: "text", text: "t" }],
];
for (const [name, row, example] of ROWS) {
  Deno.test(`detectFormat() finds ${name} in ${Object.keys(row)}, and it reads ${JSON.stringify(row)}`, () => {
    assertEquals(detectFormat(Object.keys(row), row), name);
    const { read } = ROW_FORMATS.find((format) => format.name === name)!;
    assertEquals(read(row) as Row, example);
  });
}

Deno.test("detectFormat() has no name for columns that it does not know", () => {
  assertEquals(detectFormat(["question", "answer"], {}), undefined);
  assertEquals(detectFormat([], {}), undefined);
  assertEquals(detectFormat(["chosen"], { chosen: "a" }), undefined);
});

const UNUSABLE: [name: string, row: Row, reason: string][] = [
  ["preference", { prompt: "p", chosen: "", rejected: "b" }, "chosen is empty"],
  ["preference", { prompt: " ", chosen: "a", rejected: "b" }, "prompt is empty"],
  ["preference", { prompt: "p", chosen: "a" }, "rejected is missing"],
  ["preference", { prompt: "p", chosen: "a", rejected: "a" }, "chosen is the same as rejected"],
  [
    "preference",
    { prompt: [user], chosen: "a", rejected: "b" },
    "prompt is messages, chosen is text, rejected is text: expected all of one kind",
  ],
  [
    "preference",
    { prompt: [user], chosen: [answer(" ")], rejected: [answer("b")] },
    "chosen is empty",
  ],
  ["hh", { chosen: hh(""), rejected: hh("b") }, "chosen is empty"],
  ["hh", { chosen: hh("a"), rejected: "no" }, 'rejected does not begin with "Human:"'],
  ["hh", { chosen: hh("a") + "\n\nHuman: x", rejected: hh("b") }, "chosen has no last answer"],
  ["implicit", { chosen: "a b", rejected: "a b" }, "chosen is the same as rejected"],
  [
    "implicit",
    { chosen: [user, answer("a")], rejected: "b" },
    "chosen is messages, rejected is text: expected all of one kind",
  ],
  [
    "unpaired",
    { prompt: "p", completion: "c", label: "good" },
    "label is a string, expected true or false",
  ],
  ["unpaired", { prompt: "p", completion: "c" }, "label is missing"],
  ["completion", { prompt: "p", completion: "\n" }, "completion is empty"],
  ["label", { prompt: "p", label: null }, "label is missing"],
  ["messages", { messages: [answer("a")] }, "messages has no turn of the user"],
  ["messages", { messages: [user, answer("")] }, "messages is empty"],
  ["messages", { messages: "text" }, "messages is text, expected a list"],
  ["text", { text: ["a"] }, "a message of text is a string, expected role and content"],
  ["text", { text: [user] }, "text is a list, expected text"],
];
for (const [name, row, reason] of UNUSABLE) {
  Deno.test(`${name} says of ${JSON.stringify(row)}: ${reason}`, () => {
    const { read } = ROW_FORMATS.find((format) => format.name === name)!;
    assertEquals(assertThrows(() => read(row), UnusableRow).message, reason);
  });
}
