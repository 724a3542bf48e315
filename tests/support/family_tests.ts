// What every family must show, on both devices: transformers' logits, log-probs and greedy text, and peft's adapters.
import { assert, assertEquals } from "@std/assert";
import { Arena, type Device } from "../../backend/mod.ts";
import { adapterForward } from "../../core/train/adapter_pass.ts";
import {
  type Adapter,
  type AdapterLayout,
  adapterLayout,
  completionLogps,
  forward,
  generate,
  keyOf,
  linearLayers,
  loadModel,
  type Model,
  packSequences,
  Tape,
  uploadBatch,
  vocabularyHead,
} from "../../core/mod.ts";
import { deviceTest } from "./devices.ts";
import {
  draws,
  type FamilyCase,
  familyConfig,
  type FamilyFixture,
  familyFixture,
  familyTensors,
} from "./families.ts";
import { logitsOf, uploadMembers } from "./fixtures.ts";

/** Tokens of a fixture's longest text: "dynamic" and "longrope" turn all at the frequencies of that length. */
const CONTEXT = 70;

function load(
  device: Device,
  variant: string,
  fixture: FamilyFixture,
  seed: number,
  context = CONTEXT,
): Model {
  const config = familyConfig(variant, fixture);
  return loadModel(device, config, familyTensors(config, seed), { context });
}

/** Registers the tests of one fixture. */
export function testFamily(variant: string): void {
  deviceTest(
    `${variant} has transformers' logits to 1e-4 and log-probs to 5e-5`,
    async (device) => {
      const fixture = await familyFixture(variant);
      for (const one of fixture.cases) {
        const model = load(device, variant, fixture, one.seed);
        using _weights = model.weights;
        await checkLogits(device, model, one);
        await checkLogps(device, model, one.sequences, one.logps);
      }
    },
  );

  deviceTest(`${variant} writes transformers' greedy text`, async (device) => {
    const fixture = await familyFixture(variant);
    for (const one of fixture.cases) {
      const { prompt, ids } = one.greedy;
      assert(ids.length > 8, "the fixture says too little");
      const { rope } = familyConfig(variant, fixture);
      // transformers' "dynamic" and "longrope" change as a text grows past the trained length; up to it all is as trained
      const { scaling } = rope ?? {};
      const changes = scaling?.type === "dynamic" || scaling?.type === "longrope";
      const context = changes ? scaling.original : 128;
      const model = load(device, variant, fixture, one.seed, context);
      using _weights = model.weights;
      const count = Math.min(ids.length, context - prompt.length);
      const options = { maxNew: count, temperature: 0, key: keyOf(1) };
      const [{ ids: written }] = await generate(
        device,
        model,
        [prompt, prompt.slice(0, 2)],
        options,
      );
      assertEquals([...written], ids.slice(0, count).slice(0, written.length));
      assert(written.length === count || model.config.eosId?.includes(written.at(-1)!));
    }
  });

  deviceTest(`${variant} with peft's adapter has its log-probs to 1e-4`, async (device) => {
    const fixture = await familyFixture(variant);
    for (const one of fixture.cases) {
      const model = load(device, variant, fixture, one.seed);
      using _weights = model.weights;
      const { layout, params } = adapterOf(model, fixture, one);
      using arena = new Arena(device, "adapter");
      const adapter = uploadMembers(arena, layout, [params]);
      arena.commit();
      using kept = arena.keep(adapter.params);
      await checkLogps(device, model, one.sequences, one.lora.logps, {
        layout,
        params: kept.borrow(),
      }, 1e-4);
    }
  });

  deviceTest(`${variant} with peft's adapter has PyTorch's gradients to 1e-3`, async (device) => {
    const fixture = await familyFixture(variant);
    for (const one of fixture.cases) {
      const model = load(device, variant, fixture, one.seed);
      using _weights = model.weights;
      const { layout, params } = adapterOf(model, fixture, one);
      using arena = new Arena(device, "gradient");
      const packed = packSequences(one.sequences.map((ids) => ({ ids, promptLength: 1 })));
      const adapter = uploadMembers(arena, layout, [params]);
      const { tape, head, gradient } = adapterForward(
        arena,
        { model, layout },
        adapter.params,
        packed,
        vocabularyHead,
      );
      const H = packed.targets.length;
      head.back(arena.upload([H], new Float32Array(H).fill(-1 / H), "−1/H"));
      tape.backward();
      checkSlopes(layout, await arena.read(gradient) as Float32Array, one);
    }
  });
}

