import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Candidate, Verdict } from "../../../core/annotator/annotator.ts";
import { withOrderSwap } from "../../../core/annotator/order_swap.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { httpJudge, type HttpJudgeOptions } from "../../../core/judge/http_judge.ts";
import { fakeClock } from "../../support/fake_clock.ts";
import { fakeJudge } from "../../support/fake_judge.ts";

const longer = (_: string, a: string, b: string) => a.length > b.length ? "A" : "B";
const pairs: Candidate[] = ["x", "xx", "xxx"].map((a, i) => ({ prompt: `p${i}`, a, b: "yy!!" }));
const judgeOf = (fetch: typeof globalThis.fetch, options: Partial<HttpJudgeOptions> = {}) =>
  httpJudge({
    url: "http://judge.test/v1",
    model: "m",
    timeout: Infinity,
    clock: fakeClock(),
    fetch,
    ...options,
  });

Deno.test("httpJudge() gives each pair what the model said, and counts tokens and cost", async () => {
  const fake = fakeJudge(longer);
  const judge = judgeOf(fake.fetch, { price: { prompt: 2, completion: 10 } });
  assertEquals(judge.name, "judge:m");
  const verdicts = await judge.annotate(pairs);
  assertEquals(verdicts.map(({ outcome }) => outcome), ["b", "b", "b"]);
  const { pairs: asked, calls, failed, promptTokens, completionTokens, cost } = judge.counts;
  assertEquals([asked, calls, failed, promptTokens, completionTokens], [3, 3, 0, 300, 30]);
  assertAlmostEquals(cost, (300 * 2 + 30 * 10) / 1e6, 1e-15);
  const [{ model, temperature, response_format: format }] = fake.seen;
  assertEquals([model, temperature, format.type], ["m", 0, "json_schema"]);
});

Deno.test("httpJudge() in both orders calls who always takes the first a flip", async () => {
  const fake = fakeJudge(() => "A");
  const verdicts = await withOrderSwap(judgeOf(fake.fetch)).annotate(pairs);
  assertEquals(
    verdicts.map(({ outcome, flip }) => [outcome, flip]),
    Array(3).fill(["tie", "first"]),
  );
  assertEquals(fake.seen.length, 6);
});

Deno.test("httpJudge() asks nothing that its store knows, and keeps no failure", async () => {
  const store = new Map<string, Verdict>();
  const first = fakeJudge(longer, { replies: (i) => i === 1 ? new Response("<html>") : undefined });
  const judge = judgeOf(first.fetch, { store, concurrency: 1 });
  const verdicts = await judge.annotate(pairs);
  assertEquals(verdicts.map(({ outcome }) => outcome), ["b", "failed", "b"]);
  assertEquals([store.size, judge.counts.failed], [2, 1]);
  const second = fakeJudge(longer);
  const later = judgeOf(second.fetch, { store });
  assertEquals((await later.annotate(pairs)).map(({ outcome }) => outcome), ["b", "b", "b"]);
  assertEquals([second.seen.length, later.counts.remembered], [1, 2]);
  assertEquals((await later.annotate(pairs.slice(0, 1), { isFresh: true }))[0].outcome, "b");
  assertEquals([second.seen.length, store.size], [2, 3]);
  for (
    const other of [{ model: "n" }, { temperature: 1 }, { rubric: { name: "r", text: "other" } }]
  ) {
    const third = fakeJudge(longer);
    await judgeOf(third.fetch, { store: new Map(store), ...other }).annotate(pairs);
    assertEquals(third.seen.length, 3, JSON.stringify(other));
  }
  const swapped = fakeJudge(longer);
  await judgeOf(swapped.fetch, { store }).annotate(
    pairs.map(({ prompt, a, b }) => ({ prompt, a: b, b: a })),
  );
  assertEquals(swapped.seen.length, 3, "another order is another question");
});

Deno.test("httpJudge() ends where its budget does, with what was said kept", async () => {
  for (
    const [budget, calls] of [[{ calls: 2 }, 2], [{ tokens: 111 }, 2], [{ cost: 1e-4 }, 1]] as const
  ) {
    const store = new Map<string, Verdict>(), fake = fakeJudge(longer);
    const price = { prompt: 1, completion: 1 };
    const judge = judgeOf(fake.fetch, { budget, price, store, concurrency: 1 });
    const error = await assertRejects(() => judge.annotate(pairs), Mistake, "are spent");
    assertEquals([error.code, fake.seen.length, store.size], ["annotator", calls, calls]);
  }
});

Deno.test("httpJudge() asks a server that knows no schema without one, and blames a pair for its own", async () => {
  const plain = fakeJudge(longer, {
    replies: (_, body) =>
      "response_format" in body ? new Response("?", { status: 400 }) : undefined,
  });
  const judge = judgeOf(plain.fetch, { concurrency: 1 });
  assertEquals((await judge.annotate(pairs)).map(({ outcome }) => outcome), ["b", "b", "b"]);
  assertEquals(plain.seen.length, 4, "it is told once");
  const picky = fakeJudge(longer, {
    replies: (_, body) =>
      body.messages[1].content.includes("p1") ? new Response("?", { status: 400 }) : undefined,
  });
  const verdicts = await judgeOf(picky.fetch, { concurrency: 1 }).annotate(pairs);
  assertEquals(verdicts.map(({ outcome }) => outcome), ["b", "failed", "b"]);
  assert("response_format" in picky.seen.at(-1)!, "the pair was to blame, not the schema");
});

Deno.test("httpJudge() ends at once where the endpoint refuses everybody, or its signal is aborted", async () => {
  const closed = fakeJudge(longer, { replies: () => new Response("", { status: 401 }) });
  await assertRejects(
    () => judgeOf(closed.fetch, { concurrency: 1 }).annotate(pairs),
    Mistake,
    "HTTP 401",
  );
  assertEquals(closed.seen.length, 1);
  const controller = new AbortController();
  const fake = fakeJudge(longer, {
    replies: (i) => i === 1 ? (controller.abort(new Error("enough")), undefined) : undefined,
  });
  const judge = judgeOf(fake.fetch, { concurrency: 1 });
  await assertRejects(() => judge.annotate(pairs, { signal: controller.signal }), Error, "enough");
  assertEquals(fake.seen.length, 2);
});
