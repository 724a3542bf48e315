import { assertEquals, assertThrows } from "@std/assert";
import { detectFormat, ROW_FORMATS } from "../../../../core/text/rows/format.ts";
import { UnusableRow } from "../../../../core/text/rows/report.ts";

type Row = Record<string, unknown>;
const system = { role: "system", content: "s" };
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
    {
      ...{ kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
      plain: { prompt: hh("").trimEnd(), chosen: " a", rejected: " b" },
    },
  ],
  [
    "sharegpt",
    {
      conversations: [{ from: "system", value: "s" }, { from: "human", value: "q" }],
      chosen: { from: "gpt", value: "a" },
      rejected: { from: "gpt", value: "b" },
    },
    {
      kind: "preference",
      prompt: [system, user],
      chosen: [answer("a")],
      rejected: [answer("b")],
    },
  ],
  [
    "implicit",
    {
      chosen: [{ from: "human", value: "q" }, { from: "gpt", value: "a" }],
      rejected: [{ from: "human", value: "q" }, { from: "gpt", value: "b" }],
      question: "q",
    },
    { kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
  ],
  [
    "question",
    { system: "", question: "q", chosen: "a", rejected: "b" },
    { kind: "preference", prompt: "q", chosen: "a", rejected: "b" },
  ],
  [
    "question",
    { system: "s", question: "q", chosen: "a", rejected: "b" },
    {
      ...{ kind: "preference", prompt: [system, user] },
      ...{ chosen: [answer("a")], rejected: [answer("b")] },
      plain: { prompt: "s\n\nq", chosen: "a", rejected: "b" },
    },
  ],
  [
    "question",
    { instruction: "i", input: "x", chosen: "a", rejected: "b" },
    { kind: "preference", prompt: "i\n\nx", chosen: "a", rejected: "b" },
  ],
  [
    "alpaca",
    { instruction: "i", input: "x", output: "o", text: "all of it" },
    { kind: "completion", prompt: "i\n\nx", completion: "o" },
  ],
  [
    "alpaca",
    { instruction: "i", input: "", output: "o" },
    { kind: "completion", prompt: "i", completion: "o" },
  ],
  [
    "ultrafeedback",
    {
      instruction: "i",
      source: "s",
      completions: [
        { response: "middle", overall_score: 5 },
        { response: "worst", overall_score: 1.5 },
        { response: "best", overall_score: "8" },
        { response: "as good", overall_score: 8 },
      ],
    },
    { kind: "preference", prompt: "i", chosen: "best", rejected: "worst" },
  ],
  [
    "preference",
    { prompt: "q", chosen: [user, answer("a")], rejected: [user, answer("b")], messages: [user] },
    { kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
  ],
  [
    "preference",
    { prompt: "q", chosen: [answer("a")], rejected: [answer("b")] },
    { kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
  ],
  [
    "preference",
    { prompt: [user], chosen: [user, answer("a")], rejected: [user, answer("b")] },
    { kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
  ],
  [
    "preference",
    {
      prompt: [user],
      chosen: [system, user, answer("a")],
      rejected: [system, user, answer("b")],
    },
    { kind: "preference", prompt: [system, user], chosen: [answer("a")], rejected: [answer("b")] },
  ],
  [
    "preference",
    { prompt: hh("").trimEnd(), chosen: hh("a"), rejected: hh("b") },
    {
      ...{ kind: "preference", prompt: [user], chosen: [answer("a")], rejected: [answer("b")] },
      plain: { prompt: hh("").trimEnd(), chosen: " a", rejected: " b" },
    },
  ],
  [
    "conversations",
    { conversations: [{ from: "human", value: "q" }, { from: "gpt", value: "a" }], system: "s" },
    { kind: "completion", prompt: [system, user], completion: [answer("a")] },
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
  ...[[answer("a")], [user, answer("a")]].flatMap((completion) =>
    [[user], "q"].map((prompt): [string, Row, Row] => [
      "completion",
      { prompt, completion },
      { kind: "completion", prompt: [user], completion: [answer("a")] },
    ])
  ),
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

Deno.test("detectFormat() guesses an implicit prompt only where no other column could be it", () => {
  const pair = { chosen: "Q a", rejected: "Q b" };
  const named = (row: Row) => detectFormat(Object.keys(row), row);
  assertEquals(named({ ...pair, problem: "Q" }), undefined);
  assertEquals(named({ ...pair, turns: [user] }), undefined);
  for (const about of [{}, { id: "x7" }, { source: "web", chosen_model: "m" }, { problem: " " }]) {
    assertEquals(named({ ...pair, ...about }), "implicit", JSON.stringify(about));
  }
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
  [
    "preference",
    { prompt: [user], chosen: [answer("a"), user], rejected: [answer("b")] },
    "chosen has a turn of the user",
  ],
  [
    "preference",
    { prompt: [user], chosen: [user, answer("a")], rejected: [answer("b")] },
    "chosen has a turn of the user",
  ],
  [
    "preference",
    {
      prompt: [{ ...user, content: "other" }],
      chosen: [user, answer("a")],
      rejected: [user, answer("b")],
    },
    "prompt is not what chosen and rejected begin with",
  ],
  [
    "preference",
    {
      prompt: [user],
      chosen: [answer("a"), { role: "tool", content: "4" }],
      rejected: [answer("b")],
    },
    "chosen ends with a turn of tool, expected the assistant's",
  ],
  [
    "preference",
    { prompt: "p", chosen: "a", rejected: "b", system: NaN },
    "system is NaN, expected text",
  ],
  [
    "preference",
    { prompt: NaN, chosen: "a", rejected: "b" },
    "prompt is NaN, expected text or messages",
  ],
  [
    "completion",
    { prompt: [user], completion: [{ ...answer("a"), score: Infinity }] },
    "a message of completion has Infinity, expected what JSON has",
  ],
  ["completion", { prompt: "q", completion: [user] }, "completion has no last answer"],
  [
    "unpaired",
    { prompt: "p", completion: "c", label: NaN },
    "label is NaN, expected true or false",
  ],
  [
    "ultrafeedback",
    { instruction: "i", completions: [{ response: "a", score: 1 }, { response: "b", score: 1 }] },
    "completions have equal scores",
  ],
  [
    "ultrafeedback",
    { instruction: "i", completions: [{ response: "a", score: NaN }, { response: "b", score: 1 }] },
    "completions are not two or more answers with scores",
  ],
  ["alpaca", { instruction: "i", input: NaN, output: "o" }, "input is NaN, expected text"],
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
  [
    "messages",
    { messages: [user, answer("a"), { role: "tool", content: "4" }] },
    "messages ends with a turn of tool, expected the assistant's",
  ],
  ["messages", { messages: [answer("a")] }, "messages has no turn of the user"],
  ["messages", { messages: [user, answer("")] }, "messages is empty"],
  ["messages", { messages: "text" }, "messages is text, expected a list"],
  ["text", { text: ["a"] }, "a message of text is a string, expected role and content"],
  ["text", { text: [user] }, "text is a list, expected text"],
];
for (const [name, row, reason] of UNUSABLE) {
  Deno.test(`${name} says of ${JSON.stringify(row)}: ${reason}`, () => {
    const { read } = ROW_FORMATS.find((format) => format.name === name)!;
    assertEquals(assertThrows(() => read(row), UnusableRow).found, reason);
  });
}
