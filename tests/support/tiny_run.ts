// A model that is small enough to train in a test, as a folder, and prompts for it.
import { fold, keyOf, normals, tensorShapes } from "../../core/mod.ts";
import { runCommand } from "../../cli/commands/command.ts";
import { STORIES, trainCommand } from "../../cli/commands/train.ts";
import type { TrainOptions } from "../../cli/train/train.ts";
import type { Terminal } from "../../cli/terminal/terminal.ts";
import { writeModelFolder } from "../../files/mod.ts";

const TOKENIZER = new URL("../../stories/model/tokenizer.json", import.meta.url);

/** Sizes of the tiny model: two blocks, grouped-query attention, tied embeddings. */
export async function tinyModel() {
  const tokenizerJson = JSON.parse(await Deno.readTextFile(TOKENIZER));
  const vocabSize = Object.keys(tokenizerJson.model.vocab).length;
  const config = {
    vocabSize,
    hiddenSize: 16,
    intermediateSize: 24,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headDim: 4,
    ropeTheta: 10000,
    rmsEps: 1e-5,
    tied: true,
    maxPositions: 64,
    bosId: 0,
    eosId: [0],
  };
  const key = keyOf(7);
  const tensors = new Map([...tensorShapes(config)].map(([name, shape]) => {
    const n = shape.reduce((a, b) => a * b, 1);
    const draws = normals(fold(key, name), n);
    const data = name.includes("norm") ? draws.fill(1) : draws.map((x) => 0.3 * x);
    return [name, { shape, data }];
  }));
  return { config, tensors, tokenizerJson };
}

/** Writes it as a folder whose tokenizer puts the begin token before text. */
export async function writeTinyModel(dir: string): Promise<void> {
  await writeModelFolder(dir, await tinyModel());
  const special = { bos_token: "<|endoftext|>", eos_token: "<|endoftext|>" };
  await Deno.writeTextFile(`${dir}/tokenizer_config.json`, JSON.stringify(special));
}

/** Prompts for it, each about ten tokens. */
export const TINY_PROMPTS: readonly string[] = Array.from(
  { length: 24 },
  (_, i) => `${["Tom", "Lily", "Ben", "Mia"][i % 4]} saw a ${["cat", "dog", "bird"][i % 3]} ${i}.`,
);

/** A folder with `model/` and `prompts.txt`; `using` removes it. */
export async function tinyWorkspace(): Promise<Disposable & { readonly dir: string }> {
  const dir = await Deno.makeTempDir({ prefix: "leash-run-" });
  await writeTinyModel(`${dir}/model`);
  await Deno.writeTextFile(`${dir}/prompts.txt`, TINY_PROMPTS.join("\n"));
  return { dir, [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }) };
}

/** Flags of a run of a second or two in that folder. */
export function tinyFlags(dir: string): string[] {
  return [
    ...["--model", `${dir}/model`, "--prompts", `${dir}/prompts.txt`, "--device", "cpu"],
    ..."--threads 1 --steps 4 --phases 2 --pairs 3 --members 2 --rank 2 --max-new 6".split(" "),
    ..."--lr 0.01 --eval-prompts 6 --checkpoint-every 1".split(" "),
  ];
}

/** A terminal that remembers what is printed. */
export function recordingTerminal(): Terminal & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    isTty: false,
    columns: 100,
    line: (text = "") => lines.push(text),
    status: () => {},
    error: (text) => lines.push(text),
  };
}

/** Runs the program in this process; its exit code and its lines. */
export async function runTrain(
  args: readonly string[],
  { annotators, ...options }: Partial<TrainOptions> = {},
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const terminal = recordingTerminal();
  const code = await runCommand(trainCommand(STORIES, annotators), args, { terminal, ...options });
  return { code, lines: terminal.lines };
}

/** Every file below a folder, by path; empty where there is no folder. */
export function filesBelow(dir: string): string[] {
  const walk = (path: string): string[] =>
    [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) =>
      isDirectory ? walk(`${path}/${name}`) : [`${path}/${name}`]
    );
  try {
    return walk(dir).map((path) => path.slice(dir.length + 1)).sort();
  } catch {
    return [];
  }
}
