import { assertEquals } from "@std/assert";
import { runCommand } from "../../../cli/commands/command.ts";
import { defineCommand } from "../../../cli/commands/define.ts";
import { given, text, whole } from "../../../cli/flags/kinds.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const SAY = defineCommand({
  ...{ name: "say", summary: "Says it", usage: "leash say", examples: [], positional: 1 },
  flags: {
    "Words": [{ name: "name", value: "TEXT", type: text, required: true, help: "Whose" }],
    "Sizes": [
      { name: "max-new", value: "N", type: whole(1, 64), default: 8, help: "Tokens" },
      { name: "json", ...given, help: "As JSON" },
    ],
  },
  run({ name, maxNew, json }, { terminal }, [first]) {
    terminal.line(`${name.toUpperCase()} ${maxNew + 1} ${json} ${first}`);
    return Promise.resolve(3);
  },
});

Deno.test("defineCommand() gives run the values of its table, with defaults, and the rest", async () => {
  assertEquals(SAY.flags.map(({ group, name }) => `${group} ${name}`), [
    ...["Words name", "Sizes max-new", "Sizes json"],
  ]);
  const said = async (args: string) => {
    const terminal = recordingTerminal();
    return [await runCommand(SAY, args.split(" "), { terminal }), ...terminal.lines];
  };
  assertEquals(await said("--name tom here"), [3, "TOM 9 false here"]);
  assertEquals(await said("--json --max-new 3"), [
    2,
    "Cannot say: --name is not given, expected --name TEXT",
  ]);
});
