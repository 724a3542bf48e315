import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { choice, given, text, under, whole } from "../../../cli/flags/kinds.ts";
import { type CliCommand, runCommand } from "../../../cli/commands/command.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { NoVerdict } from "../../../core/annotator/no_verdict.ts";
import { Interrupted } from "../../../cli/terminal/interrupt.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";
import { DeviceError } from "../../../backend/device_error.ts";

const command = (run: CliCommand["run"]): CliCommand => ({
  name: "try",
  summary: "Tries something",
  flags: under("All", [
    { name: "model", value: "DIR", type: text, required: true, help: "A model" },
    { name: "max-new", value: "N", type: whole(1, 64), default: 8, help: "Tokens" },
    { name: "chat", ...choice("auto", "never"), shownDefault: "auto, if it can", help: "A choice" },
    { name: "json", ...given, help: "As JSON" },
  ]),
  usage: "leash try --model DIR",
  examples: ["leash try --model stories/model"],
  run,
});

async function outcome(run: CliCommand["run"], line: string, signal?: AbortSignal) {
  const terminal = recordingTerminal();
  const code = await runCommand(command(run), line.split(" "), { terminal, signal });
  return { code, lines: terminal.lines };
}

Deno.test("runCommand() hands on the arguments that were given", async () => {
  const run: CliCommand["run"] = ({ values, positional }, { terminal }) => {
    terminal.line(JSON.stringify([values, positional]));
    return Promise.resolve(3);
  };
  assertEquals(await outcome(run, "--model m"), { code: 3, lines: ['[{"model":"m"},[]]'] });
});

Deno.test("runCommand() --help shows usage, every flag with its default, and examples", async () => {
  const { code, lines } = await outcome(() => Promise.reject(new Error("ran")), "--help");
  assertEquals(code, 0);
  const [help] = lines;
  assertStringIncludes(help, "Usage: leash try --model DIR\n\nTries something.\n");
  for (
    const shown of [
      /--model DIR +required/,
      /--max-new N +8 +Tokens/,
      /auto, if it can/,
      /--json +off/,
    ]
  ) {
    assert(shown.test(help), `Expected ${shown} in ${help}`);
  }
  assertStringIncludes(help, "Examples\n  leash try --model stories/model");
});

Deno.test("runCommand() ends with one line and 2 for a mistake, 130 for Ctrl-C, 1 with a stack for a bug", async () => {
  const fails = (error: Error, signal?: AbortSignal) =>
    outcome(() => Promise.reject(error), "--json", signal);
  assertEquals(await fails(new UsageError({ verb: "try", found: "it is a\n b" })), {
    code: 2,
    lines: ["Cannot try: it is a b"],
  });
  const full = new DeviceError("Cannot allocate 8 bytes: 7 of 8 are in use");
  assertEquals(await fails(full), { code: 2, lines: [full.message] });
  const silent = new NoVerdict({ verb: "try", found: "all 2 verdicts failed" });
  assertEquals(await fails(silent), { code: 1, lines: [silent.message] });
  const fault = new RangeError("Cannot pack sequences: maxLength is 1"); // whatever it says
  assertEquals((await fails(fault)).code, 1);
  const engine = new TypeError("Cannot read properties of undefined (reading 'y')");
  assertEquals((await fails(engine)).code, 1); // a mistake of ours, not the user's
  const aborted = AbortSignal.abort();
  assertEquals(await fails(new Error("aborted"), aborted), { code: 130, lines: ["Interrupted"] });
  const early = Interrupted.by(new Error("disk full"), "runs/x", undefined);
  assertEquals(await fails(early), {
    code: 1,
    lines: ["disk full. Go on with: leash try --resume runs/x"],
  });
  const stopped = Interrupted.by(new Error("aborted"), "runs/x", aborted);
  assertEquals(await fails(stopped, aborted), {
    code: 130,
    lines: ["Interrupted. Go on with: leash try --resume runs/x"],
  });
  assertEquals(await fails(new Deno.errors.BrokenPipe("gone")), { code: 141, lines: [] });
  const { code, lines } = await fails(new Error("a bug"));
  assertEquals(code, 1);
  assertStringIncludes(lines[0], "a bug\n    at ");
});
