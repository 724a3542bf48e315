// A run as an object: a source of pairs, an objective, schedules and sinks, from its first step to its last.
import type { Device } from "../backend/mod.ts";
import type { Adapter, AdapterLayout } from "../core/mod.ts";
import type { PairRecord } from "../scheduler/pairs.ts";
import type { Policy } from "../scheduler/reference.ts";
import type { Snapshot } from "../scheduler/snapshot.ts";
import type { PairProgress, RunCheckpoint, RunCounts } from "./checkpoint.ts";
import { Driver } from "./driver.ts";
import type { EvaluationNumbers } from "./evaluator.ts";
import { Learner, type LearnerState } from "./pairs/learner.ts";
import { type RunOptions, settle, type SettledOptions } from "./run_options.ts";
import { DrivenRun } from "./driven_run.ts";
import { PairCourse } from "./pairs/course.ts";

/**
 * A run: source × objective × schedule × sinks. `events` drives it, an event after another, and `finish` to its end.
 * Dispose it to free its memory; the model stays the caller's.
 *
 * @example A whole run: an annotator of one's own, a sink, and an end as soon as the policy is far from where it began
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { type Annotator, tinyModel } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { cadence } from "@leash/bpo/scheduler";
 * import { memorySink, online, policyEvaluator, Run, stopAtKl } from "@leash/bpo/training";
 * import { assert, assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const tokenizer = {
 *   ...{ vocabSize: 16, bosId: 1, eosId: 2, padId: 0 },
 *   encode: (text: string) => Array.from(text, (c) => 3 + c.charCodeAt(0) % 13),
 *   decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => String.fromCharCode(97 + id)).join(""),
 * };
 * const es = (text: string) => text.split("e").length;
 * const annotator: Annotator = { // anything that says which of two answers wins
 *   name: "more e",
 *   annotate: (pairs) =>
 *     Promise.resolve(pairs.map(({ a, b }) => ({ outcome: es(a) > es(b) ? "a" : es(a) < es(b) ? "b" : "tie" }))),
 * };
 * const sink = memorySink(), asked = { prompts: ["ab", "c"], annotator, maxNew: 8 };
 * using run = Run.start(device, {
 *   ...{ model, tokenizer, loss: dpo({ beta: 0.1 }), learningRate: 0.1 },
 *   ...{ source: online(asked), cadence: cadence({ steps: 40, phases: 20 }) },
 *   ...{ evaluator: policyEvaluator(asked), stops: [stopAtKl(2)], sinks: [sink] },
 * });
 * for await (const event of run.events()) {
 *   if (event.kind === "step" && event.examples > 0) assert(Number.isFinite(event.metrics.loss));
 * }
 * assert(sink.end!.steps < 40, sink.end!.stopped); // "the KL is 2.3, above 2 nats"
 * assertEquals(sink.rows.answers.length, run.evaluations.length);
 * using policy = run.snapshotNow("final"); // the exact mean of the members, to generate with or to save
 * ```
 *
 * @typeParam E Numbers of its evaluations.
 */
export class Run<E extends EvaluationNumbers = EvaluationNumbers>
  extends DrivenRun<E, LearnerState & PairProgress> {
  readonly #course: PairCourse<E>;

  private constructor(course: PairCourse<E>, checkpoint: RunCheckpoint<E> | undefined) {
    super(new Driver(course.device, course.options, course, checkpoint));
    this.#course = course;
  }

  /**
   * A new run at step 0.
   *
   * @throws {RangeError} If a size is not a whole number of at least 1, or `startFrom` has not as many numbers as
   * members of its layout.
   * @throws {TypeError} If `targetModules` matches nothing, or not exactly one of `loss` and `objective` is given.
   */
  static start<E extends EvaluationNumbers = EvaluationNumbers>(
    device: Device,
    options: RunOptions<E>,
  ): Run<E> {
    const settled = settle(options);
    const learner = Learner.start(device, settled);
    return new Run(new PairCourse(device, settled, learner, undefined), undefined);
  }

  /** Continue from a checkpoint. */
  static resume<E extends EvaluationNumbers = EvaluationNumbers>(
    device: Device,
    options: RunOptions<E>,
    checkpoint: RunCheckpoint<E>,
  ): Run<E> {
    const settled = settle(options);
    const learner = Learner.resume(device, settled, checkpoint);
    return new Run(new PairCourse(device, settled, learner, checkpoint), checkpoint);
  }

  /** What the run was given, with defaults. */
  get options(): SettledOptions<E> {
    return this.#course.options;
  }

  /** Whether the next step starts a phase that has no pairs yet. */
  get phaseDue(): boolean {
    return !this.done && this.#course.isDue(this.stepsDone);
  }

  /** Phase of the next step, from 0. */
  get phase(): number {
    return this.options.cadence.phaseOf(this.stepsDone);
  }

  /** Pairs of the phase in progress. */
  get records(): readonly PairRecord[] {
    return this.#course.pairs.records;
  }

  /** Sums so far. */
  get counts(): RunCounts {
    return this.#course.pairs.counts;
  }

  /** Where each member's matrices are. */
  get layout(): AdapterLayout {
    return this.#course.learner.layout;
  }

  /** The members as they are now; borrowed. */
  members(): Adapter {
    return this.#course.learner.members();
  }

  /** A frozen exact mean of the members as they are now; the caller disposes it. */
  snapshotNow(id: string): Snapshot {
    return this.#course.learner.snapshotNow(id);
  }

  /** The behaviour policy in force; throws ReferenceError where no phase has begun. */
  get behaviour(): Policy {
    return this.#course.learner.behaviour;
  }

  /** The policy that the loss holds the learner to. */
  get reference(): Policy {
    return this.#course.learner.reference;
  }
}
