import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { COMMANDS, main } from "../../cli/main.ts";
import { commandWorkspace } from "../support/command_run.ts";
import { filesBelow } from "../support/tiny_run.ts";

const ROOT = new URL("../../", import.meta.url);

/** A process of its own, as `deno task leash` starts it, in some folder. */
async function leash(cwd: string, ...args: string[]) {
  const task = config.tasks.leash.command.split(" ").slice(1, -1); // without `deno` and the script
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...task, new URL("cli/main.ts", ROOT).href, ...args],
    cwd,
    env: { NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp" },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), errors: text.decode(stderr) };
}

Deno.test("main() has nine commands, each with help that names its flags", async () => {
  const names = COMMANDS.map(({ name }) => name);
  assertEquals(names, [
    ...["train", "sft", "generate", "chat", "score", "evaluate", "annotate", "export", "inspect"],
  ]);
  for (const { name, flags, examples } of COMMANDS) {
    const lines: string[] = [];
    const terminal = {
      ...{ isTty: false, columns: 100, status: () => {}, error: () => {} },
      line: (text = "") => void lines.push(...text.split("\n")),
    };
    assertEquals(await main([name, "--help"], { terminal }), 0);
    for (const flag of flags) {
      const row = new RegExp(`^  --${flag.name}( |$)`);
      assert(lines.some((line) => row.test(line)), `${name} --${flag.name}`);
      assert(flag.help.length > 0 && !flag.help.endsWith("."), flag.help);
    }
    for (const line of lines) assert(line.length <= 120 || line.includes("leash "), line);
    assert(examples.length > 0 && examples.every((line) => line.startsWith(`leash ${name}`)), name);
  }
});

Deno.test("leash is a program: with relative paths it trains in one folder, and goes on from another", async () => {
  using work = await commandWorkspace();
  const { dir } = work;
  const pair = (i: number) => ({
    prompt: `Ben ran ${i}.`,
    chosen: " He won.",
    rejected: " He hid.",
  });
  const rows = [0, 1, 2, 3].map((i) => JSON.stringify(pair(i)) + "\n").join("");
  await Deno.writeTextFile(`${dir}/pairs.jsonl`, rows);
  await Deno.writeTextFile(
    `${dir}/run.toml`,
    'model = "model"\ndata = "./pairs.jsonl"\nsteps = 1\npairs = 2\nmembers = 1\nrank = 2\n' +
      'max-new = 4\neval-prompts = 2\ndevice = "cpu"\nthreads = 1\n',
  );
  const first = await leash(dir, "train", "--config", "run.toml", "--steps", "2", "--out", "run");
  assertEquals(first.code, 0, first.errors);
  const stored = JSON.parse(await Deno.readTextFile(`${dir}/run/config.json`)).config;
  const real = await Deno.realPath(dir);
  assertEquals([stored.model, stored.data, stored.steps], [
    `${real}/model`,
    `${real}/pairs.jsonl`,
    2,
  ]);
  await Deno.remove(`${dir}/run/summary.json`);
  const second = await leash("/", "train", "--resume", `${dir}/run`);
  assertEquals(second.code, 0, second.errors);
  assertMatch(second.out, /going on after step 2/);
});

Deno.test("leash answers a mistake with one line on stderr, exit code 2, and writes nothing", async () => {
  using work = await commandWorkspace();
  const before = filesBelow(work.dir);
  for (
    const [args, line] of [
      [["trian"], /^Cannot run leash: "trian" is no command.*Did you mean train\?$/],
      [
        ["train", "--model", "no-such", "--annotator", "stories-judge"],
        /^Cannot open the model no-such: it is not there/,
      ],
      [
        ["sft", "--data", "rows.jsonl", "--model", "model"],
        /^Cannot open rows.jsonl: it is missing/,
      ],
    ] as const
  ) {
    const { code, out, errors } = await leash(work.dir, ...args);
    assertEquals([code, out], [2, ""], errors);
    assertMatch(errors.trimEnd(), line);
    assert(!errors.trimEnd().includes("\n"), errors);
  }
  assertEquals(filesBelow(work.dir), before);
});
