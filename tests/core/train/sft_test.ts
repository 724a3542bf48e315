import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Arena, type Device, Slot, type Tensor } from "../../../backend/mod.ts";
import {
  downloadSftState,
  forward,
  initSftState,
  type Model,
  type PackedSequences,
  packSequences,
  ROPE_TABLE,
  sftGradients,
  sftStep,
  Tape,
  uploadBatch,
} from "../../../core/mod.ts";
import { assertRelativeToMax } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { jsonFixture, logitsOf, modelFixture, tensorFixture } from "../../support/fixtures.ts";

const models = ["tiny_llama", "tiny_llama_tied"];

interface Rows {
  inputIds: number[][];
  attentionMask: number[][];
  completionMask: number[][];
}

function packRows({ inputIds, attentionMask, completionMask }: Rows): PackedSequences {
  return packSequences(inputIds.map((ids, s) => ({
    ids: ids.slice(0, attentionMask[s].lastIndexOf(1) + 1),
    promptLength: completionMask[s].indexOf(1),
  })));
}

async function gradientsOf(device: Device, model: Model, packed: PackedSequences) {
  using arena = new Arena(device, "sft gradients");
  const { [ROPE_TABLE]: rope, ...weights } = model.weights.borrow() as Record<string, Tensor>;
  const tables = { [ROPE_TABLE]: rope };
  const { gradients, logps } = sftGradients(arena, model.config, { weights, tables }, packed);
  const { logps: scores, ...read } = await arena.readAll<Record<string, Tensor>>({
    ...gradients,
    logps,
  });
  return { logps: scores, read };
}

const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;

for (const name of models) {
  deviceTest(
    `sftGradients() has PyTorch's loss and gradients of ${name} to 1e-3`,
    async (device) => {
      const model = await modelFixture(device, name);
      using _weights = model.weights;
      const { rows, loss } = (await jsonFixture("sft.json"))[name];
      const truth = await tensorFixture("sft_grads.safetensors");
      const { logps, read } = await gradientsOf(device, model, packRows(rows));
      assertAlmostEquals(-mean(logps), loss, 1e-5 * loss);
      const names = [...truth.keys()].filter((key) => key.startsWith(`${name}.`));
      assertEquals(
        Object.keys(read).sort(),
        names.map((n) => n.slice(name.length + 1)).sort(),
      );
      for (const key of names) {
        assertRelativeToMax(read[key.slice(name.length + 1)], truth.get(key)!.data, 1e-3, key);
      }
    },
  );
}

deviceTest("sftGradients() is exactly 0 for an embedding that is only a target", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  // 40 is never read by a row that predicts: it comes last. 50 is prompt, and read.
  const packed = packSequences([{ ids: [1, 50, 9, 40], promptLength: 2 }]);
  const { read } = await gradientsOf(device, model, packed);
  const D = model.config.hiddenSize, table = read["model.embed_tokens.weight"];
  const row = (id: number) => table.subarray(id * D, (id + 1) * D);
  assert(row(40).every((g) => g === 0));
  assert(row(50).some((g) => g !== 0));
});

deviceTest(
  "sftGradients() treats a prompt token as no target: its row of the head gets Σ p·h / H alone",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const { vocabSize: V, hiddenSize: D } = model.config;
    const packed = packSequences([{ ids: [1, 50, 9, 40, 23], promptLength: 3 }]);
    const { read } = await gradientsOf(device, model, packed);
    using arena = new Arena(device, "logits");
    const pass = { config: model.config, weights: model.weights.borrow() };
    const hidden = forward(new Tape(arena, false), pass, uploadBatch(arena, packed));
    const { h, logits } = await arena.readAll({
      h: hidden,
      logits: logitsOf(arena, model, hidden),
    });
    for (const token of [50, 9]) {
      const expected = new Float64Array(D);
      for (let t = 0; t < 2; t++) {
        const row = logits.subarray(t * V, (t + 1) * V);
        const p = Math.exp(row[token]) / Array.from(row, Math.exp).reduce((a, b) => a + b);
        for (let d = 0; d < D; d++) expected[d] += p * h[t * D + d] / 2;
      }
      const got = read["lm_head.weight"].subarray(token * D, (token + 1) * D);
      assertRelativeToMax(got, expected, 1e-4, `row of token ${token}`);
    }
  },
);

