import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../cli/train.ts";
import { TRAIN_FLAGS } from "../../cli/flags/train_table.ts";
import { recordingTerminal } from "../support/tiny_run.ts";

async function run(...args: string[]) {
  const terminal = recordingTerminal();
  return { code: await main(args, { terminal }), lines: terminal.lines };
}

Deno.test("main() --help is that of leash train with what the preset knows", async () => {
  const { code, lines: [help] } = await run("--help");
  assertEquals(code, 0);
  assertStringIncludes(help, "Usage: deno task train [flags]");
  for (const { name } of TRAIN_FLAGS) assertStringIncludes(help, `  --${name} `);
  for (const known of [/--annotator NAME +stories /, /--lr LR +0\.004 /, /--max-new N +40 /]) {
    assert(known.test(help), `Expected ${known} in ${help}`);
  }
});

Deno.test("main() --print-config is the run of the stories model", async () => {
  const { code, lines } = await run("--print-config", "--steps", "3");
  assertEquals(code, 0);
  assertEquals(JSON.parse(lines.join("\n")).steps, 3);
});

Deno.test("main() ends a mistake in one line", async () => {
  assertEquals(await run("--loss", "dpp"), {
    code: 2,
    lines: ['Cannot train: --loss is "dpp", expected dpo, ipo, slic or slic-hf. Did you mean dpo?'],
  });
});
