import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../cli/flag_parser.ts";
import { readRuleFile } from "../../cli/rule_file.ts";

async function withFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "leash rule ä#" }); // as a URL it is escaped
  const path = `${dir}/rule.ts`;
  await Deno.writeTextFile(path, text);
  try {
    return await use(path);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("readRuleFile() gives the default export", async () => {
  const rule = await withFile(
    "export default (prompt: string, completion: string): number => completion.length - prompt.length;",
    readRuleFile,
  );
  assertEquals(rule("ab", "abcde"), 3);
});

const WANTED =
  "expected a module with export default (prompt: string, completion: string) => number";

for (
  const [name, text, found] of [
    ["no default export", "export const rule = 1;", "its default export is missing"],
    ["a number", "export default 3;", "its default export is a number"],
    ["no TypeScript", "export default (;", "it cannot be loaded ("],
    ["one that throws", 'throw new Error("no key\\nat all");', "it cannot be loaded (no key)"],
    ["one without its imports", 'import "./no.ts"; export default 1;', "it cannot be loaded ("],
  ] as const
) {
  Deno.test(`readRuleFile() refuses ${name} in one line`, async () => {
    const { message } = await withFile(
      text,
      (path) => assertRejects(() => readRuleFile(path), UsageError),
    );
    assertStringIncludes(message, found);
    assertStringIncludes(message, WANTED);
    assert(!message.includes("\n"), message);
  });
}

Deno.test("readRuleFile() refuses what is not there, and folders", async () => {
  await assertRejects(() => readRuleFile("no-such.ts"), UsageError, "it is not there");
  await assertRejects(() => readRuleFile("."), UsageError, "it is a folder");
});

Deno.test("examples/rules/concise.ts prefers complete, concise and polite answers", async () => {
  const rule = await readRuleFile(
    new URL("../../examples/rules/concise.ts", import.meta.url).pathname,
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
  for (const answer of worse) {
    assert(rule(prompt, good) > rule(prompt, answer), answer);
  }
});
