// What a run of supervised fine-tuning teaches: a batch of sequences a step, epoch after epoch.
import { divergence, keyOf, packSequences, valueAt } from "../../core/mod.ts";
import type { Course, MeasuredPolicy, Taught } from "../course.ts";
import { SequenceCursor } from "../sources/completions.ts";
import type { SftLearner } from "./learner.ts";
import type { SettledSftOptions, SftRunState } from "./options.ts";

/** A learner and the batches that it learns from. */
export class SftCourse implements Course<SftRunState> {
  readonly #batches: SequenceCursor;
  #tokens: number;

  constructor(
    readonly options: Pick<SettledSftOptions, "source" | "seed" | "learningRate">,
    readonly learner: SftLearner,
    tokens = 0,
  ) {
    this.#batches = new SequenceCursor(options.source, keyOf(options.seed));
    this.#tokens = tokens;
  }

  /** Tokens that steps were trained on, prompts among them. */
  get tokens(): number {
    return this.#tokens;
  }

  isDue(): boolean {
    return false; // nothing is collected
  }

  begin(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  async train(step: number): Promise<Taught> {
    const { batch, epoch } = this.#batches.at(step);
    const packed = packSequences(batch);
    const learningRate = valueAt(this.options.learningRate, step);
    const numbers = await this.learner.step(packed, { step, learningRate });
    const error = divergence({ step: step + 1, ...numbers }, "Lower the learning rate");
    if (error !== undefined) throw error;
    this.#tokens += packed.ids.length;
    const { loss, gradNorm: grad_norm } = numbers;
    const metrics = { loss, grad_norm, learning_rate: learningRate };
    return {
      examples: batch.length,
      metrics: { ...metrics, step_tokens: packed.ids.length },
      epoch,
      row: { step: step + 1, epoch, ...metrics, num_tokens: this.#tokens },
    };
  }

  measured(): MeasuredPolicy {
    return this.learner.measured();
  }

  place(step: number): object {
    return { step };
  }

  async capture(): Promise<SftRunState> {
    return { arrays: await this.learner.capture(), tokens: this.#tokens };
  }

  [Symbol.dispose](): void {
    this.learner[Symbol.dispose]();
  }
}
