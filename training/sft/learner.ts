// What supervised fine-tuning teaches: an adapter on a frozen model, or a copy of all of its weights.
import { Arena, type Device, Slot, type Tensor } from "../../backend/mod.ts";
import {
  type Adapter,
  type AdapterLayout,
  downloadSftState,
  downloadTrainState,
  type HostSftState,
  initSftState,
  nll,
  type PackedSequences,
  type SftState,
  sftStep,
  type StepPace,
  trainStep,
  type TrainTensors,
  uploadSftState,
  uploadTrainState,
} from "../../core/mod.ts";
import type { MeasuredPolicy } from "../course.ts";
import { learnerLayout, startState } from "../learner_start.ts";
import type { SettledSftOptions } from "./options.ts";
import type { DriveableOptions } from "../driver.ts";
import type { EvaluationNumbers } from "../evaluator.ts";

/** Numbers of one step, before its update. */
export interface SftNumbers {
  /** Mean negative log-prob of a token that counts, nats. */
  readonly loss: number;
  /** Norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** [1], not 0 where a number is not finite: nothing was updated then. */
  readonly nonFinite?: ArrayLike<number>;
}

/** What has been learnt; borrowed. */
export type Learnt =
  | { readonly kind: "adapter"; readonly adapter: Adapter }
  | { readonly kind: "weights"; readonly weights: Readonly<Record<string, Tensor>> };

/** Something that learns. Disposing it frees its memory; the model stays its owner's. */
export interface SftLearner extends Disposable {
  /** What is trained, as a number of weights. */
  readonly trained: number;
  /** As it is now. */
  readonly learnt: Learnt;
  /** One update. */
  step(packed: PackedSequences, pace: StepPace): Promise<SftNumbers>;
  /** The policy as it is. */
  measured(): MeasuredPolicy;
  /** Weights and moments as they are, bit for bit, by name: what a later learner takes as `saved`. */
  capture(): Promise<Map<string, Float32Array>>;
}

/** What an earlier learner of the same kind captured. */
export type SavedArrays = ReadonlyMap<string, Float32Array>;

type Options = Omit<SettledSftOptions, keyof DriveableOptions<EvaluationNumbers, never>>;

/** The learner that the options ask for, at its start or where another was. */
export function sftLearner(device: Device, options: Options, saved?: SavedArrays): SftLearner {
  return options.allWeights
    ? weightsLearner(device, options, saved)
    : adapterLearner(device, options, saved);
}

/** One LoRA adapter on a frozen base. */
function adapterLearner(device: Device, options: Options, saved?: SavedArrays): SftLearner {
  const { model, adamw, microTokens: microBatch, gradientCheckpointing } = options;
  const objective = nll();
  const all = { ...options, members: 1 };
  const layout = learnerLayout(all);
  const state = new Slot<TrainTensors>(
    saved === undefined
      ? startState(device, layout, all)
      : uploadTrainState(device, layout, 1, hostState(saved)),
  );
  const adapter = (): Adapter => ({ layout, params: state.current.borrow().params });
  return {
    trained: weightsOf(layout),
    get learnt() {
      return { kind: "adapter", adapter: adapter() } as const;
    },
    async step(packed, pace) {
      using arena = new Arena(device, `sft step ${pace.step}`);
      const run = { model, layout, objective, adamw, gradientCheckpointing };
      const next = await trainStep(arena, run, state.current, packed, { ...pace, microBatch });
      const read = await arena.readAll(next.metrics);
      state.set(next.state);
      const { loss, grad_norm: gradNorm } = objective.summarise(read, packed);
      return { loss, gradNorm, nonFinite: read.nonFinite };
    },
    measured: () => ({
      ...{ model, policy: { id: "adapter", adapter: adapter() } },
      [Symbol.dispose]: () => {},
    }),
    async capture() {
      return new Map(Object.entries(await downloadTrainState(device, state.current)));
    },
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

/** All weights of a model; the base is copied. */
function weightsLearner(device: Device, options: Options, saved?: SavedArrays): SftLearner {
  const { model, model: { config }, adamw } = options;
  let state: SftState = saved === undefined
    ? initSftState(device, model)
    : uploadSftState(device, model, hostWeights(saved));
  return {
    trained: Object.values(state.borrow().weights)
      .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    get learnt() {
      return { kind: "weights", weights: state.borrow().weights } as const;
    },
    async step(packed, pace) {
      using arena = new Arena(device, `sft step ${pace.step}`);
      const next = sftStep(arena, config, state, packed, { ...pace, adamw });
      const { logps, normSquares, nonFinite } = await arena.readAll(next.metrics);
      state = next.state;
      const loss = -Array.from(logps).reduce((sum, value) => sum + value, 0) / logps.length;
      return { loss, gradNorm: Math.sqrt(normSquares[0]), nonFinite };
    },
    measured() {
      using arena = new Arena(device, "weights to measure");
      const { weights, tables } = state.borrow();
      const copies = Object.entries({ ...weights, ...tables })
        .map(([name, tensor]) => [name, arena.clone(tensor)] as const);
      arena.commit();
      const owned = arena.keep(Object.fromEntries(copies));
      return {
        ...{ model: { config, weights: owned }, policy: { id: "weights" } },
        [Symbol.dispose]: () => owned[Symbol.dispose](),
      };
    },
    async capture() {
      const { weights, m, v } = await downloadSftState(device, state);
      const arrays = new Map<string, Float32Array>();
      for (const [part, tensors] of Object.entries({ weights, m, v })) {
        for (const [name, data] of Object.entries(tensors)) arrays.set(`${part} ${name}`, data);
      }
      return arrays;
    },
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

const weightsOf = ({ modules, rank }: AdapterLayout): number =>
  [...modules.values()].reduce((sum, { inDim, outDim }) => sum + rank * (inDim + outDim), 0);

/** The three arrays of an adapter. */
function hostState(saved: SavedArrays) {
  const array = (name: string) => {
    const found = saved.get(name);
    if (found !== undefined) return found;
    throw new TypeError(
      `Cannot go on with the adapter: its ${name} is missing, expected params, m and v`,
    );
  };
  return { params: array("params"), m: array("m"), v: array("v") };
}

/** Captured arrays, "PART NAME" each, as a state of all weights. */
function hostWeights(saved: SavedArrays): HostSftState {
  const part = (part: string) =>
    Object.fromEntries(
      [...saved].filter(([name]) => name.startsWith(`${part} `))
        .map(([name, data]) => [name.slice(part.length + 1), data]),
    );
  return { weights: part("weights"), m: part("m"), v: part("v") };
}
