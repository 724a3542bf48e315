// A whole BPO run as an object: snapshot, collect, step, and the state that a checkpoint needs.
import { Arena, type Device, Slot, type Tensor } from "../backend/mod.ts";
import {
  type Adapter,
  type AdapterLayout,
  adapterLayout,
  checkPace,
  divergence,
  downloadTrainState,
  fold,
  initTrainState,
  type Key,
  keyOf,
  linearLayers,
  type MetricRow,
  pairwise,
  preferenceBatch,
  type TrainState,
  trainStep,
  type TrainTensors,
  uploadTrainState,
  valueAt,
} from "../core/mod.ts";
import type { PreferenceLoss } from "../losses/mod.ts";
import type { AlignmentCheckpoint, AlignmentOptions, StepReport } from "./alignment_types.ts";
import type { Cadence } from "../scheduler/cadence.ts";
import { collect } from "../scheduler/collect.ts";
import { type PairRecord, tokenPair } from "../scheduler/pairs.ts";
import { phasePrompts } from "../scheduler/prompts.ts";
import { EmaReference, type Policy } from "../scheduler/reference.ts";
import {
  type Snapshot,
  snapshotLayout,
  takeSnapshot,
  uploadSnapshot,
} from "../scheduler/snapshot.ts";

/**
 * A BPO run. The caller drives it: while not `done`, `collect` (or `load` recorded pairs) when a phase is due, then
 * `step`. Dispose it to free its memory; the model stays the caller's.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { ruleAnnotator, tinyModel } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { cadence } from "@leash/bpo/scheduler";
 * import { Alignment } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const tokenizer = {
 *   ...{ vocabSize: 16, bosId: 1, eosId: 2, padId: 0 },
 *   encode: (text: string) => Array.from(text, (c) => 3 + c.charCodeAt(0) % 13),
 *   decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => String.fromCharCode(97 + id)).join(""),
 * };
 * using run = Alignment.start(device, {
 *   ...{ model, tokenizer, prompts: ["ab", "c"], annotator: ruleAnnotator("e", (_, t) => t.split("e").length) },
 *   ...{ loss: dpo({ beta: 0.1 }), reference: { kind: "behaviour" }, sampling: { temperature: 1 } },
 *   ...{ cadence: cadence({ steps: 4, phases: 2 }), pairsPerStep: 4, members: 2, rank: 2, alpha: 4 },
 *   ...{ maxNew: 8, learningRate: 1e-3, seed: 1 },
 * });
 * while (!run.done) {
 *   if (run.phaseDue) await run.collect();
 *   const { step, pairs, metrics } = await run.step();
 *   if (pairs > 0) assertEquals(Number.isFinite(metrics.loss), true, `step ${step}`);
 * }
 * ```
 */
export class Alignment implements Disposable {
  readonly #state: Slot<TrainTensors>;
  readonly #key: Key;
  #snapshot: Snapshot | undefined;
  #ema: EmaReference | undefined;
  #records: readonly PairRecord[] = [];
  #step = 0;
  #updates = 0;
  /** Where each member's matrices are. */
  readonly layout: AdapterLayout;

  private constructor(
    readonly device: Device,
    readonly options: AlignmentOptions,
    layout: AdapterLayout,
    state: TrainState,
  ) {
    this.layout = layout;
    this.#state = new Slot(state);
    this.#key = keyOf(options.seed);
  }

  /**
   * A new run at step 0.
   *
   * @throws {RangeError} If there are no prompts, a size is not a whole number of at least 1, or `startFrom` has
   * not as many numbers as members of its layout.
   * @throws {TypeError} If `targetModules` matches nothing.
   */
  static start(device: Device, options: AlignmentOptions): Alignment {
    const layout = alignmentLayout(options);
    const run = new Alignment(device, options, layout, startState(device, layout, options));
    if (options.reference.kind === "ema") {
      run.#ema = EmaReference.start(device, run.members(), "ema-0");
    }
    return run;
  }

  /** Continue from a checkpoint. */
  static resume(
    device: Device,
    options: AlignmentOptions,
    checkpoint: AlignmentCheckpoint,
  ): Alignment {
    const layout = alignmentLayout(options);
    const { members } = options;
    const state = uploadTrainState(device, layout, members, checkpoint.train);
    const run = new Alignment(device, options, layout, state);
    run.#step = checkpoint.step;
    run.#updates = checkpoint.updates;
    run.#records = checkpoint.records;
    const { snapshot, ema } = checkpoint;
    if (snapshot !== undefined) {
      const merged = snapshotLayout(layout, members);
      run.#snapshot = uploadSnapshot(device, snapshot.id, merged, snapshot.params);
    }
    if (ema !== undefined) {
      const id = snapshot === undefined ? "ema-0" : snapshot.id.replace("snapshot", "ema");
      run.#ema = EmaReference.resume(device, { layout, members, params: ema, id });
    }
    return run;
  }

