import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Annotator, Candidate } from "../../../core/annotator/annotator.ts";
import { CANARIES, type Canary, withCanaries } from "../../../core/annotator/canaries.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const canary: Canary = { prompt: "bird", a: "good", b: "bad", winner: "a" };
const pairs = (n: number): Candidate[] =>
  Array.from({ length: n }, (_, i) => ({ prompt: `${i}`, a: "x", b: "y" }));

/** Says b of every pair and, while it is well, a of the canary; it remembers the prompts of each call. */
function watched(isWell: (call: number) => boolean) {
  const calls: string[][] = [], fresh: unknown[] = [];
  const annotator: Annotator = {
    name: "watched",
    annotate(asked, { isFresh } = {}) {
      calls.push(asked.map(({ prompt }) => prompt));
      fresh.push(isFresh);
      const call = calls.filter(([first]) => first === "bird").length;
      return Promise.resolve(
        asked.map(({ prompt }) => ({
          outcome: prompt === "bird" && isWell(call) ? "a" as const : "b" as const,
          reason: "so",
        })),
      );
    },
  };
  return { annotator, calls, fresh };
}

Deno.test("withCanaries() asks them first, anew, and after every so many pairs, over calls", async () => {
  const { annotator, calls, fresh } = watched(() => true);
  const safe = withCanaries(annotator, [canary], { every: 3 });
  assertEquals((await safe.annotate(pairs(4))).map(({ outcome }) => outcome), Array(4).fill("b"));
  await safe.annotate(pairs(2));
  await safe.annotate([]);
  await safe.annotate(pairs(1));
  assertEquals(calls, [["bird"], ["0", "1", "2"], ["bird"], ["3"], ["0", "1"], ["bird"], ["0"]]);
  assertEquals(fresh.filter((one) => one === true).length, 3, "canaries alone are asked anew");
});

Deno.test("withCanaries() rejects while one is wrong, and asks again before it goes on", async () => {
  const { annotator, calls } = watched((call) => call !== 2);
  const safe = withCanaries(annotator, [canary], { every: 2 });
  const error = await assertRejects(() => safe.annotate(pairs(4)), Mistake, "1 of 1 canaries");
  assertEquals([error.code, error.verb, error.thing], ["annotator", "trust", "watched"]);
  assert(error.message.includes('"bird": b, "so"'), error.message);
  assertEquals(calls.at(-1), ["bird"], "nothing is asked after it");
  assertEquals((await safe.annotate(pairs(1))).length, 1);
  assertEquals(calls.slice(-2), [["bird"], ["0"]]);
  const lenient = withCanaries(watched(() => false).annotator, [canary], { mayFail: 1 });
  assertEquals((await lenient.annotate(pairs(1))).length, 1);
});

Deno.test("CANARIES have winners on both sides, and no rule of length or place passes them", () => {
  const share = (wins: (one: Canary) => boolean) => CANARIES.filter(wins).length / CANARIES.length;
  const longer = ({ a, b, winner }: Canary) => (a.length > b.length) === (winner === "a");
  for (const rule of [longer, ({ winner }: Canary) => winner === "a"]) {
    assert(share(rule) > 0 && share(rule) < 1);
  }
});

Deno.test("withCanaries() refuses none, and an interval that is none", () => {
  const { annotator } = watched(() => true);
  assertThrows(() => withCanaries(annotator, []), RangeError, "has 0 canaries");
  assertThrows(() => withCanaries(annotator, [canary], { every: 0 }), RangeError, "every 0 pairs");
});
