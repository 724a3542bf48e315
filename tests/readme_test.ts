/** Every command that the README shows runs, with settings that are small enough for a test. */
import { assert, assertEquals } from "@std/assert";
import { COMMANDS, main as leash } from "../cli/main.ts";
import { main as compare } from "../cli/compare/main.ts";
import { main as train } from "../cli/train.ts";
import { parseConfig } from "../cli/flags/config_file.ts";
import { TRAIN_FLAGS } from "../cli/flags/train_table.ts";
import { commandWorkspace } from "./support/command_run.ts";

const ROOT = new URL("../", import.meta.url);
const README = await Deno.readTextFile(new URL("README.md", ROOT));
/** The model of the README's commands; a tiny one with a chat template stands in for it. */
const MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct";

/** Blocks of a language. */
function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"))].map((
    [, text],
  ) => text);
}

/** Commands of the shell blocks, and those in the text that begin with `deno task`. */
function commands(): string[] {
  const lines = blocks("sh").flatMap((block) => block.replace(/\\\n\s*/g, "").split("\n"))
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const inline = [...README.matchAll(/`(deno task [a-z][^`]*)`/g)].map(([, command]) => command)
    .filter((command) => command !== "deno task leash");
  return [...new Set([...lines, ...inline])];
}

/** Words of a command; double quotes hold blanks together. */
function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

const SMALL = "--device cpu --threads 1";
const RUN = `${SMALL} --steps 2 --pairs 2 --members 2 --rank 2 --max-new 4 --eval-prompts 2`;
/** What is put behind a command so that it takes a moment. */
const SETTINGS: Readonly<Record<string, string>> = {
  train: RUN,
  sft: `${SMALL} --steps 2 --rank 2 --batch-tokens 64`,
  generate: `${SMALL} --max-new 4`,
  chat: `${SMALL} --max-new 4`,
  evaluate: `${SMALL} --max-new 4`,
  score: SMALL,
  annotate: `${SMALL} --max-new 4`,
  export: "",
  inspect: "",
};

const PAIR = (i: number) => ({ prompt: `Ben ran ${i}.`, chosen: " He won.", rejected: " He hid." });
const FILES: Readonly<Record<string, (i: number) => unknown>> = {
  "prompts.jsonl": (i) => ({ prompt: PAIR(i).prompt }),
  "pairs.jsonl": PAIR,
  "answers.jsonl": (i) => ({ prompt: PAIR(i).prompt, completion: PAIR(i).chosen }),
};

/** A folder with what the README's commands read, and how a word of theirs is meant in it. */
async function workspace() {
  const work = await commandWorkspace();
  const { dir } = work;
  for (const [name, row] of Object.entries(FILES)) {
    const rows = [0, 1, 2, 3, 4, 5].map((i) => JSON.stringify(row(i)) + "\n");
    await Deno.writeTextFile(`${dir}/${name}`, rows.join(""));
  }
  const here = (word: string): string => {
    if (word === MODEL) return `${dir}/chat`;
    if (word.startsWith("rule:")) return `rule:${new URL(word.slice(5), ROOT).pathname}`;
    const isPath = /^(runs\/|concise-)/.test(word) || /\.(jsonl|parquet|toml)$/.test(word);
    return isPath && !/^pairs\.parquet$/.test(word) ? `${dir}/${word}` : word;
  };
  const [toml] = blocks("toml");
  const name = /^# (\S+)$/m.exec(toml)![1];
  const text = toml.replace(MODEL, `${dir}/chat`).replace(/"(\w+\.jsonl)"/g, `"${dir}/$1"`);
  await Deno.writeTextFile(`${dir}/${name}`, text);
  return { dir, here, [Symbol.dispose]: () => work[Symbol.dispose]() };
}

/** Runs one command of the README; its exit code and all that it printed. */
async function run(command: string, work: Awaited<ReturnType<typeof workspace>>) {
  const printed: string[] = [];
  const terminal = {
    ...{ isTty: false, columns: 100, status: () => {} },
    line: (text = "") => void printed.push(text),
    error: (text: string) => void printed.push(text),
  };
  const [task, ...args] = words(command.replace(/^(npx -y )?deno(@[\d.]+)? task /, ""));
  const out = `${work.dir}/out-${printed.length}-${crypto.randomUUID()}`;
  const extra = (flags: string) => flags.split(" ").filter((flag) => flag !== "");
  switch (task) {
    case "train":
      return {
        code: await train([...args, ...extra(RUN), "--phases", "1", "--out", out], { terminal }),
        printed,
      };
    case "compare": {
      const tiny =
        `${SMALL} --seeds 1 --members 1 --steps 3 --pairs 1 --max-new 4 --eval-prompts 2`;
      return {
        code: await compare([...args, ...extra(tiny), "--out", out], { terminal }),
        printed,
      };
    }
    case "test": // it is what runs this test; only its program is looked for
      return { code: (await Deno.stat(new URL("tools/test.ts", ROOT))).isFile ? 0 : 1, printed };
    case "leash": {
      const [name, ...flags] = args;
      const mapped = flags.map((word, i) =>
        flags[i - 1] === "--out" && !word.startsWith("runs/")
          ? `${work.dir}/${word}`
          : work.here(word)
      );
      const input = new Blob(["Hello.\n"]).stream();
      const all = [name, ...mapped, ...extra(SETTINGS[name] ?? "")];
      return { code: await leash(all, { terminal, input }), printed };
    }
    default:
      return { code: NaN, printed: [`no test knows how to run ${task}`] };
  }
}

Deno.test("the README's commands run, one after the other", async (t) => {
  using work = await workspace();
  const all = commands();
  assert(all.length >= 15, `found only ${all.length} commands`);
  for (const command of all) {
    await t.step(command, async () => {
      const { code, printed } = await run(command, work);
      assertEquals(code, 0, printed.join("\n"));
    });
  }
});

Deno.test("the README's config file has flags of leash train only", () => {
  for (const block of blocks("toml")) {
    const values = parseConfig(new TextEncoder().encode(block), "README.toml", TRAIN_FLAGS);
    assertEquals(values.model, MODEL);
  }
});

Deno.test("the README's table for TRL names flags that there are", () => {
  const start = README.indexOf("### Coming from TRL");
  const table = README.slice(start, README.indexOf("\n## ", start));
  const known = new Set(COMMANDS.flatMap(({ flags }) => flags.map(({ name }) => name)));
  const named = [...table.matchAll(/`--([a-z][a-z-]*)/g)].map(([, flag]) => flag);
  assert(named.length > 20, `found only ${named.length} flags`);
  for (const flag of named) assert(known.has(flag), `--${flag}`);
});
