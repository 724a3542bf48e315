import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseConfig, readConfigFile } from "../../../cli/flags/config_file.ts";
import { type Flag, given, text, under } from "../../../cli/flags/kinds.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { TRAIN_FLAGS } from "../../../cli/flags/train_table.ts";
import { rows } from "../../malformed/config_file.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const parse = (content: string, name: string, flags: readonly Flag[] = TRAIN_FLAGS) =>
  parseConfig(new TextEncoder().encode(content), name, flags);

Deno.test("parseConfig() reads JSON and TOML alike, keys with dashes or in camel case", () => {
  const wanted = { steps: 4, maxNew: 8, lr: 1e-3, loss: "ipo", offline: true, model: "org/name" };
  assertEquals(
    parse(
      '{"steps": 4, "max-new": 8, "lr": 0.001, "loss": "ipo", "offline": true, "model": "org/name"}',
      "a.json",
    ),
    wanted,
  );
  assertEquals(
    parse(
      '# mine\nsteps = 4\nmaxNew = 8\nlr = 1e-3\nloss = "ipo"\noffline = true\nmodel = "org/name"\n',
      "a.toml",
    ),
    wanted,
  );
});

Deno.test("parseConfig() takes one value or a list for a flag that may be repeated", () => {
  const flags = under("x", [
    { name: "adapter", value: "DIR", type: text, repeatable: true, help: "" },
    { name: "quick", ...given, help: "" },
  ]);
  assertEquals(parse('{"adapter": "a"}', "c.json", flags), { adapter: ["a"] });
  assertEquals(parse('adapter = ["a", "b"]', "c.toml", flags), { adapter: ["a", "b"] });
  assertThrows(() => parse("adapter = [1]", "c.toml", flags), UsageError, "adapter is [1]");
});

for (const { name, bytes, file, error } of rows) {
  Deno.test(`parseConfig() refuses ${name} in one line`, () => {
    const { message } = assertThrows(
      () => parseConfig(bytes(), file, TRAIN_FLAGS),
      Error,
    );
    assertEquals(message, error);
    assert(!message.includes("\n"));
  });
}

Deno.test("readConfigFile() refuses what is not there, folders and huge files", async () => {
  const refuse = (path: string, line: string) =>
    assertRejects(() => readConfigFile(path, TRAIN_FLAGS), Mistake, line);
  await refuse("no-such.toml", "Cannot read no-such.toml: it is not there");
  await refuse(".", "it is a folder");
  const path = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.truncate(path, 2 ** 20 + 1);
  await refuse(path, "it is 1048577 bytes long, expected at most 1048576");
  await Deno.writeTextFile(path, '{"steps": 3}');
  assertEquals(await readConfigFile(path, TRAIN_FLAGS), { steps: 3 });
  await Deno.remove(path);
});
