/** Every example runs as a user runs it: `deno run --allow-read`, a process of its own, and prints what it says. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { readModelFolder } from "../files/mod.ts";
import { adapterLayout, initAdapter, keyOf, linearLayers, peftFiles } from "../core/mod.ts";
import { jsonFixture } from "./support/fixtures.ts";

const ROOT = new URL("../", import.meta.url);

async function run(
  example: string,
  ...args: string[]
): Promise<{ lines: string[]; code: number; errors: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", `examples/${example}.ts`, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp" },
  }).output();
  const text = new TextDecoder();
  return { lines: text.decode(stdout).trimEnd().split("\n"), code, errors: text.decode(stderr) };
}

/** The output of an example that must succeed. */
async function output(example: string, ...args: string[]): Promise<string[]> {
  const { lines, code, errors } = await run(example, ...args);
  assertEquals(code, 0, errors);
  return lines;
}

/** The numbers that follow a word in the lines that have it. */
function numbersAfter(lines: string[], word: string): number[] {
  return lines.filter((line) => line.includes(word))
    .map((line) => Number(line.slice(line.indexOf(word) + word.length).trim().split(/[^-\d.]/)[0]));
}

const falls = (numbers: number[]) => numbers.every((x, i) => i === 0 || x < numbers[i - 1]);

Deno.test("training_step.ts starts at ln 2 and puts the kind answer ahead", async () => {
  const lines = await output("training_step");
  assertMatch(lines[0], /^Device: .+\. \d+ numbers train in 2 members\.$/);
  const losses = numbersAfter(lines, "loss");
  assertEquals([losses.length, losses[0]], [4, 0.6931]);
  assert(falls(losses), `${losses}`);
  const ahead = numbersAfter(lines, "ahead by");
  assertEquals(ahead[0], 0);
  assert(falls(ahead.toReversed()), `${ahead}`);
});

Deno.test("custom_loss.ts has the slope of its value, starts at 1 and falls", async () => {
  const lines = await output("custom_loss");
  assertEquals(numbersAfter(lines, "slope:"), numbersAfter(lines, "difference:"));
  const losses = numbersAfter(lines, "loss");
  assertEquals([losses.length, losses[0]], [5, 1]);
  assert(falls(losses), `${losses}`);
});

Deno.test("custom_annotator.ts makes answers speak more, and counts its ties", async () => {
  const lines = await output("custom_annotator");
  assertEquals(lines.length, 4);
  for (const [phase, line] of lines.entries()) {
    assertMatch(
      line,
      new RegExp(`^phase ${phase}: .* of 48 answers \\(24 pairs, \\d+ ties, 0 failed\\)$`),
    );
  }
  const [first, ...later] = numbersAfter(lines, "speaks in");
  assert(later.reduce((a, b) => a + b) / later.length > first, `${lines}`);
});

Deno.test("offline_dpo_from_csv.ts learns the pairs of the file", async () => {
  const lines = await output("offline_dpo_from_csv");
  assert(falls(numbersAfter(lines, "loss")), `${lines}`);
  assertEquals(numbersAfter(lines, "loss").length, 12);
  assertEquals(lines.at(-2), "raised above the rejected: 16 of 16 chosen answers");
  assertMatch(lines.at(-1)!, /^and [0-4] of 4 that were held out$/);
});

Deno.test("offline_dpo_from_csv.ts takes another file, and names the lines that are wrong", async () => {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  await Deno.writeTextFile(path, "prompt,chosen,rejected\nHi,same,same\n");
  const { code, errors } = await run("offline_dpo_from_csv", path);
  await Deno.remove(path);
  assertNotEquals(code, 0);
  assertMatch(
    errors,
    /0 of 1 row used; 1 skipped: chosen is the same as rejected \(first .*\.csv:2\)/,
  );
});

/** Both answers to each prompt. */
function sideBySide(lines: string[]): { base: string; adapter: string }[] {
  const after = (word: string) =>
    lines.filter((line) => line.startsWith(`  ${word}:`)).map((line) => line.slice(11));
  const adapters = after("adapter");
  return after("base").map((base, i) => ({ base, adapter: adapters[i] }));
}

