// What strangers wrote never steers a terminal: sequences that do, in everything that a command prints of others, on a
// terminal; none arrives as it is. Into a pipe all of them do.
import { assert, assertEquals } from "@std/assert";
import { byteCharacters } from "../../core/text/tokenizer/normalizer_steps.ts";
import { writeModelFolder } from "../../files/mod.ts";
import { compare } from "../../cli/compare/main.ts";
import { parseCompareFlags } from "../../cli/compare/flags.ts";
import { COMMANDS, main } from "../../cli/main.ts";
import { Interrupted } from "../../cli/terminal/interrupt.ts";
import { type ByteSink, openTerminal } from "../../cli/terminal/terminal.ts";
import { visible } from "../../cli/terminal/visible.ts";
import { tinyMembers, writeRun } from "../support/command_run.ts";
import { tinyModel } from "../support/tiny_run.ts";

const SEQUENCES: readonly string[] = [
  ...["\x07", "\b", "\r", "\x0b", "\x0c", "\x0e", "\x7f", "\x1b[31m", "\x1b[2J", "\x1b[1A"],
  ...["\x1b]0;t\x07", "\x1b]52;c;aGk=\x07", "\x1bP$q\x1b\\", "\x1bc", "\x1b(0", "\x1b[?1049h"],
  ...["\x9b31m", "\x90x\x9c", "\x85", "\u061c", "\u200b", "\u200e", "\u200f", "\u202a", "\u202d"],
  ...["\u202e", "\u2066", "\u2069", "\u2028", "\u2029", "\ufeff", "\u{e0041}", "a\u200db"],
];
const ALL = SEQUENCES.join("");
/** What the terminal itself draws the status line with. */
const CLEAR = "\r\x1b[K";

class Sink implements ByteSink {
  #bytes: number[] = [];
  constructor(readonly isTty: boolean) {}
  isTerminal(): boolean {
    return this.isTty;
  }
  writeSync(bytes: Uint8Array): number {
    this.#bytes.push(...bytes);
    return bytes.length;
  }
  get text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(this.#bytes));
  }
}

/** A model most of whose tokens are sequences, a run of it, and data with sequences in its names and texts. */
async function setting(): Promise<Disposable & { readonly dir: string }> {
  const dir = await Deno.makeTempDir({ prefix: "leash-strangers-" });
  const tiny = await tinyModel();
  const { model } = tiny.tokenizerJson;
  const vocab = Object.fromEntries(
    Object.entries<number>(model.vocab).map(([token, id]) => [
      id > 256 ? byteCharacters(`${SEQUENCES[id % SEQUENCES.length]}${id}`) : token,
      id,
    ]),
  );
  const tokenizerJson = { ...tiny.tokenizerJson, model: { ...model, vocab, merges: [] } };
  await writeModelFolder(`${dir}/model`, { ...tiny, tokenizerJson });
  await Deno.writeTextFile(
    `${dir}/model/tokenizer_config.json`,
    JSON.stringify({ bos_token: "<|endoftext|>", eos_token: "<|endoftext|>" }),
  );
  await writeRun(`${dir}/run`, `${dir}/model`, await tinyMembers(2));
  const row = { prompt: "a", chosen: "b", rejected: "c", [ALL]: ALL };
  const rows = [row, { ...row, chosen: ALL, rejected: "d" }, { ...row, prompt: "" }];
  await Deno.writeTextFile(
    `${dir}/${ALL}.jsonl`,
    rows.map((row) => JSON.stringify(row)).join("\n"),
  );
  await Deno.writeTextFile(`${dir}/broken${ALL}.jsonl`, JSON.stringify({ [ALL]: ALL }));
  await Deno.writeTextFile(`${dir}/${ALL}.txt`, "a\nb\nc\nd\n");
  await Deno.writeTextFile(
    `${dir}/rule.ts`,
    `export default (p: string, c: string): number => { if (p === "b") throw new Error(${
      JSON.stringify(ALL)
    }); return c.length; };\n`,
  );
  await Deno.writeTextFile(
    `${dir}/answers${ALL}.jsonl`,
    ["a", "b"].map((prompt) => JSON.stringify({ prompt, completion: ALL })).join("\n"),
  );
  return { dir, [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }) };
}

async function ran(args: readonly string[], isTty: boolean, input = "") {
  const out = new Sink(isTty), errors = new Sink(isTty);
  const terminal = openTerminal(out, errors, () => 100);
  await main(args, { terminal, input: new Blob([input]).stream() });
  return { out: out.text, errors: errors.text };
}

const TINY = "--device cpu --threads 1".split(" ");

