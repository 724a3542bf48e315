import { assertEquals, assertThrows } from "@std/assert";
import { UnusableRow } from "../../../../core/text/rows/report.ts";
import {
  askedOf,
  bestAndWorst,
  dialogueOf,
  hasOtherPrompt,
  questionOf,
} from "../../../../core/text/rows/shapes.ts";

Deno.test("questionOf() and dialogueOf() find the column that is asked, if it holds something", () => {
  assertEquals(questionOf({ input: "x", question: "q" }), "question");
  assertEquals(questionOf({ question: " ", query: "q" }), "query");
  assertEquals(questionOf({ question: 3 }), undefined);
  assertEquals(dialogueOf({ conversations: "text", messages: [] }), "messages");
  assertEquals(dialogueOf({}), undefined);
});

Deno.test("askedOf() puts a blank line between an instruction and its input", () => {
  assertEquals(askedOf({ instruction: "i", input: "x" }, "instruction"), "i\n\nx");
  for (const input of ["", " ", null, undefined]) {
    assertEquals(askedOf({ instruction: "i", input }, "instruction"), "i");
  }
  assertEquals(askedOf({ question: "q", input: "x" }, "question"), "q");
  assertThrows(
    () => askedOf({ instruction: "i", input: 3 }, "instruction"),
    UnusableRow,
    "input is a number, expected text",
  );
});

Deno.test("hasOtherPrompt() sees a column that could be asked, and none in what only describes a row", () => {
  const pair = { chosen: "a", rejected: "b" };
  const others = { id: "1", prompt_id: "a", source: "b", chosen_model: "c", score: "4", turns: 3 };
  assertEquals(hasOtherPrompt({ ...pair, ...others }), false);
  for (const name of ["problem", "context", "post", "idea"]) {
    assertEquals(hasOtherPrompt({ ...pair, [name]: "x" }), true, name);
  }
});

Deno.test("bestAndWorst() goes by the scores that every answer has, the finest first", () => {
  const answers = [
    { response: "a", "fine-grained_score": 1, overall_score: 9 },
    { response: "b", "fine-grained_score": 4, overall_score: 2 },
  ];
  assertEquals(bestAndWorst(answers), { chosen: "b", rejected: "a" });
  const some = [answers[0], { response: "b", overall_score: 2 }];
  assertEquals(bestAndWorst(some), { chosen: "a", rejected: "b" });
  assertThrows(() => bestAndWorst([answers[0]]), UnusableRow, "are not two or more answers");
  assertThrows(() => bestAndWorst("a"), UnusableRow, "completions is a string, expected a list");
});
