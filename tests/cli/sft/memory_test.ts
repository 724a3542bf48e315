import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Arena, openDevice } from "../../../backend/mod.ts";
import {
  adapterLayout,
  initSftState,
  initTrainState,
  keyOf,
  linearLayers,
  nll,
  packSequences,
  sftStep,
  trainStep,
} from "../../../core/mod.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { planSft, sftStepBytes } from "../../../cli/sft/memory.ts";
import type { SftConfig } from "../../../cli/sft/flags.ts";
import { modelFixture } from "../../support/fixtures.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const rows = [40, 9, 33, 22, 8, 28].map((length) => ({
  ids: Array.from({ length }, (_, i) => 3 + i),
  promptLength: 1,
}));
const WHOLE = 140;

/** tiny_llama on a device of its own, and an adapter's layout. */
async function setting() {
  const device = await openDevice({ kind: "cpu", threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  const layout = adapterLayout(linearLayers(model.config), { rank: 4, alpha: 8 });
  const end = () => {
    model.weights[Symbol.dispose]();
    device[Symbol.dispose]();
  };
  return { device, model, layout, [Symbol.dispose]: end };
}

const SHAPES = [
  ["an adapter", WHOLE, false],
  ["an adapter, checkpointed", WHOLE, true],
  ["an adapter, in parts", 41, false],
  ["all weights", WHOLE, undefined],
] as const;
for (const [name, size, isLean] of SHAPES) {
  Deno.test(`sftStepBytes() foresees what a step takes, to 15% and never less: ${name}`, async () => {
    using all = await setting();
    const { device, model } = all;
    const layout = isLean === undefined ? undefined : all.layout;
    const how = { whole: WHOLE, size, isLean: isLean ?? false };
    const foreseen = await sftStepBytes({ device, model, layout, rows }, how);
    const options = { step: 0, learningRate: 1e-3, microBatch: size };
    const packed = packSequences(rows);
    using state = layout === undefined
      ? initSftState(device, model)
      : initTrainState(device, layout, 1, keyOf(1));
    using arena = new Arena(device, "step");
    const next = layout === undefined
      ? sftStep(arena, model.config, state as ReturnType<typeof initSftState>, packed, options)
      : await trainStep(
        arena,
        { model, layout, objective: nll(), gradientCheckpointing: isLean },
        state as ReturnType<typeof initTrainState>,
        packed,
        options,
      );
    using _state = next.state;
    await arena.readAll({ ...next.metrics });
    const { bytesPeak } = device.stats();
    const off = foreseen / bytesPeak;
    assert(off >= 1 && off <= 1.15, `${foreseen} foreseen, ${bytesPeak} taken`);
  });
}

Deno.test("planSft() splits an adapter's batches that do not fit, and refuses what cannot", async () => {
  using all = await setting();
  const { device, layout } = all;
  const plan = async (memory: number, changes: Partial<SftConfig> = {}) => {
    const terminal = recordingTerminal();
    device.byteBudget = memory;
    const config = { batchTokens: WHOLE, memory: 1, full: false, ...changes } as SftConfig;
    const planned = await planSft({
      ...{ ...all, layout: config.full ? undefined : layout, rows, config, terminal },
    });
    const { microTokens, gradientCheckpointing } = planned;
    return [microTokens, gradientCheckpointing, ...terminal.lines];
  };
  const bytes = (size: number, isLean: boolean) =>
    sftStepBytes({ ...all, rows }, { whole: WHOLE, size, isLean });
  const whole = await bytes(WHOLE, false), lean = await bytes(WHOLE, true);
  assertEquals(await plan(whole / 0.95 + 1), [undefined, undefined]);
  const [size, on, line] = await plan(lean / 0.95 + 1);
  assertEquals([size, on], [undefined, true]);
  assertMatch(`${line}`, /^Memory: 140 tokens, with gradient checkpointing: \d+ KiB of \d+ KiB$/);
  const [parts, too, other] = await plan(lean);
  assert(Number(parts) >= 40 && Number(parts) <= 70, `${parts} tokens`);
  assertEquals(too, true);
  assertMatch(`${other}`, /^Memory: 140 tokens in micro-batches of at most \d+, with gradient /);
  assertEquals((await plan(whole, { microTokens: 41 })).slice(0, 2), [41, undefined]);
  await assertRejects(
    () => plan(lean / 3),
    UsageError,
    "Cannot sft: a step of 40 tokens with gradient checkpointing takes ",
  );
  await assertRejects(
    () => plan(whole, { full: true }),
    UsageError,
    "Lower --batch-tokens, --max-length, or train an adapter, without --full, or raise --memory",
  );
});
