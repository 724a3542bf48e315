/** What the documents promise about commands is there, and every task asks for as little as it can. */
import { assert, assertEquals, assertFalse } from "@std/assert";
import config from "../deno.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url);

/** The documents a user or a developer reads. */
async function documents(): Promise<{ path: string; text: string }[]> {
  const paths = [
    "tools/README.md",
    "stories/model/README.md",
    "bench/RESULTS.md",
    "tests/fixtures/README.md",
  ];
  for await (const entry of Deno.readDir(ROOT)) {
    if (entry.isFile && entry.name.endsWith(".md")) paths.push(entry.name);
  }
  return await Promise.all(
    paths.sort().map(async (path) => ({
      path,
      text: await Deno.readTextFile(new URL(path, ROOT)),
    })),
  );
}

const TASKS: Record<string, { description: string; command: string }> = config.tasks;

Deno.test("the documents name no task that deno.json does not have", async () => {
  const texts = await documents();
  assert(
    texts.some(({ path }) => path === "README.md"),
    "there is no README.md",
  );
  for (const { path, text } of texts) {
    for (
      const [command, task] of text.matchAll(
        /\b(?:deno(?:@[\d.]+)?) task ([a-z][\w:-]*)/g,
      )
    ) {
      assert(
        task in TASKS,
        `${path}: \`${command}\`: deno.json has no task ${task}`,
      );
    }
  }
});

Deno.test("the documents and CI name one version of Deno", async () => {
  const texts = await documents();
  texts.push({
    path: ".ci/run",
    text: await Deno.readTextFile(new URL(".ci/run", ROOT)),
  });
  const versions = texts.flatMap(({ text }) =>
    [...text.matchAll(/\bdeno@([\d.]*\d)/g)].map((m) => m[1])
  );
  assert(versions.length > 0);
  assertEquals(
    [...new Set(versions)].length,
    1,
    `versions ${[...new Set(versions)].join(", ")}`,
  );
});

Deno.test("the documents link to no file that is not there", async () => {
  for (const { path, text } of await documents()) {
    for (
      const [, target] of text.matchAll(
        /\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g,
      )
    ) {
      const found = await Deno.stat(new URL(target, new URL(path, ROOT))).catch(
        () => undefined,
      );
      assert(
        found !== undefined,
        `${path}: links to ${target}, which is not there`,
      );
    }
  }
});

for (const [name, { description, command }] of Object.entries(TASKS)) {
  Deno.test(`task ${name} has a description and no permission to do everything`, () => {
    assert(description.length > 0);
    assertFalse(/(^|\s)(-A|--allow-all)\b/.test(command), command);
  });
}

Deno.test("task docs checks every export", () => {
  const checked = TASKS.docs.command.split(" ").filter((word) => word.endsWith(".ts"));
  const exported = Object.values(config.exports).map((path) => path.replace(/^\.\//, ""));
  assertEquals(checked.sort(), exported.sort());
});

Deno.test("the lock file pins every package that deno.json imports from npm", async () => {
  const { specifiers } = JSON.parse(
    await Deno.readTextFile(new URL("deno.lock", ROOT)),
  );
  const pinned = Object.keys(specifiers);
  for (const target of Object.values(config.imports).filter((t) => t.startsWith("npm:"))) {
    const name = target.slice(0, target.lastIndexOf("@")); // Deno writes ranges in its own way
    assert(pinned.some((one) => one.startsWith(`${name}@`)), `deno.lock does not pin ${target}`);
  }
});
