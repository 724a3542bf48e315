// What `leash sft` trains: an adapter on the frozen base, or all weights. Both learn from batches, are measured on held-out
// sequences and are saved.
import { Arena, type Device, Slot } from "../../backend/mod.ts";
import {
  type Adapter,
  type AdapterLayout,
  completionLogps,
  downloadSftState,
  downloadTrainState,
  type HostSftState,
  initSftState,
  initTrainState,
  type Key,
  linearLayers,
  type Model,
  nll,
  type PackedSequences,
  peftFiles,
  type SftState,
  sftStep,
  type TokenSequence,
  trainStep,
  type TrainTensors,
  uploadSftState,
  uploadTrainState,
} from "../../core/mod.ts";
import { writeMergedFolder } from "../../files/mod.ts";
import { sourceOfWeights } from "../../core/model/stored.ts";
import { writeAdapterFolder } from "../policy/adapter_files.ts";
import type { BaseFiles } from "../policy/export_model.ts";
import type { FoundCheckpoint } from "../../files/run_checkpoints.ts";

/** Numbers of one step, before its update. */
export interface SftNumbers {
  /** Mean negative log-prob of a token that counts, nats. */
  readonly loss: number;
  /** Norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** [1], not 0 where a number is not finite: nothing was updated then. */
  readonly nonFinite?: ArrayLike<number>;
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
  /** Weights and moments as they are, bit for bit, by name: what a later learner takes as `saved`. */
  capture(): Promise<Map<string, Float32Array>>;
  /** Writes the result into a run folder; returns its name there. */
  save(dir: string): Promise<string>;
}

/** What an earlier learner of the same kind captured. */
export type SavedArrays = Pick<FoundCheckpoint<unknown>, "arrays" | "array">;

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

/** How an adapter learns and is saved. */
export interface SaveAdapter {
  /** What PEFT finds the base by. */
  readonly baseModel: string;
  /** Say the scale as alpha / √rank. */
  readonly rsLora: boolean;
  /** Where it goes on; absent at a start. */
  readonly saved?: SavedArrays;
  /** Tokens that go through the model at once; absent for all. */
  readonly microTokens?: number;
  /** Whether only each block's input is kept for the backward pass. */
  readonly gradientCheckpointing?: boolean;
}

/** One LoRA adapter on a frozen base. */
export function adapterLearner(
  device: Device,
  model: Model,
  layout: AdapterLayout,
  key: Key,
  { baseModel, rsLora, saved, microTokens, gradientCheckpointing }: SaveAdapter,
): SftLearner {
  const state = new Slot<TrainTensors>(
    saved === undefined ? initTrainState(device, layout, 1, key) : uploadTrainState(
      device,
      layout,
      1,
      { params: saved.array("params"), m: saved.array("m"), v: saved.array("v") },
    ),
  );
  const adapter = (): Adapter => ({ layout, params: state.current.borrow().params });
  const objective = nll();
  return {
    trained: [...layout.modules.values()]
      .reduce((sum, { inDim, outDim }) => sum + layout.rank * (inDim + outDim), 0),
    async step(packed, at) {
      using arena = new Arena(device, `sft step ${at.step}`);
      const run = { model, layout, objective, gradientCheckpointing };
      const options = { ...at, microBatch: microTokens };
      const next = await trainStep(arena, run, state.current, packed, options);
      const read = await arena.readAll(next.metrics);
      state.set(next.state);
      const { loss, grad_norm: gradNorm } = objective.summarise(read, packed);
      return { loss, gradNorm, nonFinite: read.nonFinite };
    },
    evaluate: (sequences) => meanLoss(device, model, sequences, adapter()),
    async capture() {
      return new Map(Object.entries(await downloadTrainState(device, state.current)));
    },
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

/** How all weights are saved. */
export interface SaveModel {
  /** What is written beside them. */
  readonly files: BaseFiles;
  /** Where it goes on; absent at a start. */
  readonly saved?: SavedArrays;
}

/** All weights of a model; the base is copied and may be freed. */
export function fullLearner(
  device: Device,
  base: Model,
  { files, saved }: SaveModel,
): SftLearner {
  const { config } = base;
  let state: SftState = saved === undefined
    ? initSftState(device, base)
    : uploadSftState(device, base, savedState(saved));
  const weights = () => state.borrow().weights;
  return {
    trained: Object.values(weights()).reduce((sum, { shape }) => sum + count(shape), 0),
    async step(packed, at) {
      using arena = new Arena(device, `sft step ${at.step}`);
      const next = sftStep(arena, config, state, packed, at);
      const { logps, normSquares, nonFinite } = await arena.readAll(next.metrics);
      state = next.state;
      return { loss: -mean(logps), gradNorm: Math.sqrt(normSquares[0]), nonFinite };
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
    async capture() {
      const { weights, m, v } = await downloadSftState(device, state);
      const arrays = new Map<string, Float32Array>();
      for (const [part, tensors] of Object.entries({ weights, m, v })) {
        for (const [name, data] of Object.entries(tensors)) arrays.set(`${part} ${name}`, data);
      }
      return arrays;
    },
    async save(dir) {
      const source = sourceOfWeights(device, config, weights());
      await writeMergedFolder(`${dir}/model`, source, [], {
        ...files,
        dtype: "F32",
        replace: true,
      });
      return "model";
    },
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

/** Captured arrays, "PART NAME" each, as a state. */
function savedState({ arrays }: SavedArrays): HostSftState {
  const part = (part: string) =>
    Object.fromEntries(
      [...arrays].filter(([name]) => name.startsWith(`${part} `))
        .map(([name, data]) => [name.slice(part.length + 1), data]),
    );
  return { weights: part("weights"), m: part("m"), v: part("v") };
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
