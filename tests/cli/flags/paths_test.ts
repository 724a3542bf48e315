import { assertEquals, assertMatch } from "@std/assert";
import { absolutePath, datedFolder, withAbsolutePaths } from "../../../cli/flags/paths.ts";

Deno.test("absolutePath() is from the folder that is given, and leaves absolute ones", () => {
  const table: [path: string, absolute: string][] = [
    ["runs/a", "/home/me/runs/a"],
    ["./a", "/home/me/a"],
    ["../b//c/.", "/home/b/c"],
    ["/x/y", "/x/y"],
    ["C:\\x", "C:\\x"],
  ];
  for (const [path, absolute] of table) assertEquals(absolutePath(path, "/home/me"), absolute);
});

Deno.test("withAbsolutePaths() changes what is there, patterns and rules, and no hub id", async () => {
  const before = Deno.cwd();
  const dir = await Deno.realPath(await Deno.makeTempDir());
  await Deno.writeTextFile(`${dir}/rule.ts`, "");
  await Deno.mkdir(`${dir}/model`);
  Deno.chdir(dir);
  try {
    assertEquals(
      withAbsolutePaths({
        ...{ model: "model", data: "rows/*.jsonl", adapter: "no-such", reference: "sft" },
        ...{ annotator: "rule:rule.ts,swap", replay: undefined },
      }),
      {
        ...{ model: `${dir}/model`, data: `${dir}/rows/*.jsonl`, adapter: "no-such" },
        ...{ reference: "sft", annotator: `rule:${dir}/rule.ts,swap`, replay: undefined },
      },
    );
    const hub = { model: "org/name@main", data: "org/data", annotator: "stories" };
    assertEquals(withAbsolutePaths(hub), hub);
  } finally {
    Deno.chdir(before);
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("datedFolder() names the time, what is done and the seed", () => {
  assertMatch(datedFolder("dpo", 1), /^runs\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-dpo-1$/);
});
