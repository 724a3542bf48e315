// A real checkpoint end to end: load, chat, generate pairs, train on them, save the adapter; seconds and memory printed.
// deno run --allow-read --allow-write --allow-env --allow-sys bench/trials/real_model.ts --model FILE.gguf --data ../shared/data/helpful/train.jsonl --out runs/trial
// With --replay OUT of an earlier run it takes the recorded pairs and makes --steps steps on another device.
import { parseArgs } from "@std/cli";
import { Arena, type BaseDType, openDevice, Slot } from "../../backend/mod.ts";
import { openDataset, type OpenedModel, openModel } from "../../files/mod.ts";
import {
  adapterLayout,
  completionLogps,
  downloadTrainState,
  generate,
  initTrainState,
  keyOf,
  linearLayers,
  type Model,
  pairwise,
  peftFiles,
  preferenceBatch,
  sequenceOf,
  streamModel,
  type TokenPair,
  trainStep,
} from "../../core/mod.ts";
import type { Device } from "../../backend/mod.ts";
import { dpo } from "../../losses/mod.ts";

interface Recorded {
  readonly pairs: readonly TokenPair[];
  readonly losses: readonly number[];
}

const say = (line: string) => Deno.stdout.write(new TextEncoder().encode(line + "\n"));

/** The most memory that this process has had, in MiB, where the system says. */
async function peakMemory(): Promise<number | undefined> {
  try {
    const status = await Deno.readTextFile("/proc/self/status");
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
  } catch {
    return undefined;
  }
}

async function prompts(file: string, count: number): Promise<string[]> {
  const found = new Set<string>();
  for await (const { row } of (await openDataset(file)).rows()) {
    if (typeof row.prompt === "string") found.add(row.prompt);
    if (found.size === count) break;
  }
  return [...found];
}