  /** Steps done. */
  get stepsDone(): number {
    return this.#step;
  }

  /** Whether all steps are done. */
  get done(): boolean {
    return this.#step >= this.options.cadence.steps;
  }

  /** Whether the next step starts a phase that has no data yet. */
  get phaseDue(): boolean {
    const { cadence } = this.options;
    return !this.done && cadence.isDue(this.#step) &&
      this.#records[0]?.phase !== cadence.phaseOf(this.#step);
  }

  /** Phase of the next step. */
  get phase(): number {
    return this.options.cadence.phaseOf(this.#step);
  }

  /** Pairs of the phase in progress. */
  get records(): readonly PairRecord[] {
    return this.#records;
  }

  /** The members as they are now; borrowed. */
  members(): Adapter {
    return { layout: this.layout, params: this.#state.current.borrow().params };
  }

  /** A frozen exact mean of the members as they are now; the caller disposes it. */
  snapshotNow(id: string): Snapshot {
    return takeSnapshot(this.device, this.members(), id);
  }

  /** The behaviour policy in force. */
  get behaviour(): Policy {
    if (this.#snapshot === undefined) {
      throw new ReferenceError(
        "Cannot use the behaviour snapshot: no phase has begun, expected collect() or load() first",
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

  /**
   * Start the phase that is due: refresh the snapshot, generate, annotate, score. Awaits the world; no arena is open.
   *
   * @param signal Aborts; the phase is then still due.
   * @throws {RangeError} If no phase is due. Rejects with what the annotator rejects with.
   */
  async collect(signal?: AbortSignal): Promise<readonly PairRecord[]> {
    const { model, tokenizer, annotator, sampling, maxNew } = this.options;
    const temperature = valueAt(sampling.temperature ?? 1, this.#step);
    this.#refresh();
    this.#records = await collect(this.device, {
      model,
      tokenizer,
      annotator,
      sampling: { ...sampling, temperature },
      maxNew,
      behaviour: this.behaviour,
      reference: this.reference,
      phase: this.phase,
      prompts: phasePrompts({ ...this.options, key: this.#key }, this.phase),
      key: this.#key,
      signal,
    });
    return this.#records;
  }

  /**
   * Start the phase that is due with recorded pairs instead of new ones.
   *
   * @param records Pairs of exactly this phase, in any order.
   * @throws {RangeError} If no phase is due, there is no record, one belongs to another phase or step, or they
   * come from different policies.
   */
  load(records: readonly PairRecord[]): void {
    checkRecords(records, this.phase, this.options.cadence);
    this.#refresh();
    this.#records = records;
  }

  /** Freeze the behaviour policy of the phase, once: a phase that failed to collect may be tried again. */
  #refresh(): void {
    if (!this.phaseDue) {
      throw new RangeError(
        `Cannot start a phase: ${
          this.done ? "the run is done" : `phase ${this.phase} has begun`
        }, expected the first step of a phase without pairs`,
      );
    }
    const id = `snapshot-${this.#step}`;
    if (this.#snapshot?.id === id) return;
    const next = this.snapshotNow(id);
    this.#snapshot?.[Symbol.dispose]();
    this.#snapshot = next;
    const { reference } = this.options;
    if (reference.kind === "ema" && this.#step > 0) {
      const rate = valueAt(reference.rate, this.#step);
      this.#ema!.refresh(this.members(), rate, `ema-${this.#step}`);
    }
  }

  /**
   * Train on the pairs of the next step: one submit, one readback. Where a number of any member is not finite, in
   * loss, gradient, parameters or moments or in what would become of them, no member is updated, and the run stops.
   *
   * @returns What happened; where no pair can train, nothing changes and the step counts as done.
   * @throws {RangeError} If the run is done, its phase has no pairs, or numbers are not finite; the state is then as it
   * was, bit for bit.
   */
  async step(): Promise<StepReport> {
    const { model, adamw, reference, gradientCheckpointing, microBatch } = this.options;
    const step = this.#step;
    const phase = this.phase;
    if (this.done || this.phaseDue) {
      throw new RangeError(
        `Cannot train step ${step}: ${
          this.done ? "the run is done" : "its phase has no pairs, expected collect() first"
        }`,
      );
    }
    const pairs = this.#records.filter((r) => r.step === step)
      .map(tokenPair).filter((p) => p !== undefined);
    if (pairs.length === 0) {
      this.#step++;
      return { step, phase, pairs: 0, metrics: {} };
    }
    const { snapshotId, referenceId } = this.#records[0];
    const batch = preferenceBatch(pairs, {
      snapshotId,
      referenceId,
      requireSame: reference.kind === "behaviour",
    });
    const rate = valueAt(this.options.learningRate, step);
    const loss = lossAt(this.options.loss, step);
    using arena = new Arena(this.device, `step ${step}`);
    const objective = pairwise(loss);
    const run = { model, layout: this.layout, objective, adamw, gradientCheckpointing };
    const out = await trainStep(arena, run, this.#state.current, batch, {
      step: this.#updates, // a step without a pair moves no moment and counts for none
      learningRate: rate,
      microBatch,
      allOrNone: true,
    });
    const read = await arena.readAll(out.metrics);
    const metrics: MetricRow = { ...objective.summarise(read, batch), learning_rate: rate };
    this.#state.set(out.state);
    const { loss: mean, grad_norm: gradNorm } = metrics;
    const error = divergence(
      { step, loss: mean, gradNorm, nonFinite: read.nonFinite },
      "Lower the learning rate or raise beta",
    );
    if (error !== undefined) throw error;
    this.#step++;
    this.#updates++;
    return { step, phase, pairs: pairs.length, metrics };
  }

  /** Copy the state of the run to the host. */
  async capture(): Promise<AlignmentCheckpoint> {
    const read = async (params: Tensor) => {
      using arena = new Arena(this.device, "capture");
      return await arena.read(params) as Float32Array;
    };
    return {
      step: this.#step,
      updates: this.#updates,
      train: await downloadTrainState(this.device, this.#state.current),
      ...(this.#snapshot && {
        snapshot: {
          id: this.#snapshot.id,
          params: await read(this.#snapshot.adapter().params),
        },
      }),
      ...(this.#ema && { ema: await read(this.#ema.members) }),
      records: this.#records,
    };
  }

  /** Free everything but the model. */
  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
    this.#snapshot?.[Symbol.dispose]();
    this.#ema?.[Symbol.dispose]();
  }
}

/** The loss of a step. */
function lossAt(loss: AlignmentOptions["loss"], step: number): PreferenceLoss {
  return typeof loss === "function" ? loss(step) : loss;
}

/** Fresh members, or those that the caller has; moments 0. */
function startState(
  device: Device,
  layout: AdapterLayout,
  { members, seed, startFrom }: AlignmentOptions,
): TrainState {
  if (startFrom === undefined) {
    return initTrainState(device, layout, members, fold(keyOf(seed), "adapter"));
  }
  const { params } = startFrom;
  if (params.length !== members * layout.size) {
    throw new RangeError(
      `Cannot start the run: startFrom has ${params.length} numbers, expected ${members} members of ${layout.size}`,
    );
  }
  const zeros = () => new Float32Array(params.length);
  return uploadTrainState(device, layout, members, { params, m: zeros(), v: zeros() });
}

/** Where the members' matrices are, as `Alignment.start` has them; throws what it throws. */
export function alignmentLayout(options: AlignmentOptions): AdapterLayout {
  const { model, rank, alpha, rsLora, targetModules, startFrom } = options;
  for (const name of ["members", "pairsPerStep"] as const) {
    if (!(Number.isInteger(options[name]) && options[name] >= 1)) {
      throw new RangeError(
        `Cannot plan the run: ${name} is ${options[name]}, expected a whole number ≥ 1`,
      );
    }
  }
  checkPace({ step: 0, learningRate: valueAt(options.learningRate, 0) });
  if (options.prompts.length === 0) {
    throw new RangeError("Cannot plan the run: prompts is empty, expected at least 1");
  }
  if (startFrom !== undefined) return startFrom.layout;
  return adapterLayout(linearLayers(model.config), { rank, alpha, rsLora, targetModules });
}

function checkRecords(records: readonly PairRecord[], phase: number, cadence: Cadence): void {
  const refuse = (found: string, expected: string) => {
    throw new RangeError(`Cannot load pairs: ${found}, expected ${expected}`);
  };
  const [from, to] = cadence.span(phase);
  const place = `pairs of phase ${phase}, steps ${from} to ${to - 1}`;
  if (records.length === 0) refuse("there is none", place);
  for (const r of records) {
    if (r.phase !== phase || r.step < from || r.step >= to) {
      refuse(`one is of phase ${r.phase}, step ${r.step}`, place);
    }
    const { snapshotId, referenceId } = records[0];
    if (r.snapshotId !== snapshotId || r.referenceId !== referenceId) {
      refuse(
        `one is of ${r.snapshotId} and ${r.referenceId}`,
        `one policy for all, ${snapshotId} and ${referenceId}`,
      );
    }
  }
}
