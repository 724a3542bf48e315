import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import {
  advised,
  type OpenRule,
  openRule,
  type RuleFileOptions,
} from "../../../cli/judge/rule_file.ts";

async function withRule<T>(
  text: string,
  use: (rule: OpenRule, path: string) => Promise<T>,
  options: RuleFileOptions = {},
): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "leash rule ä#" }); // as a URL it is escaped
  const path = `${dir}/rule.js`; // TypeScript, which `deno test` checks first, has a test of its own
  await Deno.writeTextFile(`${dir}/length.js`, "export const size = (s) => s.length;\n");
  await Deno.writeTextFile(path, text);
  try {
    using rule = await openRule(path, options);
    return await use(rule, path);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const failed = (reason: string) => [{ reason }, { reason }] as const;

Deno.test("openRule() scores in order, by whatever the rule imports", async () => {
  const scores = await withRule(
    'import { size } from "./length.js";\n' +
      "export default (prompt, completion) => size(completion) - size(prompt);",
    (rule) => rule.score([["ab", "abcde", "a"], ["", "x", ""]]),
  );
  assertEquals(scores, [[3, -1], [1, 0]]);
});

const WANTED =
  "expected a module with export default (prompt: string, completion: string) => number";

for (
  const [name, text, found] of [
    ["no default export", "export const rule = 1;", "its default export is missing"],
    ["a number", "export default 3;", "its default export is a number"],
    ["no JavaScript", "export default (;", "it cannot be loaded ("],
    [
      "one that throws",
      'throw new Error("no key\\nat all");',
      "it cannot be loaded (no key at all)",
    ],
    ["one without its imports", 'import "./no.js"; export default 1;', "it cannot be loaded ("],
    [
      "one that reads at once",
      'Deno.readTextFileSync("/words"); export default () => 1;',
      'it cannot be loaded (Requires read access to "/words"; --rule-permissions read gives it)',
    ],
  ] as const
) {
  Deno.test(`openRule() refuses ${name} in one line`, async () => {
    const { message } = await assertRejects(
      () => withRule(text, () => Promise.resolve()),
      UsageError,
    );
    assertStringIncludes(message, found);
    assertStringIncludes(message, WANTED);
    assert(!message.includes("\n"), message);
  });
}

Deno.test("openRule() refuses what is not there, and folders", async () => {
  await assertRejects(() => openRule("no-such.ts"), UsageError, "it is not there");
  await assertRejects(() => openRule("."), UsageError, "it is a folder");
});

Deno.test("openRule() stops loading at an abort", async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 0);
  await assertRejects(
    () => withRule("await new Promise(() => {});", () => Promise.resolve(), stop),
    Error,
    "enough",
  );
});

// Whatever a rule does with an answer is that answer's reason, and the pairs around it have their scores.
const DOES = `export default (_prompt, completion) => {
  if (completion === "loops") for (;;);
  if (completion === "hangs") return new Promise(() => {});
  if (completion === "leaves a promise") Promise.reject(new Error("late"));
  if (completion === "leaves a timer") setTimeout(() => { throw new Error("late"); }, 0);
  if (completion === "waits") return new Promise((resolve) => setTimeout(() => resolve(5), 1));
  if (completion === "rejects") return Promise.reject(new Error("no key"));
  if (completion === "throws") throw new Error("no key");
  if (completion === "is a string") return "7";
  if (completion === "is NaN") return NaN;
  if (completion === "reads") return Deno.readTextFileSync("/etc/hosts").length;
  if (completion === "writes") Deno.writeTextFileSync("/tmp/no", "");
  if (completion === "asks") return Deno.env.get("HOME")?.length;
  if (completion === "runs") return new Deno.Command("ls").outputSync().code;
  if (completion === "connects") return Deno.connect({ port: 9 }).then(() => 1);
  if (completion === "ends") self.close();
  if (completion === "exits") Deno.exit(3);
  return completion.length;
};`;