/** Two sampled answers a prompt; the shorter one that says something wins. */
async function collect(
  device: Device,
  model: Model,
  { tokenizer, chat }: OpenedModel,
  texts: readonly string[],
  maxNew: number,
): Promise<TokenPair[]> {
  const ids = texts.map((content) =>
    tokenizer!.encode(chat!.render([{ role: "user", content }], { addGenerationPrompt: true }))
  );
  const answers = await generate(device, model, ids.flatMap((one) => [one, one]), {
    maxNew,
    temperature: 0.8,
    key: keyOf(7),
  });
  const chosen = texts.map((text, i) => {
    const [a, b] = answers.slice(2 * i, 2 * i + 2);
    const [short, long] = a.ids.length <= b.ids.length ? [a, b] : [b, a];
    return { text, prompt: ids[i], chosen: short.ids, rejected: long.ids };
  });
  for (const { text, ...pair } of chosen) {
    await say(`> ${text.trim().slice(0, 100)}`);
    await say(`  chosen: ${JSON.stringify(tokenizer!.decode(pair.chosen).slice(0, 160))}`);
    await say(`  rejected: ${JSON.stringify(tokenizer!.decode(pair.rejected).slice(0, 160))}`);
  }
  const { sums } = await completionLogps(
    device,
    model,
    chosen.flatMap(({ prompt, chosen, rejected }) =>
      [chosen, rejected].map((answer) => sequenceOf(prompt, answer))
    ),
  );
  return chosen.map(({ prompt, chosen, rejected }, i) => ({
    prompt,
    chosen: [...chosen],
    rejected: [...rejected],
    referenceChosen: sums[2 * i],
    referenceRejected: sums[2 * i + 1],
  }));
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    string: [
      ...["model", "data", "out", "replay", "device", "base-dtype", "steps", "pairs"],
      ...["max-new", "members", "rank", "lr", "question"],
    ],
    boolean: ["gradient-checkpointing"],
    default: {
      data: "../shared/data/helpful/train.jsonl",
      out: "runs/trial",
      device: "cpu",
      "base-dtype": "f32",
      steps: "5",
      pairs: "2",
      "max-new": "128",
      members: "2",
      rank: "8",
      lr: "0.0005",
      question: "What is the capital of France?",
    },
  });
  const began = performance.now();
  const clock = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  using opened = await openModel(args.model!);
  using device = await openDevice({ kind: args.device as "cpu" | "webgpu" });
  const model = await streamModel(device, opened.config, opened.source, {
    baseDtype: args["base-dtype"] as BaseDType,
    context: 1024,
  });
  using _weights = model.weights;
  const loaded = device.stats().bytes / 2 ** 20;
  await say(
    `${clock()}: ${args.model} on ${device.info.kind} (${device.info.name}), ${
      args["base-dtype"]
    }, ${loaded.toFixed(0)} MiB on the device`,
  );
  const layout = adapterLayout(linearLayers(model.config), {
    rank: Number(args.rank),
    alpha: 2 * Number(args.rank),
  });
  let recorded: Recorded | undefined;
  if (args.replay === undefined) {
    const { tokenizer, chat } = opened;
    const question = chat!.render([{ role: "user", content: args.question }], {
      addGenerationPrompt: true,
    });
    const [answer] = await generate(device, model, [tokenizer!.encode(question)], {
      maxNew: 48,
      temperature: 0,
      key: keyOf(1),
    });
    await say(`${clock()}: ${args.question} ${JSON.stringify(tokenizer!.decode(answer.ids))}`);
  } else recorded = JSON.parse(await Deno.readTextFile(`${args.replay}/pairs.json`));
  const pairs = recorded?.pairs ?? await collect(
    device,
    model,
    opened,
    await prompts(args.data, Number(args.pairs)),
    Number(args["max-new"]),
  );
  await say(`${clock()}: ${pairs.length} pairs`);
  using state = new Slot(initTrainState(device, layout, Number(args.members), keyOf(2)));
  const batch = preferenceBatch(pairs, { snapshotId: "0", referenceId: "0", requireSame: true });
  const gradientCheckpointing = Boolean(args["gradient-checkpointing"]);
  const run = { model, layout, objective: pairwise(dpo({ beta: 0.1 })), gradientCheckpointing };
  const losses: number[] = [];
  for (let step = 0; step < Number(args.steps); step++) {
    const start = performance.now();
    using arena = new Arena(device, `step ${step}`);
    const out = await trainStep(arena, run, state.current, batch, {
      step,
      learningRate: Number(args.lr),
    });
    const read = await arena.readAll(out.metrics);
    state.set(out.state);
    const each = read.losses as Float32Array;
    const mean = each.reduce((a, b) => a + b, 0) / each.length;
    losses.push(mean);
    const seconds = (performance.now() - start) / 1000;
    const norm = Math.sqrt(Math.max(...read.normSquares));
    const rows = batch.packed.ids.length * Number(args.members);
    await say(
      `${clock()}: step ${step + 1} loss ${mean.toFixed(6)} grad norm ${
        norm.toPrecision(4)
      }, ${rows} rows in ${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} tokens/s`,
    );
    if (![mean, norm].every(Number.isFinite)) {
      throw new Error("Cannot go on: a number is not finite");
    }
  }
  if (recorded !== undefined) {
    const worst = Math.max(...losses.map((loss, i) => Math.abs(loss / recorded!.losses[i] - 1)));
    await say(
      `worst relative difference of ${losses.length} losses from ${args.replay}: ${
        worst.toExponential(1)
      }`,
    );
  } else {
    const host = await downloadTrainState(device, state.current);
    await Deno.mkdir(`${args.out}/adapter`, { recursive: true });
    const member = host.params.slice(0, layout.size) as Float32Array<ArrayBuffer>;
    const files = peftFiles(layout, member, {
      baseModel: opened.path,
      layers: linearLayers(model.config),
    });
    for (const [name, bytes] of files) await Deno.writeFile(`${args.out}/adapter/${name}`, bytes);
    const adapter = {
      layout: layout,
      params: { ...state.current.borrow().params, shape: [1, layout.size] },
    };
    const texts = pairs.flatMap(({ prompt, chosen, rejected }) =>
      [chosen, rejected].map((answer) => sequenceOf(prompt, answer))
    );
    const { sums } = await completionLogps(device, model, texts, { adapter });
    const value = { pairs, losses, texts, adapterLogps: [...sums] };
    await Deno.writeTextFile(`${args.out}/pairs.json`, JSON.stringify(value));
    await say(
      `loss ${losses[0].toFixed(4)} to ${
        losses.at(-1)!.toFixed(4)
      }; adapter and pairs in ${args.out}`,
    );
  }
  const { bytesPeak } = device.stats();
  await say(
    `${clock()}: peak ${
      Math.round(bytesPeak / 2 ** 20)
    } MiB on the device, ${await peakMemory()} MiB in the process`,
  );
}
