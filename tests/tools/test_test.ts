import { assertEquals, assertStringIncludes } from "@std/assert";
import { temporaryTree } from "./temporary.ts";

const RUNNER = new URL("../../tools/test.ts", import.meta.url).href;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Runs the runner in a small tree; its exit code and lines. */
async function runTests(files: Record<string, string>, env: Record<string, string>) {
  using tree = temporaryTree({ "deno.json": "{}", ...files });
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--config", CONFIG, "--allow-all", RUNNER],
    cwd: tree.root,
    env: { LEASH_TEST_DEVICES: "cpu", CI: "", NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  return {
    code,
    lines: text.decode(stdout).trimEnd().split("\n"),
    errors: text.decode(stderr),
  };
}

const passing = 'Deno.test("one", () => {}); Deno.test("two", () => {});';

Deno.test("test.ts ends with the sum of the doors, the tests and the speed tests", async () => {
  const devices = 'Deno.test("devices", () => {\n' +
    '  if (Deno.env.get("LEASH_TEST_DEVICES") !== "cpu") throw new Error("other devices");\n});';
  const { code, lines } = await runTests({
    "tests/a_test.ts": passing,
    "tests/b_speed_test.ts": devices,
  }, {});
  assertEquals([lines.at(-1), code], ["4 passed, 0 failed", 0]);
});

Deno.test("test.ts counts failures, and has a failing exit code", async () => {
  const { code, lines, errors } = await runTests({
    "tests/a_test.ts": passing,
    "tests/c_test.ts": 'Deno.test("three", () => { throw new Error("no"); });',
    "backend/d.ts": "export const d = 1;",
  }, {});
  assertEquals([lines.at(-1), code], ["2 passed, 2 failed", 1]);
  assertStringIncludes(errors, "backend/d.ts: has no mirror test");
});

Deno.test("test.ts counts a tree whose types are wrong as a failure", async () => {
  const { code, lines } = await runTests({ "tests/a_test.ts": 'const a: number = "";' }, {});
  assertEquals([lines.at(-1), code], ["1 passed, 1 failed", 1]);
});