Deno.test("openRule() makes a verdict of whatever the rule does", async () => {
  const late = failed("did not answer within 1 s");
  const needs = (what: string) => new RegExp(`^threw: Requires ${what} access`);
  const cases: [string, ReturnType<typeof failed> | readonly [number, number] | RegExp][] = [
    ["loops", late],
    ["hangs", late],
    ["leaves a promise", [2, 16]],
    ["leaves a timer", [2, 14]],
    ["waits", [2, 5]],
    ["rejects", failed("threw: no key")],
    ["throws", failed("threw: no key")],
    ["is a string", failed('returned "7" (a string), expected a finite number')],
    ["is NaN", failed("returned NaN, expected a finite number")],
    ["reads", needs("read")],
    ["writes", needs("write")],
    ["asks", needs("env")],
    ["runs", needs("run")],
    ["connects", needs("net")],
    ["ends", failed("threw: a rule cannot end the program")],
    ["exits", failed("threw: a rule cannot end the program")],
    ["", [2, 0]],
  ];
  const pairs = cases.map(([completion]) => ["p", "ab", completion] as const);
  const scores = await withRule(DOES, (rule) => rule.score(pairs), { ruleTimeout: 1 });
  for (const [i, [name, wanted]] of cases.entries()) {
    const [a, b] = scores[i];
    if (!(wanted instanceof RegExp)) {
      const [wantedA, wantedB] = wanted;
      assertEquals([a, b], [typeof wantedA === "number" ? wantedA : 2, wantedB], name);
    } else assert(typeof b === "object" && wanted.test(b.reason), `${name}: ${Deno.inspect(b)}`);
  }
});

Deno.test("openRule() begins anew where a thread hangs for good, and stops after three times", async () => {
  // Past its first promise nothing in the thread itself can stop a call; this one sleeps, and ends after the test.
  const rule = `export default async (_prompt, completion) => {
    await undefined;
    if (completion === "sleeps") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
    return completion.length;
  };`;
  const pair = (a: string) => ["p", a, ""] as const;
  const asked = ["x", "sleeps", "yy", "sleeps", "sleeps", "x"].map(pair);
  const scores = await withRule(rule, (rule) => rule.score(asked), { ruleTimeout: 0.2 });
  const hung = failed("did not answer within 0.2 s");
  const last = failed("was not asked any more after it had hung 3 times");
  assertEquals(scores, [[1, 0], hung, [2, 0], hung, hung, last]);
});

Deno.test("openRule() ends a call at an abort, and scores again after it", async () => {
  await withRule(DOES, async (rule) => {
    const stop = new AbortController();
    const call = rule.score([["p", "hangs", ""]], stop.signal);
    const next = rule.score([["p", "x", ""]]); // waits for its turn
    setTimeout(() => stop.abort(new Error("enough")), 0);
    await assertRejects(() => call, Error, "enough");
    assertEquals(await next, [[1, 0]]);
  });
});

Deno.test("openRule() gives the rights that are named, and no more", async () => {
  const rule = `export default (_prompt, completion) =>
    Deno.readTextFileSync(completion).length;`;
  const dir = await Deno.makeTempDir();
  for (const name of ["a", "b"]) await Deno.writeTextFile(`${dir}/${name}`, name);
  const read = (options: RuleFileOptions) =>
    withRule(rule, async (rule) => {
      const scores = await rule.score([["", `${dir}/a`, ""], ["", `${dir}/b`, ""]]);
      return scores.map(([, b], i) => {
        const why = typeof b === "object" ? b.reason : "";
        return !why.includes(`${dir}/${"ab"[i]}`); // read it, and failed at ""
      });
    }, options);
  assertEquals(await read({}), [false, false]);
  assertEquals(await read({ rulePermissions: `read=${dir}/a` }), [true, false]);
  assertEquals(await read({ rulePermissions: "read" }), [true, true]);
  assertEquals(await read({ trustRule: true }), [true, true]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("advised() names the flags of this program", () => {
  assertEquals(
    advised('threw: Requires net access to "x:1", run again with the --allow-net flag'),
    'threw: Requires net access to "x:1"; --rule-permissions net gives it',
  );
});

Deno.test("examples/rules/concise.ts prefers complete, concise and polite answers", async () => {
  using rule = await openRule(
    new URL("../../../examples/rules/concise.ts", import.meta.url).pathname,
  );
  const prompt = "How do I store food?";
  const good = "Of course! Keep the food in a cool and dry place, and close every box well. " +
    "I hope this helps with storing it.";
  const worse = [
    "", // nothing
    "Box.", // curt
    good.slice(0, -1), // cut off
    good.replace("Of course!", "Stupid question!"), // rude
    "Keep the food cool. ".repeat(12), // in circles
    good + " And then there is more to say about it." +
    " It never ends, as we shall see now.".repeat(6),
  ];
  const scores = await rule.score(worse.map((answer) => [prompt, good, answer] as const));
  for (const [i, [a, b]] of scores.entries()) assert(a > b, worse[i]);
});