Deno.test("no command lets a sequence of strangers through to a terminal, and generate writes it exactly into a pipe", async () => {
  using work = await setting();
  const { dir } = work;
  const model = ["--model", `${dir}/model`, ...TINY];
  const asked = [...model, "--max-new", "40"];
  const data = ["--data", `${dir}/${ALL}.jsonl`], broken = ["--data", `${dir}/broken${ALL}.jsonl`];
  const rule = ["--annotator", `rule:${dir}/rule.ts`];
  const some = ALL.slice(0, 20);
  const answers = `${dir}/answers${ALL}.jsonl`;
  const short = "--steps 1 --pairs 1 --eval-prompts 2 --members 1 --rank 2 --max-new 30".split(" ");
  const rows: readonly (readonly string[])[] = [
    ["generate", ...asked, "--prompt", "a", "--n", "16", "--seed", "3"],
    ["generate", ...asked, "--prompt", "a"],
    ["generate", ...asked, "--prompts", `${dir}/broken${ALL}.jsonl`],
    ["chat", ...asked],
    ["chat", ...asked, "--adapter", "base", "--adapter", `${dir}/run#1`],
    ["score", ...model, ...data],
    ["score", ...model, ...broken],
    ["evaluate", ...asked, ...rule, "--data", answers, "--against", answers],
    ["evaluate", ...asked, ...rule, "--data", `${dir}/no${ALL}`, "--against", ALL],
    ["annotate", ...asked, ...rule, ...data, "--out", `${dir}/a${some}.jsonl`],
    ["annotate", ...asked, ...rule, ...broken, "--out", `${dir}/b${ALL}.jsonl`],
    [
      "train",
      ...model,
      ...rule,
      "--prompts",
      `${dir}/${ALL}.txt`,
      ...short,
      "--out",
      `${dir}/train${some}`,
    ],
    ["train", ...asked, ...rule, "--prompts", `${dir}/no${ALL}.txt`],
    ["sft", ...model, ...data, "--steps", "1", "--rank", "2", "--out", `${dir}/s${some}`],
    ["sft", ...model, ...broken],
    ["export", "--run", `${dir}/run`, "--to", "pairs.jsonl", "--out", `${dir}/e${ALL}.jsonl`],
    ["export", "--run", `${dir}/no${ALL}`, "--to", "peft", "--out", `${dir}/x`],
    ["inspect", `${dir}/${ALL}.jsonl`],
    ["inspect", `${dir}/${ALL}.jsonl`, "--json"],
    ["inspect", `${dir}/no${ALL}`],
    ["score", "--config", `${dir}/no${ALL}.json`],
    [ALL],
  ];
  const named = new Set<string>();
  const passed: string[] = [];
  for (const args of rows) {
    const { out, errors } = await ran(args, true, `a\nb\n/x${ALL}\n`);
    const shown = (out + errors).replaceAll(CLEAR, "");
    assert(shown.includes("\\u001b"), `${args[0]}: ${shown}`);
    for (const sequence of SEQUENCES) {
      if (!shown.includes(sequence)) continue;
      passed.push(`${JSON.stringify(sequence)} of ${args[0]}: ${JSON.stringify(shown)}`);
    }
    named.add(args[0]);
    if (args === rows[0]) { // all of them were there to pass
      const missing = SEQUENCES.filter((sequence) => !shown.includes(visible(sequence)));
      assertEquals(missing, [], "Expected the model to say each");
    }
  }
  assertEquals(passed, []);
  assert(SEQUENCES.length >= 30);
  assertEquals(COMMANDS.filter(({ name }) => !named.has(name)), []);

  const piped = await ran(rows[0], false);
  for (const sequence of SEQUENCES) assert(piped.out.includes(sequence), JSON.stringify(sequence));
  const alone = await ran(rows[1], false), onTerminal = await ran(rows[1], true);
  const joined = (text: string) => text.replaceAll(/\s+/g, "");
  assert(joined(onTerminal.out).endsWith(joined(visible(alone.out))), onTerminal.out);
});

Deno.test("compare lets none through either", async () => {
  const dir = await Deno.makeTempDir({ prefix: "leash-strangers-" });
  const out = new Sink(true), errors = new Sink(true);
  const terminal = openTerminal(out, errors, () => 100);
  const planned = `${dir}/c${ALL}`;
  try {
    const request = parseCompareFlags(["--out", planned]);
    assert(request.kind !== "help");
    await compare(request, {
      terminal,
      train: () => Promise.reject(new Interrupted(ALL, planned)),
    }).catch((error) => terminal.error(error.message));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
  const shown = (out.text + errors.text).replaceAll(CLEAR, "");
  assert(shown.includes("\\u001b[2J"), shown);
  for (const sequence of SEQUENCES) assert(!shown.includes(sequence), JSON.stringify(sequence));
});
