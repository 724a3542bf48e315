// How good the embedded model is beside stories260K: bits per byte on held-out stories, misspelt words in samples.
// deno run --allow-read tools/pretrain/evaluate.ts --data ../shared/data --model stories/model
import { parseArgs } from "@std/cli";
import { type Device, openDevice } from "../../backend/mod.ts";
import { parseLlama2c, parseLlama2cTokenizer, readModelFolder } from "../../files/mod.ts";
import {
  completionLogps,
  generate,
  keyOf,
  loadModel,
  type Model,
  type Tokenizer,
  tokenizerFromJson,
} from "../../core/mod.ts";
import { loadWordList, meanQuality, type TextQuality } from "../../stories/text_quality.ts";
import { HELD_OUT, splitStories } from "./corpus.ts";
import { completionText } from "./teacher.ts";

interface Judged {
  readonly bitsPerByte: number;
  /** By sampling temperature. */
  readonly quality: ReadonlyMap<number, TextQuality>;
}

/** The start of a story that stories260K's 256 positions cover, cut at the same byte for every model. */
async function heldOutTexts(data: string): Promise<string[]> {
  const { heldOut } = JSON.parse(
    await Deno.readTextFile(new URL("../../tests/fixtures/stories260k.json", import.meta.url)),
  );
  const stories = splitStories(await Deno.readTextFile(`${data}/tinystories/train.txt`)).slice(
    -HELD_OUT,
  );
  return stories.map((story, i) =>
    new TextDecoder().decode(new TextEncoder().encode(story).slice(0, heldOut.stories[i].bytes))
  );
}

async function judge(
  device: Device,
  model: Model,
  tokenizer: Tokenizer,
  texts: readonly string[],
  words: ReadonlySet<string>,
): Promise<Judged> {
  const bos = tokenizer.bosId!;
  const { sums } = await completionLogps(
    device,
    model,
    texts.map((text) => ({ ids: [bos, ...tokenizer.encode(text)], promptLength: 1 })),
  );
  const bytes = texts.reduce((n, text) => n + new TextEncoder().encode(text).length, 0);
  const quality = new Map<number, TextQuality>();
  for (const temperature of [1, 0.8]) {
    const samples = await generate(device, model, Array.from({ length: 256 }, () => [bos]), {
      maxNew: 160,
      key: keyOf(1),
      temperature,
    });
    quality.set(temperature, meanQuality(samples.map((c) => completionText(tokenizer, c)), words));
  }
  return { bitsPerByte: -sums.reduce((a, b) => a + b, 0) / Math.LN2 / bytes, quality };
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    string: ["data", "model"],
    default: { data: "../shared/data", model: "stories/model" },
  });
  const texts = await heldOutTexts(args.data);
  const words = await loadWordList();
  using device = await openDevice({ kind: "cpu" });
  const say = (name: string, { bitsPerByte, quality }: Judged) => {
    const lines = [...quality].map(([temperature, q]) =>
      `  at temperature ${temperature}: ${(100 * q.misspelt).toFixed(2)}% of words misspelt, ${
        (100 * q.repetition).toFixed(1)
      }% of 3-grams repeated`
    );
    const text = [`${name}: ${bitsPerByte.toFixed(4)} bits/byte`, ...lines].join("\n");
    return Deno.stdout.write(new TextEncoder().encode(text + "\n"));
  };
  {
    const { config, tensors } = parseLlama2c(
      await Deno.readFile(`${args.data}/stories260K/stories260K.bin`),
      "stories260K.bin",
    );
    const tokenizer = parseLlama2cTokenizer(
      await Deno.readFile(`${args.data}/stories260K/tok512.bin`),
      config.vocabSize,
      "tok512.bin",
    );
    const model = loadModel(device, { ...config, eosId: [tokenizer.bosId!] }, tensors);
    using _weights = model.weights;
    await say("stories260K", await judge(device, model, tokenizer, texts, words));
  }
  const { config, tensors, tokenizerJson } = await readModelFolder(args.model);
  const end = "<|endoftext|>";
  const tokenizer = tokenizerFromJson(tokenizerJson, { bos: end, eos: end, pad: end });
  const model = loadModel(device, config, tensors);
  using _weights = model.weights;
  await say(args.model, await judge(device, model, tokenizer, texts, words));
}
