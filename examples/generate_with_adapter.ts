// deno-lint-ignore-file no-console -- an example prints
// The same prompts answered by the base model and by the base with a LoRA adapter on top, side by side. Give it the
// adapter folder of a run (PEFT's layout, what `deno task train` writes); without one it learns a small one first.
//
//   deno run --allow-read examples/generate_with_adapter.ts [runs/…/adapter]
import {
  cadence,
  type Completion,
  completionText,
  dpo,
  fetchModelFolder,
  generate,
  keyOf,
  linearLayers,
  loadModel,
  loadPeftAdapter,
  online,
  openDevice,
  promptIds,
  ruleAnnotator,
  Run,
  type Snapshot,
  tokenizerFromJson,
  uploadSnapshot,
} from "@leash/bpo";
import { loadPrompts } from "../stories/prompts.ts";
import { loadKindRule } from "../stories/rule.ts";
import { scheduleByName } from "../core/mod.ts";

using device = await openDevice();
const folder = new URL("../stories/model/", import.meta.url);
const { config, tensors, tokenizerJson } = await fetchModelFolder(folder);
const model = loadModel(device, config, tensors);
using _weights = model.weights;
const tokenizer = tokenizerFromJson(tokenizerJson, { bos: config.bosId, eos: config.eosId?.[0] });
const { train, evaluation } = await loadPrompts();
const settings = { sampling: { temperature: 0.8 }, maxNew: 32 };

async function read(dir: string): Promise<Snapshot> {
  const names = ["adapter_config.json", "adapter_model.safetensors"];
  const files = names.map(async (n) => [n, await Deno.readFile(`${dir}/${n}`)] as const);
  const layers = linearLayers(config);
  const { layout, params } = loadPeftAdapter(new Map(await Promise.all(files)), layers, dir);
  return uploadSnapshot(device, dir, layout, params);
}

async function learn(): Promise<Snapshot> {
  console.log("No adapter was given: learning a small one from the kind rule …");
  const annotator = ruleAnnotator("kind", await loadKindRule());
  using run = Run.start(device, {
    ...{ model, tokenizer, loss: dpo({ beta: 0.1 }), pairsPerStep: 16, seed: 1 },
    source: online({ annotator, prompts: train, ...settings }),
    cadence: cadence({ steps: 4, phases: 4 }),
    learningRate: scheduleByName("linear", { base: 4e-3, steps: 4 }),
  });
  await run.finish();
  return run.snapshotNow("kind");
}

using tuned = await (Deno.args[0] === undefined ? learn() : read(Deno.args[0]));
const texts = evaluation.slice(0, 3);
const prompts = texts.map((text) => promptIds(tokenizer, text));
const options = { ...settings.sampling, maxNew: settings.maxNew, key: keyOf(7) };
const base = await generate(device, model, prompts, options);
const kind = await generate(device, model, prompts, { ...options, adapter: tuned.adapter() });
const line = (answer: Completion) => completionText(tokenizer, answer).trim().replace(/\s+/g, " ");
texts.forEach((text, i) => {
  console.log(`\n${text}\n  base:    ${line(base[i])}\n  adapter: ${line(kind[i])}`);
});