/** Derivatives along the fixture's directions; the largest tensor's sets the scale, since small ones are differences. */
function checkSlopes(layout: AdapterLayout, gradient: Float32Array, one: FamilyCase): void {
  const { slopes } = one.lora, most = Math.max(...Object.values(slopes).map(Math.abs));
  let count = 0;
  for (const { name, inDim, outDim, aOffset, bOffset } of layout.modules.values()) {
    const along = (factor: string, size: number, at: (i: number) => number) => {
      const key = `base_model.model.${name}.lora_${factor}.weight`;
      const slope = draws(`direction ${key}`, one.seed, size)
        .reduce((sum, d, i) => sum + d * gradient[at(i)], 0);
      assert(
        Math.abs(slope - slopes[key]) <= 1e-3 * most,
        `${key}: ${slope}, expected ${slopes[key]}`,
      );
      count++;
    };
    const { rank } = layout;
    along("A", rank * inDim, (i) => aOffset + i);
    along("B", outDim * rank, (i) => bOffset + (i % rank) * outDim + Math.floor(i / rank));
  }
  assertEquals(count, Object.keys(slopes).length);
}

async function checkLogits(device: Device, model: Model, one: FamilyCase): Promise<void> {
  using arena = new Arena(device, "logits");
  const packed = packSequences(one.sequences.map((ids) => ({ ids, promptLength: 1 })));
  const everyRow = Uint32Array.from(packed.ids, (_, row) => row); // of the last tokens too
  const batch = uploadBatch(arena, { ...packed, headRows: everyRow });
  const pass = { config: model.config, weights: model.weights.borrow() };
  const h = forward(new Tape(arena, false), pass, batch);
  const logits = await arena.read(logitsOf(arena, model, h)) as Float32Array;
  const { vocabSize: V, logitSoftcap: cap } = model.config;
  const capped = (logit: number) => cap === undefined ? logit : cap * Math.tanh(logit / cap);
  let most = 0, off = 0;
  for (const { sequence, position, values } of one.logits) {
    const row = one.sequences.slice(0, sequence).reduce((n, { length }) => n + length, 0) +
      position;
    values.forEach((value, v) => {
      most = Math.max(most, Math.abs(value));
      off = Math.max(off, Math.abs(capped(logits[row * V + v]) - value));
    });
  }
  assert(off <= 1e-4 * most, `logits are off by ${off / most} of the largest, expected 1e-4`);
}

async function checkLogps(
  device: Device,
  model: Model,
  sequences: number[][],
  expected: number[][],
  adapter?: Adapter,
  tolerance = 5e-5,
): Promise<void> {
  const texts = sequences.map((ids) => ({ ids, promptLength: 1 }));
  const { perToken } = await completionLogps(device, model, texts, { adapter });
  expected.forEach((row, s) => {
    assertEquals(perToken[s].length, row.length);
    row.forEach((logp, t) => {
      const off = Math.abs(perToken[s][t] - logp);
      assert(
        off <= tolerance * Math.max(1, Math.abs(logp)),
        `text ${s}, token ${t}: off by ${off}`,
      );
    });
  });
}

/** peft's adapter of a case as one member of our layout; its factors follow from the formula. */
function adapterOf(model: Model, fixture: FamilyFixture, one: FamilyCase) {
  const { r, lora_alpha: alpha, use_rslora: rsLora } = one.lora.config as {
    r: number;
    lora_alpha: number;
    use_rslora: boolean;
  };
  const layout = adapterLayout(linearLayers(model.config), {
    rank: r,
    alpha: rsLora ? alpha * Math.sqrt(r) : alpha,
  });
  const tensors = fixture.cases[0].lora.tensors, params = new Float32Array(layout.size);
  assertEquals(Object.keys(tensors).length, 2 * layout.modules.size);
  for (const { name, inDim, outDim, aOffset, bOffset } of layout.modules.values()) {
    const key = (factor: string) => `base_model.model.${name}.lora_${factor}.weight`;
    assertEquals([tensors[key("A")], tensors[key("B")]], [[r, inDim], [outDim, r]], name);
    params.set(draws(key("A"), one.seed, r * inDim).map((u) => 0.3 * u), aOffset);
    const B = draws(key("B"), one.seed, outDim * r);
    B.forEach((u, i) => params[bOffset + (i % r) * outDim + Math.floor(i / r)] = 0.3 * u);
  }
  return { layout, params };
}
