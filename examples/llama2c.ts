// deno-lint-ignore-file no-console -- an example prints
// Continue a text with any llama2.c checkpoint: a `.bin` (version 0) and its tokenizer `.bin`. Prints the text and,
// on stderr, the speed.
//
//   deno run --allow-read examples/llama2c.ts --model stories260K.bin --tokenizer tok512.bin \
//     --prompt "Once upon a time" --max-new 100 --temperature 0
import { parseArgs } from "@std/cli";
import { generate, keyOf, loadModel, openDevice } from "@leash/bpo";
import { parseLlama2c, parseLlama2cTokenizer } from "@leash/bpo/core";

const USAGE = "expected --model FILE.bin --tokenizer FILE.bin [--prompt TEXT] [--max-new N] " +
  "[--temperature T] [--seed N]";
const flags = parseArgs(Deno.args, {
  string: ["model", "tokenizer", "prompt", "max-new", "temperature", "seed"],
  default: { prompt: "", "max-new": "200", temperature: "0", seed: "1" },
  unknown: (arg) => stop(`Cannot use ${arg}: ${USAGE}`),
});

function stop(line: string): never {
  console.error(line);
  Deno.exit(2);
}

function number(name: "max-new" | "temperature" | "seed"): number {
  const value = Number(flags[name]);
  if (flags[name].trim() === "" || !(value >= 0 && Number.isFinite(value))) {
    stop(`Cannot use --${name}: it is "${flags[name]}", expected a number from 0 up`);
  }
  return value;
}

async function main(): Promise<void> {
  const { model: file, tokenizer: tokenizerFile } = flags;
  if (!file || !tokenizerFile) stop(`Cannot generate: a file is missing, ${USAGE}`);
  const { config, tensors } = parseLlama2c(await Deno.readFile(file), file);
  const bytes = await Deno.readFile(tokenizerFile);
  const tokenizer = parseLlama2cTokenizer(bytes, config.vocabSize, tokenizerFile);
  using device = await openDevice();
  const model = loadModel(device, config, tensors);
  using _weights = model.weights;
  const prompt = tokenizer.encode(flags.prompt, { addSpecial: true });
  const room = config.maxPositions - prompt.length;
  const started = performance.now();
  const [{ ids }] = await generate(device, model, [prompt], {
    maxNew: Math.min(number("max-new"), room),
    temperature: number("temperature"),
    key: keyOf(number("seed")),
  });
  const seconds = (performance.now() - started) / 1000;
  console.log(tokenizer.decode([...prompt, ...ids]));
  console.error(
    `${ids.length} tokens, ${Math.round(ids.length / seconds)} a second, on ${device.info.name}`,
  );
}

await main().catch((error: Error) => stop(error.message));
