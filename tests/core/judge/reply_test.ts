import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { readReply } from "../../../core/judge/reply.ts";

const body = (content: unknown, choice: object = {}, whole: object = {}) =>
  JSON.stringify({ choices: [{ message: { content }, ...choice }], ...whole });
const says = (winner: unknown, reason: unknown = "r") => JSON.stringify({ reason, winner });

Deno.test("readReply() has the winner and its reason, the usage, and nothing that was not said", () => {
  const usage = { prompt_tokens: 10, completion_tokens: 3 };
  assertEquals(readReply(body(says("A"), {}, { usage })), {
    verdict: { outcome: "a", reason: "r" },
    usage: { promptTokens: 10, completionTokens: 3 },
  });
  for (const [winner, outcome] of [["A", "a"], ["B", "b"], ["tie", "tie"]]) {
    assertEquals(readReply(body(says(winner))).verdict.outcome, outcome);
    const fenced = "```json\n" + says(winner) + "\n```";
    assertEquals(readReply(body(fenced)).verdict.outcome, outcome);
  }
  const { verdict } = readReply(body('{"winner":"A","reason":""}'));
  assertEquals(verdict, { outcome: "a" });
  const long = readReply(body(says("A", "x".repeat(9999)))).verdict.reason!;
  assertEquals(long.length, 500);
});

const BROKEN: Record<string, [string, string]> = {
  "an empty body": ["", "no JSON"],
  "a page": ["<html>502</html>", "no JSON"],
  "a cut body": [body(says("A")).slice(0, -4), "no JSON"],
  "a list": ["[1]", "no JSON"],
  "no choices": ['{"choices":[]}', "no message"],
  "an error object": ['{"error":{"message":"overloaded"}}', "no message"],
  "no text": [body(null), "no text"],
  "a refusal": [body(null, { message: { refusal: "I cannot" } }), 'refused: "I cannot"'],
  "a reply at its limit": [body(says("A"), { finish_reason: "length" }), "cut at its limit"],
  "a filtered reply": [body(says("A"), { finish_reason: "content_filter" }), "filtered"],
  "prose": [body("Answer A is better."), "no JSON object"],
  "an object in prose": [body(`I think ${says("A")}`), "no JSON object"],
  "two objects": [body(says("A") + says("B")), "no JSON object"],
  "both winners": [body('{"winner":"A","winner":"B"}'), "more than one winner"],
  "a winner within": [body('{"winner":"B","other":{"winner":"A"}}'), "more than one winner"],
  "a hidden second winner": [body('{"winner":"A","win\\u006eer":"B"}'), "more than one winner"],
  "a list of winners": [body('{"winner":["A","B"]}'), 'winner is ["A","B"]'],
  "a small letter": [body(says("a")), 'winner is "a"'],
  "words": [body(says("answer A")), 'winner is "answer A"'],
  "no winner": [body('{"reason":"r"}'), "winner is missing"],
  "another schema": [body('{"verdict":"A"}'), "winner is missing"],
  "another language": [body(says("égalité")), 'winner is "égalité"'],
  "a number": [body(says(1)), "winner is 1"],
};
for (const [what, [text, reason]] of Object.entries(BROKEN)) {
  Deno.test(`readReply() makes no verdict of ${what}`, () => {
    const { verdict } = readReply(text);
    assertEquals([verdict.outcome, verdict.scores], ["failed", undefined]);
    assert(verdict.reason?.includes(reason), verdict.reason);
    assert(!/[\n\r]/.test(verdict.reason!));
  });
}

Deno.test("readReply() keeps a winner whose name its reason quotes", () => {
  assertEquals(readReply(body(says("B", 'it says "winner": "A"'))).verdict.outcome, "b");
});

/** Log-probs of a content, a token each; the one that `special` names has alternatives. */
function logprobs(tokens: readonly string[], at: number, top: Record<string, number>) {
  const one = (token: string, i: number) => ({
    ...{ token, logprob: -0.1 },
    top_logprobs: i === at
      ? Object.entries(top).map(([token, p]) => ({ token, logprob: Math.log(p) }))
      : [{ token, logprob: -0.1 }],
  });
  return { content: tokens.join(""), logprobs: { content: tokens.map(one) } };
}

Deno.test("readReply() has P(A) and P(B) of the winner's token, whatever stands before it in the token", () => {
  const cases: [string[], number, Record<string, number>][] = [
    [['{"reason":"r",', '"winner":"', "A", '"}'], 2, { A: 0.6, B: 0.2, t: 0.2 }],
    [['{"reason":"r",', '"winner":', ' "A', '"}'], 2, { ' "A': 0.6, ' "B': 0.2, ' "tie': 0.1 }],
    [['{"reason":"r","winner":"A"}'], 0, { '{"reason":"r","winner":"A"}': 1 }],
  ];
  for (const [tokens, at, top] of cases) {
    const { content, logprobs: found } = logprobs(tokens, at, top);
    const { verdict } = readReply(body(content, { logprobs: found }));
    assertEquals(verdict.outcome, "a");
    const [a, b] = verdict.scores!;
    assertAlmostEquals(a, tokens.length === 1 ? 1 : 0.75, 1e-12);
    assertAlmostEquals(a + b, 1, 1e-12);
  }
  const none = logprobs(['{"winner":"', "tie", '"}'], 1, { tie: 1 });
  assertEquals(
    readReply(body(none.content, { logprobs: none.logprobs })).verdict.scores,
    undefined,
  );
  const strange = { content: [{ token: 5 }] };
  assertEquals(readReply(body(says("A"), { logprobs: strange })).verdict.scores, undefined);
});
