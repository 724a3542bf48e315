// What `leash sft` trains: an adapter on the frozen base, or all weights. Both learn from batches, are measured on held-out
// sequences and are saved.
import { Arena, type Device, Slot, type Tensor } from "../backend/mod.ts";
import {
  type Adapter,
  type AdapterLayout,
  completionLogps,
  initSftState,
  initTrainState,
  type Key,
  linearLayers,
  type Model,
  type ModelConfig,
  type PackedSequences,
  peftFiles,
  sftAdapterStep,
  type SftState,
  sftStep,
  tensorShapes,
  type TensorSource,
  type TokenSequence,
  type TrainTensors,
} from "../core/mod.ts";
import { writeMergedFolder } from "../core/io/mod.ts";
import { familyOf } from "../core/model/families/mod.ts";
import { writeAdapterFolder } from "./adapter_files.ts";

/** Numbers of one step, before its update. */
export interface SftNumbers {
  /** Mean negative log-prob of a token that counts, nats. */
  readonly loss: number;
  /** Norm of the gradient before clipping. */
  readonly gradNorm: number;
}

/** Something that learns. Disposing it frees its memory; the base stays its owner's. */
export interface SftLearner extends Disposable {
  /** What is trained, as a number of weights. */
  readonly trained: number;
  /** One update. */
  step(
    packed: PackedSequences,
    at: { readonly step: number; readonly learningRate: number },
  ): Promise<SftNumbers>;
  /** Mean negative log-prob of the tokens that count, nats. */
  evaluate(sequences: readonly TokenSequence[]): Promise<number>;
  /** Writes the result into a run folder; returns its name there. */
  save(dir: string): Promise<string>;
}

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

async function meanLoss(
  device: Device,
  model: Model,
  sequences: readonly TokenSequence[],
  adapter?: Adapter,
): Promise<number> {
  const { perToken } = await completionLogps(device, model, sequences, { adapter });
  const tokens = perToken.reduce((sum, logps) => sum + logps.length, 0);
  return -perToken.reduce((sum, logps) => sum + mean(logps) * logps.length, 0) / tokens;
}

/** How an adapter is saved. */
export interface SaveAdapter {
  /** What PEFT finds the base by. */
  readonly baseModel: string;
  /** Say the scale as alpha / √rank. */
  readonly rsLora: boolean;
}

/** One LoRA adapter on a frozen base. */
export function adapterLearner(
  device: Device,
  model: Model,
  layout: AdapterLayout,
  key: Key,
  { baseModel, rsLora }: SaveAdapter,
): SftLearner {
  const state = new Slot<TrainTensors>(initTrainState(device, layout, 1, key));
  const adapter = (): Adapter => ({ layout, params: state.current.borrow().params });
  return {
    trained: [...layout.modules.values()]
      .reduce((sum, { inDim, outDim }) => sum + layout.rank * (inDim + outDim), 0),
    async step(packed, at) {
      using arena = new Arena(device, `sft step ${at.step}`);
      const next = sftAdapterStep(arena, { model, layout }, state.current, packed, at);
      const { logps, normSquares } = await arena.readAll(next.metrics);
      state.set(next.state);
      return { loss: -mean(logps), gradNorm: Math.sqrt(normSquares[0]) };
    },
    evaluate: (sequences) => meanLoss(device, model, sequences, adapter()),
    async save(dir) {
      using arena = new Arena(device, "read the adapter");
      const params = await arena.read(adapter().params) as Float32Array<ArrayBuffer>;
      const layers = linearLayers(model.config);
      await writeAdapterFolder(
        `${dir}/adapter`,
        peftFiles(layout, params, { baseModel, layers, rsLora }),
      );
      return "adapter";
    },
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

/** All weights of a model; the base is copied and may be freed. */
export function fullLearner(
  device: Device,
  base: Model,
  { from }: { readonly from: string },
): SftLearner {
  const { config } = base;
  let state: SftState = initSftState(device, base);
  const weights = () => state.borrow().weights;
  return {
    trained: Object.values(weights()).reduce((sum, { shape }) => sum + count(shape), 0),
    async step(packed, at) {
      using arena = new Arena(device, `sft step ${at.step}`);
      const next = sftStep(arena, config, state, packed, at);
      const { logps, normSquares } = await arena.readAll(next.metrics);
      state = next.state;
      return { loss: -mean(logps), gradNorm: Math.sqrt(normSquares[0]) };
    },
    async evaluate(sequences) {
      using arena = new Arena(device, "weights to measure");
      const { weights, tables } = state.borrow();
      const copies = Object.entries({ ...weights, ...tables }).map(([name, tensor]) =>
        [name, arena.clone(tensor)] as const
      );
      arena.commit();
      using owned = arena.keep(Object.fromEntries(copies));
      return await meanLoss(device, { config, weights: owned }, sequences);
    },
    async save(dir) {
      const source = sourceOfWeights(device, config, weights());
      await writeMergedFolder(`${dir}/model`, source, [], { from, dtype: "F32" });
      return "model";
    },
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Weights on the device as a checkpoint has them: what loading turned is turned back. */
export function sourceOfWeights(
  device: Device,
  config: ModelConfig,
  weights: { readonly [name: string]: Tensor },
): TensorSource {
  const { transposed, norm, names } = familyOf(config);
  const lookups = [names.embedding, names.head, names.positions].map((name) => `${name}.weight`);
  // A loaded config has the positions of its context; the table of learned ones is whole all the same.
  const shapes = new Map([...tensorShapes(config)].map(([name, shape]) => {
    return [name, lookups.includes(name) ? weights[name].shape : shape];
  }));
  return {
    name: "the trained weights",
    tensors: new Map([...shapes].map(([name, shape]) => [name, { shape, dtype: "F32" }])),
    async read(name: string): Promise<Float32Array<ArrayBuffer>> {
      using arena = new Arena(device, `read ${name}`);
      const data = await arena.read(weights[name]) as Float32Array<ArrayBuffer>;
      const shape = shapes.get(name)!;
      if (transposed && shape.length === 2 && !lookups.includes(name)) {
        return transpose(data, shape[1], shape[0]);
      }
      const isShifted = norm === "rmsPlusOne" && shape.length === 1 && name.endsWith("norm.weight");
      return isShifted ? data.map((w) => w - 1) : data;
    },
    [Symbol.dispose](): void {},
  };
}

function transpose(
  data: Float32Array,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c];
  }
  return out;
}
