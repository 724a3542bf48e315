// Trains the embedded model from scratch with our own sftStep, on the CPU device.
// deno task pretrain --data ../shared/data --teacher FILE,FILE --out stories/model --steps N
import { parseArgs } from "@std/cli";
import { Arena, type Device, openDevice, type Tensor } from "../../backend/mod.ts";
import { type HostTensors, readModelFolder, writeModelFolder } from "../../files/mod.ts";
import {
  fold,
  initModel,
  initSftState,
  type Key,
  keyOf,
  loadModel,
  packSequences,
  permutation,
  scheduleByName,
  type SftState,
  sftStep,
  type Tokenizer,
  tokenizerFromJson,
} from "../../core/mod.ts";
import { cleanText } from "../../stories/clean_text.ts";
import { CONFIG } from "./config.ts";
import { loadWordList } from "../../stories/text_quality.ts";
import { HELD_OUT, speltStart, splitStories, windows } from "./corpus.ts";
import { tokenizerConfig } from "./model_card.ts";

interface Options {
  readonly data: string;
  readonly teacher: string;
  readonly out: string;
  readonly steps: number;
  readonly tokens: number;
  readonly lr: number;
  readonly seed: number;
  readonly tokenizer: string;
  readonly threads?: number;
  /** Model folder to go on from, with fresh moments. Default: fresh weights. */
  readonly init?: string;
}

const say = (line: string) => Deno.stdout.write(new TextEncoder().encode(line + "\n"));

/** Real stories three times, because the held-out ones are like them, and the teacher's once, up to its first slip. */
async function loadWindows(
  tokenizer: Tokenizer,
  { data, teacher }: Options,
): Promise<Uint32Array[]> {
  const cut = (story: string) => windows(tokenizer, story, CONFIG.maxPositions);
  const text = cleanText(await Deno.readTextFile(`${data}/tinystories/train.txt`));
  const real = splitStories(text).slice(0, -HELD_OUT).flatMap(cut);
  const files = await Promise.all(
    teacher.split(",").filter(Boolean).map((file) => Deno.readTextFile(file)),
  );
  const known = await loadWordList();
  const sampled = files.join("").split("\n").filter(Boolean).flatMap((line) => {
    const { text, whole } = speltStart(JSON.parse(line) as string, known);
    return windows(tokenizer, text, CONFIG.maxPositions, whole);
  });
  await say(`${real.length} windows of real text, ${sampled.length} of sampled text`);
  return [...real, ...real, ...real, ...sampled];
}

/** Batches of about `budget` tokens, each epoch in a new order. */
function* batches(all: readonly Uint32Array[], budget: number, key: Key) {
  let batch: { ids: Uint32Array; promptLength: number }[] = [], tokens = 0;
  for (let epoch = 0;; epoch++) {
    for (const i of permutation(fold(key, epoch), all.length)) {
      batch.push({ ids: all[i], promptLength: 1 });
      tokens += all[i].length;
      if (tokens < budget) continue;
      yield { epoch, packed: packSequences(batch) };
      batch = [];
      tokens = 0;
    }
  }
}

async function save(
  device: Device,
  state: SftState,
  out: string,
  tokenizerJson: unknown,
): Promise<void> {
  using arena = new Arena(device, "save");
  const weights: Record<string, Tensor> = state.borrow().weights;
  const read = await arena.readAll(weights);
  const tensors: HostTensors = new Map(
    Object.entries(read).map(([name, data]) => [name, {
      shape: weights[name].shape,
      data: data as Float32Array<ArrayBuffer>,
    }]),
  );
  await writeModelFolder(out, { config: CONFIG, tensors, tokenizerJson }, {
    replace: true,
    extraFiles: new Map([["tokenizer_config.json", tokenizerConfig()]]),
  });
}

async function pretrain(options: Options): Promise<void> {
  const { steps, seed, lr } = options;
  const tokenizerJson = JSON.parse(await Deno.readTextFile(options.tokenizer));
  const end = "<|endoftext|>";
  const tokenizer = tokenizerFromJson(tokenizerJson, { bos: end, eos: end, pad: end });
  const feed = batches(await loadWindows(tokenizer, options), options.tokens, keyOf(seed));
  using device = await openDevice({ kind: "cpu", threads: options.threads });
  const weights = options.init === undefined
    ? initModel(CONFIG, keyOf(seed))
    : (await readModelFolder(options.init)).tensors;
  const fresh = loadModel(device, CONFIG, weights);
  let state = initSftState(device, fresh);
  fresh.weights[Symbol.dispose]();
  let tokens = 0, smooth = 0;
  const began = performance.now();
  const rateAt = scheduleByName("cosine", { base: lr, steps, warmup: 60 });
  for (let step = 0; step < steps; step++) {
    const { epoch, packed } = feed.next().value!;
    using arena = new Arena(device, `step ${step}`);
    const out = sftStep(arena, CONFIG, state, packed, {
      step,
      learningRate: rateAt(step),
      adamw: { beta2: 0.95, weightDecay: 0.05, maxGradNorm: 1 },
    });
    const { logps } = await arena.readAll({ logps: out.metrics.logps });
    state = out.state;
    tokens += packed.ids.length;
    const loss = -(logps as Float32Array).reduce((a, b) => a + b, 0) / logps.length;
    smooth = step === 0 ? loss : 0.95 * smooth + 0.05 * loss;
    if (step % 20 === 0 || step === steps - 1) {
      const rate = Math.round(tokens / (performance.now() - began) * 1000);
      await say(`step ${step} loss ${smooth.toFixed(3)} epoch ${epoch} ${rate} tokens/s`);
    }
    if (step % 200 === 199 || step === steps - 1) {
      await save(device, state, options.out, tokenizerJson);
    }
  }
  state[Symbol.dispose]();
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    string: [
      "data",
      "teacher",
      "out",
      "steps",
      "tokens",
      "lr",
      "seed",
      "tokenizer",
      "threads",
      "init",
    ],
    default: {
      data: "../shared/data",
      teacher: "",
      out: "runs/pretrain",
      steps: "5500",
      tokens: "2048",
      lr: "0.004",
      seed: "7",
      tokenizer: "stories/model/tokenizer.json",
    },
  });
  await pretrain({
    ...args,
    steps: Number(args.steps),
    tokens: Number(args.tokens),
    lr: Number(args.lr),
    seed: Number(args.seed),
    threads: args.threads === undefined ? undefined : Number(args.threads),
  });
}
