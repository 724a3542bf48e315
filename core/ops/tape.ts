// Reverse-mode differentiation as a list of pullbacks. What the backward pass no longer needs is given back at once.
import type { Arena, Tensor } from "../../backend/mod.ts";
import { add } from "../../backend/mod.ts";

interface Entry {
  readonly output: Tensor;
  readonly pullback: (dy: Tensor) => void;
  readonly saved: readonly Tensor[];
}

/**
 * Records the ops of a forward pass so that `backward` can run their pullbacks in reverse. With
 * `recording: false` it records nothing and `free` gives memory back during the forward pass.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { activationMul, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const gate = arena.upload([1], new Float32Array([0]), "gate");
 * const up = arena.upload([1], new Float32Array([6]), "up");
 * const h = activationMul(tape, "silu", gate, up);
 * tape.accumulate(h, () => arena.upload([1], new Float32Array([1]), "dh")); // start from ∂L/∂h = 1
 * tape.backward();
 * assertEquals([...await arena.read(tape.gradient(gate)!)], [3]); // silu'(0)·up = 6/2
 * ```
 */
export class Tape {
  readonly #entries: Entry[] = [];
  readonly #gradients = new Map<Tensor, Tensor>();
  readonly #holders = new Map<Tensor, number>();
  readonly #stopped = new Set<Tensor>();

  /** Start recording, or only computing. */
  constructor(
    /** Where ops allocate and record. */
    readonly arena: Arena,
    /** Whether a backward pass will follow. */
    readonly recording: boolean,
  ) {}

  /** Remember how to send the gradient of `output` back. `saved` is released after that, with `output`. */
  record(output: Tensor, pullback: (dy: Tensor) => void, saved: readonly Tensor[] = []): void {
    if (this.recording) this.#entries.push({ output, pullback, saved });
  }

  /** Give a temporary back now if no backward pass will need it. */
  free(...tensors: Tensor[]): void {
    if (!this.recording) { for (const tensor of tensors) this.arena.release(tensor); }
  }

  /**
   * Say what an op's output depends on: if no input wants a gradient and the op has no weight that trains, neither does
   * the output, and what the backward pass would compute for it is not computed.
   */
  flow(output: Tensor, inputs: readonly Tensor[], trains = false): void {
    if (!trains && !inputs.some((input) => this.wants(input))) this.#stopped.add(output);
  }

  /** Whether anything that trains is upstream of a tensor, as far as `flow` was told: true where it was not. */
  wants(tensor: Tensor): boolean {
    return !this.#stopped.has(tensor);
  }

  /** Add to the gradient of `input`: `make` gets the gradient that is there, if any, and returns the sum. Not called if nobody wants it. */
  accumulate(input: Tensor, make: (there: Tensor | undefined) => Tensor): void {
    if (!this.wants(input)) return;
    const there = this.#gradients.get(input);
    const sum = make(there);
    this.#gradients.set(input, sum);
    this.#holders.set(sum, (this.#holders.get(sum) ?? 0) + 1);
    if (there !== undefined) this.#drop(there);
  }

  /** Pass a gradient on unchanged (a residual branch). */
  pass(input: Tensor, dy: Tensor): void {
    this.accumulate(input, (there) => there === undefined ? dy : add(this.arena, there, dy));
  }

  /** Run the pullbacks from the gradients given with `accumulate`, last op first. */
  backward(): void {
    for (const { output, pullback, saved } of this.#entries.reverse()) {
      const dy = this.#gradients.get(output);
      if (dy !== undefined) {
        pullback(dy);
        this.#gradients.delete(output);
        this.#drop(dy);
      }
      for (const tensor of [output, ...saved]) this.arena.release(tensor);
    }
    this.#entries.length = 0;
  }

  /** The gradient of a tensor that no op produced (a weight), after `backward`. */
  gradient(input: Tensor): Tensor | undefined {
    return this.#gradients.get(input);
  }

  #drop(gradient: Tensor): void {
    const holders = this.#holders.get(gradient)! - 1;
    if (holders > 0) {
      this.#holders.set(gradient, holders);
    } else {
      this.#holders.delete(gradient);
      this.arena.release(gradient);
    }
  }
}