Deno.test("generate_with_adapter.ts learns an adapter and answers differently with it", async () => {
  const lines = await output("generate_with_adapter");
  assertMatch(lines[0], /^No adapter was given/);
  const answers = sideBySide(lines);
  assertEquals(answers.length, 3);
  assert(answers.some(({ base, adapter }) => base !== adapter));
});

Deno.test("generate_with_adapter.ts reads a PEFT folder: one with B = 0 changes nothing", async () => {
  const { config } = await readModelFolder(new URL("stories/model", ROOT));
  const layout = adapterLayout(linearLayers(config), { rank: 2, alpha: 4 });
  const dir = await Deno.makeTempDir();
  const files = peftFiles(layout, initAdapter(layout, 1, keyOf(3)), { baseModel: "stories" });
  for (const [name, bytes] of files) await Deno.writeFile(`${dir}/${name}`, bytes);
  const answers = sideBySide(await output("generate_with_adapter", dir));
  await Deno.remove(dir, { recursive: true });
  assertEquals(answers.length, 3);
  for (const { base, adapter } of answers) assertEquals(adapter, base);
});

/** A llama2.c checkpoint of one block, 8 pieces and random weights, and its tokenizer. */
async function tinyLlama2c(dir: string): Promise<string[]> {
  const [dim, hidden, layers, heads, kvHeads, vocab, positions] = [8, 4, 1, 2, 1, 8, 16];
  const weights = vocab * dim +
    layers * (2 * dim + 2 * dim * dim + 2 * dim * 4 + 3 * hidden * dim) +
    dim + positions * (dim / heads);
  const bin = new Uint8Array(28 + 4 * weights);
  new Int32Array(bin.buffer, 0, 7).set([dim, hidden, layers, heads, kvHeads, vocab, positions]);
  new Float32Array(bin.buffer, 28).forEach((_, i, all) => all[i] = Math.sin(i));
  const pieces = ["<unk>", "\n<s>\n", "\n</s>\n", " ", "h", "i", "hi", " hi"];
  const tokenizer = [4, 0, 0, 0];
  for (const piece of pieces) {
    const bytes = new TextEncoder().encode(piece);
    tokenizer.push(0, 0, 0, 0, bytes.length, 0, 0, 0, ...bytes);
  }
  await Deno.writeFile(`${dir}/model.bin`, bin);
  await Deno.writeFile(`${dir}/tokenizer.bin`, Uint8Array.from(tokenizer));
  return ["--model", `${dir}/model.bin`, "--tokenizer", `${dir}/tokenizer.bin`];
}

Deno.test("llama2c.ts continues a text with any checkpoint of that format", async () => {
  const dir = await Deno.makeTempDir();
  const files = await tinyLlama2c(dir);
  const flags = [...files, "--prompt", "hi", "--max-new", "5"];
  const [greedy] = await output("llama2c", ...flags);
  assert(greedy.startsWith("hi"), greedy);
  assertEquals(await output("llama2c", ...flags), [greedy]);
  const drawn = await output("llama2c", ...flags, "--temperature", "2", "--seed", "4");
  assertEquals(drawn, await output("llama2c", ...flags, "--temperature", "2", "--seed", "4"));
  await Deno.remove(dir, { recursive: true });
});

const shared = new URL("../shared/data/stories260K/", ROOT);
if (await Deno.stat(shared).then(() => true, () => false)) {
  Deno.test("llama2c.ts tells stories260K's known story", async () => {
    const path = (file: string) => new URL(file, shared).pathname;
    const lines = await output(
      "llama2c",
      ...["--model", path("stories260K.bin"), "--tokenizer", path("tok512.bin")],
      ...["--max-new", "200", "--temperature", "0"],
    );
    assertEquals(
      lines.join("\n").trim(),
      (await jsonFixture("stories260k.json")).greedy.text.trim(),
    );
  });
}

Deno.test("llama2c.ts answers a wrong call with one line and exit 2", async () => {
  const table: [string[], RegExp][] = [
    [[], /Cannot generate: a file is missing, expected --model/],
    [["--modle", "x"], /Cannot use --modle: expected --model/],
    [["--model", "no.bin", "--tokenizer", "no.bin"], /no\.bin/],
  ];
  for (const [args, message] of table) {
    const { code, errors, lines } = await run("llama2c", ...args);
    assertEquals([code, lines], [2, [""]]);
    assertMatch(errors, message);
    assertEquals(errors.trim().split("\n").length, 1, errors);
  }
});
