/** The package as its users get it: imported by its JSR name from a project of its own. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };

const CONSUMER = new URL("./consumer/", import.meta.url).pathname;

/** Runs Deno in the consumer's project, without any permission. */
async function inConsumer(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: CONSUMER,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  assert(code === 0, text.decode(stderr));
  return text.decode(stdout).trim();
}

Deno.test("a consumer computes a loss, types checked, without permissions", async () => {
  const { name, start, later } = JSON.parse(
    await inConsumer(["run", "--check", "main.ts"]),
  );
  assertEquals(name, "dpo");
  assertAlmostEquals(start, Math.LN2, 1e-15); // nothing learnt yet
  assertAlmostEquals(later, Math.log1p(Math.exp(-0.5)), 1e-15); // −log σ(0.1·(2 + 3))
});

for (const name of Object.keys(config.exports)) {
  const specifier = config.name + name.slice(1);
  Deno.test(`${specifier} imports by its JSR name, without permissions`, async () => {
    const code = `import * as room from "${specifier}"; console.log(Object.keys(room).length);`;
    const source = `data:application/typescript,${encodeURIComponent(code)}`;
    assert(
      Number(
        await inConsumer([
          "run",
          "--no-check",
          "--config",
          "deno.json",
          source,
        ]),
      ) > 0,
    );
  });
}
