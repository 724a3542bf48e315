import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { judgeAddress, openHttpJudge } from "../../../cli/judge/http.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { inFolder } from "../../support/in_folder.ts";
import { judgeServer, longerButRight } from "../../support/judge_server.ts";

const pairs = ["x", "xx", "xxx"].map((a, i) => ({ prompt: `p${i}`, a, b: "yy!!" }));

Deno.test("judgeAddress() is an address and a model, and no key", () => {
  assertEquals(judgeAddress("http://h:1/v1#org/m:7b"), { url: "http://h:1/v1", model: "org/m:7b" });
  for (const text of ["http://h/v1", "h#m", "http://h/v1#", "ftp://h#m", "http://h#m#n"]) {
    assertThrows(() => judgeAddress(text), UsageError, "judge:URL#MODEL");
  }
  for (const text of ["http://u@h/v1#m", "http://u:p@h/v1#m", "http://h/v1?key=s3cret#m"]) {
    const error = assertThrows(() => judgeAddress(text), UsageError, "LEASH_JUDGE_KEY");
    assert(!error.message.includes("s3cret"));
  }
});

Deno.test("openHttpJudge() asks canaries, then each pair in both orders, and pays for nothing twice", async () => {
  await inFolder(async (dir) => {
    await using server = judgeServer(longerButRight);
    const settings = { judgeCache: `${dir}/verdicts.sqlite`, judgeConcurrency: 2 };
    {
      using judge = await openHttpJudge(`${server.url}#m`, settings, "sk-1");
      const verdicts = await judge.annotator.annotate(pairs);
      assertEquals(
        verdicts.map(({ outcome, order }) => [outcome, order]),
        Array(3).fill(["b", "both"]),
      );
      assertEquals(server.seen.length, 8 + 6);
      assertEquals([...server.keys], ["Bearer sk-1"]);
      assert(server.seen[0].messages[0].content.startsWith("Compare two answers"));
    }
    using again = await openHttpJudge(`${server.url}#m`, settings, "sk-1");
    await again.annotator.annotate(pairs);
    assertEquals(server.seen.length, 14 + 8, "the canaries alone are asked again");
    await using wrong = judgeServer(() => "A");
    using distrusted = await openHttpJudge(`${wrong.url}#m`, {}, undefined);
    await assertRejects(() => distrusted.annotator.annotate(pairs), Mistake, "of 4 canaries");
    assertEquals([...wrong.keys], [null], "no key, no header");
  });
});

Deno.test("openHttpJudge() judges by a user's rubric, within the calls that it may make", async () => {
  await inFolder(async (dir) => {
    await using server = judgeServer(longerButRight);
    await Deno.writeTextFile(`${dir}/rubric.txt`, "\nPrefer rhymes.\n");
    const settings = { judgeRubric: `${dir}/rubric.txt`, judgeCalls: 10, judgeConcurrency: 1 };
    using judge = await openHttpJudge(`${server.url}#m`, settings, undefined);
    await assertRejects(() => judge.annotator.annotate(pairs), Mistake, "10 of 10 calls are spent");
    assertEquals(server.seen.length, 10);
    assert(
      server.seen.every(({ messages }) => messages[0].content.startsWith("Prefer rhymes.\n\n")),
    );
    await Deno.writeTextFile(`${dir}/empty.txt`, " \n");
    for (const [name, found] of [["none.txt", "it cannot be read"], ["empty.txt", "it is empty"]]) {
      await assertRejects(
        () => openHttpJudge(`${server.url}#m`, { judgeRubric: `${dir}/${name}` }),
        UsageError,
        found,
      );
    }
  });
});

Deno.test(
  "openHttpJudge() refuses by one line where this program may not connect",
  { permissions: { net: false, env: false } },
  async () => {
    await assertRejects(
      () => openHttpJudge("http://127.0.0.1:1/v1#m", {}),
      UsageError,
      "--annotator is a judge at 127.0.0.1:1 and this program may not connect, expected " +
        "`deno task leash train`, or Deno's --allow-net=127.0.0.1:1",
    );
  },
);

Deno.test(
  "openHttpJudge() needs no key, and no right to look for one",
  { permissions: { net: ["127.0.0.1:1"], env: false } },
  async () => {
    using judge = await openHttpJudge("http://127.0.0.1:1/v1#m", {});
    assertEquals(judge.annotator.name, "judge:m");
  },
);
