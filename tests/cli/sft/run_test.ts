import { assert, assertEquals, assertRejects } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { loadModel } from "../../../core/mod.ts";
import type { LossNumbers, SftCheckpoint } from "../../../training/mod.ts";
import type { SftConfig } from "../../../cli/sft/flags.ts";
import type { SftPoint, SftResult } from "../../../cli/sft/folder.ts";
import { sftRequest } from "../../../cli/sft/request.ts";
import { countSteps, type SftRunParts, SftTraining } from "../../../cli/sft/run.ts";
import { charTokenizer as tokenizer } from "../../support/tiny_task.ts";
import { sftRows } from "../../support/tiny_sft.ts";
import { recordingTerminal, tinyModel } from "../../support/tiny_run.ts";

const data = { train: sftRows(8), evaluation: sftRows(2), report: "" };

async function configOf(changes: Partial<SftConfig> = {}): Promise<SftConfig> {
  const { config } = await sftRequest({ data: "rows.jsonl" });
  const flags = { rank: 2, batchTokens: 9, lr: 0.01, schedule: "linear", checkpointEvery: 2 };
  return { ...config, ...flags, ...changes } as SftConfig;
}

/** A folder in memory: its log, and what was saved with so many lines in it. */
function memoryFolder() {
  const lines: Record<string, number>[] = [];
  const saved: (SftPoint & { readonly lines: number })[] = [];
  const metrics = {
    append: (value: unknown) => lines.push(value as Record<string, number>),
  } as SftRunParts["folder"]["metrics"];
  const save = (
    { arrays, tokens: _tokens, ...moment }: SftCheckpoint<LossNumbers>,
    done: SftResult,
  ) => {
    const meta = JSON.parse(JSON.stringify({ done, moment, spent: { seconds: 1, bytesPeak: 2 } }));
    saved.push({ arrays: new Map(arrays) as SftPoint["arrays"], meta, lines: lines.length });
    return Promise.resolve();
  };
  return { ...{ lines, saved, metrics, save } };
}

async function parts(changes: Partial<SftConfig> = {}) {
  const device = await CpuDevice.open({ threads: 1 });
  const { config: sizes, tensors } = await tinyModel();
  const model = loadModel(device, sizes, tensors);
  const folder = memoryFolder(), terminal = recordingTerminal();
  return {
    ...{ device, model, tokenizer, data, config: await configOf(changes), folder, terminal },
    [Symbol.dispose]() {
      model.weights[Symbol.dispose]();
      device[Symbol.dispose]();
    },
  };
}

Deno.test("SftTraining measures five times and at its start, and says what it came to", async () => {
  using all = await parts({ epochs: 2 });
  assertEquals(countSteps(data, all.config), 6);
  using training = new SftTraining(all);
  await training.finish();
  const { steps, epochs, tokens, loss, evaluation } = training.result;
  assertEquals([steps, epochs, tokens], [6, 2, 48]);
  assert(loss.last < loss.first && evaluation!.after < evaluation!.before);
  const logged = all.folder.lines.filter((line) => "loss" in line);
  assertEquals([logged[0].loss, logged[5].loss], [loss.first, loss.last]);
  const evaluations = all.folder.lines.filter((line) => "eval_loss" in line);
  assertEquals(evaluations.map(({ step }) => step), [0, 2, 4, 6]);
  assertEquals(all.terminal.lines.length, 4);
  assertEquals(all.folder.saved.map(({ meta }) => meta.done.steps), [0, 2, 4, 6]);
  assertEquals(countSteps(data, await configOf({ steps: 4 })), 4);
});

Deno.test("SftTraining does as many steps as are asked, and needs nothing held out", async () => {
  using all = await parts({ steps: 4 });
  using training = new SftTraining({ ...all, data: { ...data, evaluation: [] } });
  await training.finish();
  const { steps, epochs, evaluation } = training.result;
  assertEquals([steps, epochs, evaluation], [4, 1 + 1 / 3, undefined]);
});

Deno.test("SftTraining goes on where it was saved: what both processes log is what one would", async () => {
  using whole = await parts({ steps: 7 });
  using first = new SftTraining(whole);
  await first.finish();
  const { saved, lines } = whole.folder;
  for (const { lines: logged, ...from } of saved) {
    using rest = await parts({ steps: 7 });
    using second = new SftTraining({ ...rest, from });
    await second.finish();
    assertEquals(second.result, first.result);
    assertEquals(rest.folder.lines, lines.slice(logged));
    assert(second.spent.seconds > 1);
  }
  // 0.1.0 kept the first and the newest loss alone
  const { moment: _moment, ...meta } = saved[2].meta;
  using old = await parts({ steps: 7 });
  using third = new SftTraining({ ...old, from: { ...saved[2], meta } });
  await third.finish();
  assertEquals(third.result, first.result);
});

Deno.test("SftTraining ends between two steps by a signal, with that moment saved", async () => {
  using all = await parts({ steps: 7, checkpointEvery: 50 });
  const controller = new AbortController();
  const { status } = all.terminal;
  const terminal = {
    ...all.terminal,
    status(text: string) {
      if (text.includes("step 3/7")) controller.abort(new Error("stop"));
      status(text);
    },
  };
  using training = new SftTraining({ ...all, terminal });
  await assertRejects(() => training.finish(controller.signal), Error, "stop");
  assertEquals(all.folder.saved.map(({ meta }) => meta.done.steps), [0, 3]);
});
