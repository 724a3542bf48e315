// Samples stories with our own generate(), as text for the embedded model to learn from: from stories260K (the teacher),
// or from an earlier stage of the model itself. One JSON string a line, appended.
// deno run --allow-read --allow-write tools/pretrain/sample_stories.ts --out FILE --stories N [--model DIR] [--temperature T] [--spelt]
import { parseArgs } from "@std/cli";
import { type Device, openDevice } from "../../backend/mod.ts";
import { parseLlama2c, parseLlama2cTokenizer, readModelFolder } from "../../files/mod.ts";
import {
  generate,
  loadModel,
  type Model,
  type Tokenizer,
  tokenizerFromJson,
} from "../../core/mod.ts";
import { loadWordList, textQuality } from "../../stories/text_quality.ts";
import { completionText, keyedStories } from "./teacher.ts";

const BATCH = 256;

async function teacher(
  device: Device,
  data: string,
): Promise<{ model: Model; tokenizer: Tokenizer }> {
  const bin = await Deno.readFile(`${data}/stories260K/stories260K.bin`);
  const { config, tensors } = parseLlama2c(bin, "stories260K.bin");
  const pieces = await Deno.readFile(`${data}/stories260K/tok512.bin`);
  const tokenizer = parseLlama2cTokenizer(pieces, config.vocabSize, "tok512.bin");
  return {
    model: loadModel(device, { ...config, eosId: [tokenizer.bosId!] }, tensors),
    tokenizer,
  };
}

async function student(
  device: Device,
  dir: string,
): Promise<{ model: Model; tokenizer: Tokenizer }> {
  const { config, tensors, tokenizerJson } = await readModelFolder(dir);
  const special = { bos: config.bosId, eos: config.eosId?.[0], pad: config.padId };
  return {
    model: loadModel(device, config, tensors),
    tokenizer: tokenizerFromJson(tokenizerJson, special),
  };
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    string: ["data", "out", "stories", "from", "model", "temperature", "max-new"],
    boolean: ["spelt"],
    default: {
      data: "../shared/data",
      stories: "1024",
      from: "0",
      temperature: "1",
      "max-new": "255",
    },
  });
  const words = await loadWordList();
  using device = await openDevice({ kind: "cpu" });
  const { model, tokenizer } = args.model === undefined
    ? await teacher(device, args.data)
    : await student(device, args.model);
  using _weights = model.weights;
  using file = await Deno.open(args.out!, { create: true, append: true });
  for (let from = Number(args.from); from < Number(args.stories); from += BATCH) {
    const { prompts, streams, key } = keyedStories(from, BATCH, tokenizer.bosId!);
    const completions = await generate(device, model, prompts, {
      maxNew: Number(args["max-new"]),
      temperature: Number(args.temperature),
      key,
      streams,
      batchSize: BATCH,
    });
    const texts = completions.map((c) => completionText(tokenizer, c))
      .filter((text) => !args.spelt || textQuality(text, words).misspelt === 0);
    const bytes = new TextEncoder().encode(texts.map((t) => JSON.stringify(t) + "\n").join(""));
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await Deno.stdout.write(new TextEncoder().encode(
      `${from + BATCH} stories, ${texts.length} of the last ${BATCH} kept\n`,
    ));
  }
}
