import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { CliCommand } from "../../cli/commands/command.ts";
import { completeValues } from "../../cli/flags/parser.ts";
import { dispatch } from "../../cli/dispatch.ts";
import { type Flag, given, text, under, whole } from "../../cli/flags/kinds.ts";
import { UsageError } from "../../cli/terminal/mistake.ts";

const flags: readonly Flag[] = under("Things", [
  { name: "size", value: "N", type: whole(1, 9), default: 3, help: "How large" },
  { name: "name", value: "TEXT", type: text, required: true, help: "Whose" },
  { name: "fast", ...given, help: "In a hurry" },
]);

/** A command that says what it was given, or fails. */
const SAY: CliCommand = {
  ...{
    name: "say",
    summary: "Says it",
    usage: "leash say [flags]",
    flags,
    examples: ["leash say"],
  },
  positional: 1,
  run(parsed, { terminal }) {
    terminal.line(
      JSON.stringify([completeValues("say", SAY.flags, parsed.values), parsed.positional]),
    );
    return Promise.resolve(0);
  },
};
const FAIL: CliCommand = {
  ...{ name: "fail", summary: "Fails", usage: "leash fail", flags: [], examples: [] },
  run: () => Promise.reject(new UsageError({ verb: "fail", found: "it is late,\n expected time" })),
};

async function leash(...args: string[]) {
  const out: string[] = [], errors: string[] = [];
  const terminal = {
    ...{ isTty: false, columns: 100, status: () => {} },
    line: (line = "") => void out.push(line),
    error: (line: string) => void errors.push(line),
  };
  const code = await dispatch([SAY, FAIL], args, { terminal }, "1.2.3");
  return { code, out, errors };
}

Deno.test("dispatch() lists the commands, and a command its flags with the config's", async () => {
  for (const args of [[], ["--help"], ["-h"]]) {
    const { code, out } = await leash(...args);
    assertEquals(code, 0);
    for (const line of ["  say        Says it", "  --version  Show the version"]) {
      assertStringIncludes(out[0], line);
    }
  }
  const { out } = await leash("say", "--help");
  for (
    const part of ["leash say [flags]", "--size N", "required", "--config FILE", "--print-config"]
  ) {
    assertStringIncludes(out[0], part);
  }
  assertEquals(await leash("--version"), { code: 0, out: ["leash 1.2.3"], errors: [] });
});

Deno.test("dispatch() names the nearest of an unknown command, and makes one line of a mistake", async () => {
  const { code, errors } = await leash("sya", "--size", "1");
  assertEquals([code, errors], [
    2,
    ['Cannot run leash: "sya" is no command, expected say, fail. Did you mean say?'],
  ]);
  assertEquals(await leash("fail"), {
    ...{ code: 2, out: [], errors: ["Cannot fail: it is late, expected time"] },
  });
  assertEquals(
    (await leash("say", "--nmae", "x")).errors[0].endsWith("Did you mean --name?"),
    true,
  );
});

Deno.test("dispatch() --config fills in what is not given, and --print-config shows all and runs nothing", async () => {
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  await Deno.writeTextFile(path, 'size = 5\nname = "file"\nfast = true\n');
  assertEquals((await leash("say", "--config", path)).out, [
    '[{"size":5,"name":"file","fast":true},[]]',
  ]);
  assertEquals((await leash("say", "here", "--name", "me", "--config", path)).out, [
    '[{"size":5,"name":"me","fast":true},["here"]]',
  ]);
  const printed = await leash("say", "--config", path, "--size=7", "--print-config");
  assertEquals(JSON.parse(printed.out[0]), { size: 7, name: "file", fast: true });
  const json = path.replace(/toml$/, "json");
  await Deno.writeTextFile(json, printed.out[0]);
  assertEquals((await leash("say", "--config", json, "--print-config")).out, printed.out);
  assertEquals((await leash("say", "--print-config")).out, ['{\n  "size": 3,\n  "fast": false\n}']);
  await Deno.writeTextFile(path, "sise = 5\n");
  const { code, errors } = await leash("say", "--config", path);
  assertEquals(code, 2);
  assertEquals(
    errors[0],
    `Cannot read ${path}: the key "sise" is no flag, expected flags that --help lists. Did you mean size?`,
  );
  for (const file of [path, json]) await Deno.remove(file);
  assert((await leash("say", "--config", path)).errors[0].includes("it is not there"));
});
