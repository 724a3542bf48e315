import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { askedOfTrainable, openJudge } from "../../../cli/judge/named_annotator.ts";

Deno.test("openJudge() opens a rule's file with its combinators, and names whoever fails", async () => {
  const path = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(path, "export default (_p, c) => c.length;\n");
  using judge = await openJudge("evaluate", { annotator: `rule:${path},noise:1`, seed: 1 });
  const [verdict] = await judge.annotate([{ prompt: "p", a: "long one", b: "b" }]);
  assertEquals(verdict.outcome, "b", "Expected noise:1 to turn every verdict round");
  await Deno.remove(path);
});

Deno.test("openJudge() says the command's own name", async () => {
  for (const name of ["nobody", "none", "stories,noise:2"]) {
    await assertRejects(
      () => openJudge("annotate", { annotator: name, seed: 1 }),
      UsageError,
      "Cannot annotate: --annotator",
    );
  }
});

Deno.test("askedOfTrainable() asks nobody about equal and empty answers, and keeps the order", async () => {
  const asked: string[] = [];
  const judge = askedOfTrainable({
    name: "a",
    annotate: (pairs) => Promise.resolve(pairs.map(({ a }) => (asked.push(a), { outcome: "b" }))),
  });
  const pair = (a: string, b: string) => ({ prompt: "p", a, b });
  const verdicts = await judge.annotate(
    [pair("x", "y"), pair(" ", "y"), pair("z", "z"), pair("w", "\n"), pair("v", "u")],
  );
  assertEquals(asked, ["x", "v"]);
  assertEquals(verdicts.map(({ outcome, reason }) => [outcome, reason]), [
    ["b", undefined],
    ["failed", "answer a is empty: nobody was asked"],
    ["tie", "both answers are the same"],
    ["failed", "answer b is empty: nobody was asked"],
    ["b", undefined],
  ]);
});
