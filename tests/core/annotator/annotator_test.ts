// The interface's own checks: answers that cannot be used never pass.
import { assertEquals, assertRejects } from "@std/assert";
import {
  type Annotator,
  askAnnotator,
  type Candidate,
  swapCandidate,
  swapVerdict,
  type Verdict,
} from "../../../core/annotator/annotator.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const PAIR: Candidate = { prompt: "p", a: "x", b: "y" };

function answering(verdicts: unknown): Annotator {
  return { name: "stub", annotate: () => Promise.resolve(verdicts as Verdict[]) };
}

Deno.test("askAnnotator() passes pairs, signal and verdicts through", async () => {
  const { signal } = new AbortController();
  let seen: unknown;
  const annotator: Annotator = {
    name: "spy",
    annotate(pairs, options) {
      seen = [pairs, options?.signal];
      return Promise.resolve([{ outcome: "b", scores: [1, 2] }]);
    },
  };
  const verdicts = await askAnnotator(annotator, [PAIR], { signal });
  assertEquals(verdicts, [{ outcome: "b", scores: [1, 2] }]);
  assertEquals((seen as unknown[])[0], [PAIR]);
  assertEquals((seen as unknown[])[1] === signal, true);
});

const REFUSED: [string, unknown, string][] = [
  ["too few verdicts", [], "0 verdicts, expected 1"],
  ["too many verdicts", [{ outcome: "a" }, { outcome: "a" }], "2 verdicts, expected 1"],
  ["no list", undefined, "undefined, expected 1"],
  ["an unknown outcome", [{ outcome: "A" }], "outcome 0 is A"],
  ["an inherited name", [{ outcome: "toString" }], "outcome 0 is toString"],
  ["a missing verdict", [undefined], "outcome 0 is undefined"],
];
for (const [what, verdicts, message] of REFUSED) {
  Deno.test(`askAnnotator() refuses ${what}`, async () => {
    await assertRejects(() => askAnnotator(answering(verdicts), [PAIR]), Mistake, message);
  });
}

Deno.test("askAnnotator() does not ask for nothing, nor after an abort", async () => {
  let asked = 0;
  const annotator: Annotator = {
    name: "counter",
    annotate: () => Promise.reject(new Error(`asked ${++asked} times`)),
  };
  assertEquals(await askAnnotator(annotator, []), []);
  const signal = AbortSignal.abort(new Error("stopped"));
  await assertRejects(() => askAnnotator(annotator, [PAIR], { signal }), Error, "stopped");
  assertEquals(asked, 0);
});

Deno.test("askAnnotator() drops verdicts that arrive after an abort", async () => {
  const stop = new AbortController();
  const late: Annotator = {
    name: "late",
    annotate() {
      stop.abort(new Error("too late"));
      return Promise.resolve([{ outcome: "a" }]);
    },
  };
  await assertRejects(
    () => askAnnotator(late, [PAIR], { signal: stop.signal }),
    Error,
    "too late",
  );
});

Deno.test("askAnnotator() leaves an annotator that ignores its signal, and drops what it says later", async () => {
  const stop = new AbortController();
  const answers = Promise.withResolvers<Verdict[]>();
  const deaf: Annotator = { name: "deaf", annotate: () => answers.promise };
  const asked = askAnnotator(deaf, [PAIR], { signal: stop.signal });
  stop.abort(new Error("enough"));
  await assertRejects(() => asked, Error, "enough");
  answers.reject(new Error("nobody hears this")); // unhandled, it would end the process
  await answers.promise.catch(() => {});
});

Deno.test("swapCandidate() exchanges the answers, twice is the identity", () => {
  assertEquals(swapCandidate(PAIR), { prompt: "p", a: "y", b: "x" });
  assertEquals(swapCandidate(swapCandidate(PAIR)), PAIR);
});

Deno.test("swapVerdict() exchanges winner and scores and leaves ties and failures", () => {
  const cases: [Verdict, Verdict][] = [
    [{ outcome: "a", scores: [3, 1] }, { outcome: "b", scores: [1, 3] }],
    [{ outcome: "b", reason: "r" }, { outcome: "a", reason: "r" }],
    [{ outcome: "tie", scores: [1, 2] }, { outcome: "tie", scores: [2, 1] }],
    [{ outcome: "failed", reason: "r" }, { outcome: "failed", reason: "r" }],
    [{ outcome: "a", order: "a,b" }, { outcome: "b", order: "b,a" }],
    [{ outcome: "tie", order: "both" }, { outcome: "tie", order: "both" }],
  ];
  for (const [verdict, swapped] of cases) {
    assertEquals(swapVerdict(verdict), swapped);
    assertEquals(swapVerdict(swapped), verdict);
  }
});
