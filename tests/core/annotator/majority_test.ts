// Votes are counted; draws are ties; failures are no votes; a broken voter stops the others.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Annotator, Outcome } from "../../../core/annotator/annotator.ts";
import { majority } from "../../../core/annotator/majority.ts";

const PAIR = { prompt: "p", a: "x", b: "y" };

function always(outcome: Outcome): Annotator {
  return {
    name: `always ${outcome}`,
    annotate: (pairs) => Promise.resolve(pairs.map(() => ({ outcome, reason: "why" }))),
  };
}

const CASES: [Outcome[], Outcome][] = [
  [["a"], "a"],
  [["a", "a", "b"], "a"],
  [["b", "a", "b"], "b"],
  [["a", "b"], "tie"],
  [["a", "tie"], "tie"],
  [["a", "tie", "tie"], "tie"],
  [["a", "a", "tie"], "a"],
  [["a", "b", "tie"], "tie"],
  [["a", "a", "b", "b", "tie"], "tie"],
  [["failed", "b", "b"], "b"],
  [["failed", "a", "b"], "tie"],
  [["failed", "failed", "b"], "failed"],
  [["failed", "a"], "failed"],
  [["failed"], "failed"],
];
for (const [votes, wanted] of CASES) {
  Deno.test(`majority() of ${votes.join(", ")} is ${wanted}`, async () => {
    const [verdict] = await majority(votes.map(always)).annotate([PAIR]);
    assertEquals(verdict.outcome, wanted);
    assert(verdict.reason);
  });
}

Deno.test("majority() counts pair by pair", async () => {
  const voter = (first: Outcome, second: Outcome): Annotator => ({
    name: "voter",
    annotate: () => Promise.resolve([{ outcome: first }, { outcome: second }]),
  });
  const vote = majority([voter("a", "b"), voter("a", "b"), voter("b", "tie")]);
  const verdicts = await vote.annotate([PAIR, PAIR]);
  assertEquals(verdicts.map(({ outcome }) => outcome), ["a", "b"]);
  assertEquals(verdicts[1].reason, "votes: a 0, b 2, tie 1, failed 0");
});

Deno.test("majority() takes another quorum and name, and names who failed", async () => {
  const voters = [always("failed"), always("failed"), always("b")];
  const lenient = majority(voters, { quorum: 1, name: "jury" });
  assertEquals(lenient.name, "jury");
  assertEquals((await lenient.annotate([PAIR]))[0].outcome, "b");
  const [strict] = await majority(voters).annotate([PAIR]);
  assert(strict.reason?.includes("always failed: why"), strict.reason);
});

Deno.test("majority() aborts the others when one rejects, and waits for them", async () => {
  const broken: Annotator = { name: "broken", annotate: () => Promise.reject(new Error("down")) };
  let aborted = false;
  const patient: Annotator = {
    name: "patient",
    annotate: (_pairs, options) =>
      new Promise((_, reject) => {
        options?.signal?.addEventListener("abort", () => {
          aborted = true;
          reject(options.signal?.reason);
        });
      }),
  };
  await assertRejects(() => majority([patient, broken]).annotate([PAIR]), Error, "down");
  assert(aborted);
});

Deno.test("majority() stops at an abort", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  await assertRejects(() => majority([always("a")]).annotate([PAIR], { signal }), Error, "stopped");
});

Deno.test("majority() refuses an empty list and a quorum out of range", () => {
  assertThrows(() => majority([]), TypeError, "the list is empty");
  for (const quorum of [0, 3, 1.5, NaN]) {
    const make = () => majority([always("a"), always("b")], { quorum });
    assertThrows(make, RangeError, `quorum is ${quorum}`);
  }
});
