// What a run teaches: the members with their moments, the snapshot in force and the reference. Not a driver: `Run` is.
import { Arena, type Device, Slot, type Tensor } from "../../backend/mod.ts";
import {
  type Adapter,
  type AdapterLayout,
  divergence,
  downloadTrainState,
  type HostTrainState,
  type MetricRow,
  type TrainTensors,
  uploadTrainState,
  valueAt,
} from "../../core/mod.ts";
import { type PairRecord, tokenPair } from "../../scheduler/pairs.ts";
import { EmaReference, type Policy } from "../../scheduler/reference.ts";
import {
  type Snapshot,
  snapshotLayout,
  takeSnapshot,
  uploadSnapshot,
} from "../../scheduler/snapshot.ts";
import type { LearnerOptions } from "./learner_options.ts";
import { learnerLayout, startState } from "../learner_start.ts";
import { batchIds } from "./phase_records.ts";

/** State of a learner on the host. */
export interface LearnerState {
  /** Steps that changed the members: AdamW's bias correction counts these. */
  readonly updates: number;
  /** Members and moments. */
  readonly train: HostTrainState;
  /** The behaviour snapshot in force, or undefined before the first phase. */
  readonly snapshot?: { readonly id: string; readonly params: Float32Array };
  /** The averaged members, for the ema reference. */
  readonly ema?: Float32Array;
}

/** What a step came to. */
export interface StepResult {
  /** Pairs that trained; 0 where all were ties or failed, and then nothing changed. */
  readonly pairs: number;
  /** TRL's names; empty where no pair trained. */
  readonly metrics: MetricRow;
}

/** Members that learn, and the policies that they are held to. Dispose it to free its memory; the model stays. */
export class Learner implements Disposable {
  readonly #state: Slot<TrainTensors>;
  #snapshot: Snapshot | undefined;
  #ema: EmaReference | undefined;
  #updates = 0;

  private constructor(
    readonly device: Device,
    readonly options: LearnerOptions,
    /** Where each member's matrices are. */
    readonly layout: AdapterLayout,
    state: Slot<TrainTensors>,
  ) {
    this.#state = state;
  }

  /** A learner that has learnt nothing. */
  static start(device: Device, options: LearnerOptions): Learner {
    const layout = learnerLayout(options);
    const learner = new Learner(
      device,
      options,
      layout,
      new Slot(startState(device, layout, options)),
    );
    if (options.reference.kind === "ema") {
      learner.#ema = EmaReference.start(device, learner.members(), "ema-0");
    }
    return learner;
  }

  /** A learner as it was. */
  static resume(
    device: Device,
    options: LearnerOptions,
    { train, updates, snapshot, ema }: LearnerState,
  ): Learner {
    const layout = learnerLayout(options);
    const { members } = options;
    const state = uploadTrainState(device, layout, members, train);
    const learner = new Learner(device, options, layout, new Slot(state));
    learner.#updates = updates;
    if (snapshot !== undefined) {
      const merged = snapshotLayout(layout, members);
      learner.#snapshot = uploadSnapshot(device, snapshot.id, merged, snapshot.params);
    }
    if (ema !== undefined) {
      const id = snapshot === undefined ? "ema-0" : snapshot.id.replace("snapshot", "ema");
      learner.#ema = EmaReference.resume(device, { layout, members, params: ema, id });
    }
    return learner;
  }

  /** The members as they are now; borrowed. */
  members(): Adapter {
    return { layout: this.layout, params: this.#state.current.borrow().params };
  }

  /** A frozen exact mean of the members as they are now; the caller disposes it. */
  snapshotNow(id: string): Snapshot {
    return takeSnapshot(this.device, this.members(), id);
  }

  /**
   * The behaviour policy in force.
   *
   * @throws {ReferenceError} If no phase has begun.
   */
  get behaviour(): Policy {
    if (this.#snapshot === undefined) {
      throw new ReferenceError(
        "Cannot use the behaviour snapshot: no phase has begun, expected one",
      );
    }
    return { id: this.#snapshot.id, adapter: this.#snapshot.adapter() };
  }

  /** The policy that the loss holds the learner to. */
  get reference(): Policy {
    const { reference } = this.options;
    if (reference.kind === "behaviour") return this.behaviour;
    if (reference.kind === "sft") return { id: "sft" };
    if (reference.kind === "ema") return this.#ema!.policy;
    return { id: reference.id, adapter: reference.adapter };
  }

  /** Freeze the behaviour policy of the phase that begins at a step, once: collecting may fail and be tried again. */
  refresh(step: number): void {
    const id = `snapshot-${step}`;
    if (this.#snapshot?.id === id) return;
    const next = this.snapshotNow(id);
    this.#snapshot?.[Symbol.dispose]();
    this.#snapshot = next;
    const { reference } = this.options;
    if (reference.kind === "ema" && step > 0) {
      this.#ema!.refresh(this.members(), valueAt(reference.rate, step), `ema-${step}`);
    }
  }

  /**
   * Train on the pairs of a step: one submit, one readback. Where a number of any member is not finite, in loss,
   * gradient, parameters or moments or in what would become of them, no member is updated.
   *
   * @param records Of the step, ties and failures included: those never train.
   * @throws {RangeError} If numbers are not finite; the state is then as it was, bit for bit.
   */
  async train(step: number, records: readonly PairRecord[]): Promise<StepResult> {
    const { model, adamw, reference, gradientCheckpointing, microBatch } = this.options;
    const pairs = records.map(tokenPair).filter((p) => p !== undefined);
    if (pairs.length === 0) return { pairs: 0, metrics: {} };
    const learningRate = valueAt(this.options.learningRate, step);
    const objective = this.options.objective(step);
    using arena = new Arena(this.device, `step ${step}`);
    const run = { model, layout: this.layout, adamw, gradientCheckpointing };
    const { state, read } = await objective.step(arena, run, this.#state.current, {
      pairs,
      ids: batchIds(records, reference.kind === "behaviour"),
      step: this.#updates, // a step without a pair moves no moment and counts for none
      learningRate,
      microBatch,
      allOrNone: true,
    });
    const { row, nonFinite } = await read();
    const metrics: MetricRow = { ...row, learning_rate: learningRate };
    this.#state.set(state);
    const { loss, grad_norm: gradNorm } = metrics;
    const error = divergence(
      { step, loss, gradNorm, nonFinite },
      "Lower the learning rate or raise beta",
    );
    if (error !== undefined) throw error;
    this.#updates++;
    return { pairs: pairs.length, metrics };
  }

  /** Copy the state to the host. */
  async capture(): Promise<LearnerState> {
    const read = async (params: Tensor) => {
      using arena = new Arena(this.device, "capture");
      return await arena.read(params) as Float32Array;
    };
    return {
      updates: this.#updates,
      train: await downloadTrainState(this.device, this.#state.current),
      ...(this.#snapshot && {
        snapshot: {
          id: this.#snapshot.id,
          params: await read(this.#snapshot.adapter().params),
        },
      }),
      ...(this.#ema && { ema: await read(this.#ema.members) }),
    };
  }

  /** Free everything but the model. */
  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
    this.#snapshot?.[Symbol.dispose]();
    this.#ema?.[Symbol.dispose]();
  }
}