deviceTest(
  "sftGradients() of a capped head has the cap's slope in the head's rows too",
  async (device) => {
    const bare = await modelFixture(device, "tiny_llama");
    using _weights = bare.weights;
    const cap = 2, model = { ...bare, config: { ...bare.config, logitSoftcap: cap } };
    const { vocabSize: V, hiddenSize: D } = model.config;
    const packed = packSequences([{ ids: [1, 50, 9, 40, 23], promptLength: 3 }]);
    const { read } = await gradientsOf(device, model, packed);
    using arena = new Arena(device, "logits");
    const pass = { config: bare.config, weights: bare.weights.borrow() };
    const hidden = forward(new Tape(arena, false), pass, uploadBatch(arena, packed));
    const { h, logits } = await arena.readAll({ h: hidden, logits: logitsOf(arena, bare, hidden) });
    const expected = new Float64Array(D), token = 9; // no target: p·(1 − tanh²)·h / H
    for (let t = 0; t < 2; t++) {
      const squashed = Array.from(logits.subarray(t * V, (t + 1) * V), (z) => Math.tanh(z / cap));
      const e = squashed.map((x) => Math.exp(cap * x));
      const p = e[token] / e.reduce((a, b) => a + b), slope = 1 - squashed[token] ** 2;
      for (let d = 0; d < D; d++) expected[d] += p * slope * h[t * D + d] / 2;
    }
    const got = read["lm_head.weight"].subarray(token * D, (token + 1) * D);
    assertRelativeToMax(got, expected, 1e-4, "row of the head");
  },
);

deviceTest("sftStep()'s first update is of AdamW's full size", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using state = new Slot(initSftState(device, model));
  model.weights[Symbol.dispose]();
  const before = await downloadSftState(device, state.current);
  using arena = new Arena(device, "first");
  const packed = packSequences([{ ids: [1, 50, 9, 40, 23], promptLength: 1 }]);
  const out = sftStep(arena, model.config, state.current, packed, { step: 0, learningRate: 1e-2 });
  await arena.readAll(out.metrics);
  state.set(out.state);
  const after = await downloadSftState(device, state.current);
  // m̂/√v̂ is ±1 after one update: what has a gradient moves by the learning rate.
  const name = "model.norm.weight";
  const moved = after.weights[name].map((w, i) => Math.abs(w - before.weights[name][i]));
  assertAlmostEquals(Math.max(...moved), 1e-2, 1e-5);
});

for (const name of models) {
  deviceTest(
    `sftStep() lowers the loss of ${name} five times in a row, in one submit each`,
    async (device) => {
      const model = await modelFixture(device, name);
      using state = new Slot(initSftState(device, model));
      model.weights[Symbol.dispose](); // the state has its own copy
      const packed = packRows((await jsonFixture("sft.json"))[name].rows);
      const losses: number[] = [];
      for (let step = 0; step < 6; step++) {
        const before = device.stats();
        using arena = new Arena(device, `sft ${step}`);
        const out = sftStep(arena, model.config, state.current, packed, {
          step,
          learningRate: 3e-3,
        });
        const { logps, normSquares } = await arena.readAll(out.metrics);
        state.set(out.state);
        losses.push(-mean(logps));
        assert(normSquares[0] > 0);
        const after = device.stats();
        assertEquals([after.submits - before.submits, after.readbacks - before.readbacks], [1, 1]);
        if (step > 1) assertEquals(after.created, before.created);
      }
      losses.slice(1).forEach((loss, i) => assert(loss < losses[i], `${losses}`));
      assert(losses[5] < losses[0] - 0.5, `${losses}`);
    },
  );
}

deviceTest("sftStep() that is not committed leaves the state as it was", async (device) => {
  const model = await modelFixture(device, "tiny_llama_tied");
  using state = new Slot(initSftState(device, model));
  model.weights[Symbol.dispose]();
  const packed = packRows((await jsonFixture("sft.json")).tiny_llama_tied.rows);
  const weights = async () => {
    using arena = new Arena(device, "read");
    return await arena.readAll({ ...state.current.borrow().weights });
  };
  const before = await weights();
  const options = { step: 0, learningRate: 0.1 };
  assertThrows(
    () => {
      using arena = new Arena(device, "doomed");
      sftStep(arena, model.config, state.current, packed, options);
      throw new Error("boom");
    },
    Error,
    "boom",
  );
  assertEquals(await weights(), before);
});

deviceTest("sftStep() decays matrices and not norms", async (device) => {
  const model = await modelFixture(device, "tiny_llama_tied");
  using _weights = model.weights;
  const packed = packRows((await jsonFixture("sft.json")).tiny_llama_tied.rows);
  const step = async (weightDecay: number) => {
    using state = new Slot(initSftState(device, model));
    using arena = new Arena(device, "sft");
    const out = sftStep(arena, model.config, state.current, packed, {
      step: 0,
      learningRate: 0.1,
      adamw: { weightDecay },
    });
    state.set(out.state);
    return await arena.readAll({ ...out.state.borrow().weights });
  };
  const [plain, decayed] = [await step(0), await step(0.5)];
  assertEquals(decayed["model.norm.weight"], plain["model.norm.weight"]);
  const w = "model.layers.0.mlp.up_proj.weight";
  using arena = new Arena(device, "read");
  const start = await arena.read(model.weights.borrow()[w] as Tensor);
  start.forEach((x, i) => assertAlmostEquals(decayed[w][i], plain[w][i] - 0.05 * x, 1e-6));
});
