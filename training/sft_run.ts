// Supervised fine-tuning as a run: a source of sequences, a schedule and sinks, from its first step to its last.
import type { Device } from "../backend/mod.ts";
import { DrivenRun } from "./driven_run.ts";
import { Driver } from "./driver.ts";
import type { EvaluationNumbers } from "./evaluator.ts";
import { SftCourse } from "./sft/course.ts";
import { type Learnt, sftLearner } from "./sft/learner.ts";
import {
  type SettledSftOptions,
  settleSft,
  type SftCheckpoint,
  type SftRunOptions,
  type SftRunState,
} from "./sft/options.ts";

/**
 * Supervised fine-tuning: mean negative log-prob of completion tokens, learnt by a LoRA adapter or by a copy of all
 * weights. It is driven, stopped, measured and kept as a `Run` is. Dispose it to free its memory; the model stays the
 * caller's.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { tinyModel } from "@leash/bpo/core";
 * import { completions, lossEvaluator, SftRun } from "@leash/bpo/training";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const tokenizer = {
 *   ...{ vocabSize: 16, bosId: 1, eosId: 2, padId: 0 },
 *   encode: (text: string) => Array.from(text, (c) => 3 + c.charCodeAt(0) % 13),
 *   decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => String.fromCharCode(97 + id)).join(""),
 * };
 * const rows = [{ ids: [1, 5, 6, 7, 2], promptLength: 2 }, { ids: [1, 8, 2], promptLength: 1 }];
 * using run = SftRun.start(device, {
 *   ...{ model, tokenizer, source: completions(rows), epochs: 5, learningRate: 0.05 },
 *   evaluator: lossEvaluator(rows),
 * });
 * await run.finish();
 * const [before, after] = run.evaluations.map(({ numbers }) => numbers.loss);
 * assert(after < before);
 * assert(run.learnt.kind === "adapter"); // to be saved, or to start a `Run` from
 * ```
 *
 * @typeParam E Numbers of its evaluations.
 */
export class SftRun<E extends EvaluationNumbers = EvaluationNumbers>
  extends DrivenRun<E, SftRunState> {
  readonly #course: SftCourse;

  private constructor(
    device: Device,
    /** What the run was given, with defaults. */
    readonly options: SettledSftOptions<E>,
    checkpoint: SftCheckpoint<E> | undefined,
  ) {
    const learner = sftLearner(device, options, checkpoint?.arrays);
    const course = new SftCourse(options, learner, checkpoint?.tokens);
    super(new Driver(device, options, course, checkpoint));
    this.#course = course;
  }

  /**
   * A new run at step 0.
   *
   * @throws {RangeError} If the run has no length, or `startFrom` has not as many numbers as its layout.
   * @throws {TypeError} If `targetModules` matches nothing, or all weights are to learn and one is not of f32.
   */
  static start<E extends EvaluationNumbers = EvaluationNumbers>(
    device: Device,
    options: SftRunOptions<E>,
  ): SftRun<E> {
    return new SftRun(device, settleSft(options), undefined);
  }

  /**
   * Continue from a checkpoint.
   *
   * @throws {TypeError} If the checkpoint lacks an array, or one has another size.
   */
  static resume<E extends EvaluationNumbers = EvaluationNumbers>(
    device: Device,
    options: SftRunOptions<E>,
    checkpoint: SftCheckpoint<E>,
  ): SftRun<E> {
    return new SftRun(device, settleSft(options), checkpoint);
  }

  /** What is trained, as a number of weights. */
  get trained(): number {
    return this.#course.learner.trained;
  }

  /** Tokens that steps were trained on, prompts among them. */
  get tokens(): number {
    return this.#course.tokens;
  }

  /** What has been learnt, as it is now; borrowed. */
  get learnt(): Learnt {
    return this.#course.learner.learnt;
  }
}
