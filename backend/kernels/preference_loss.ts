// From summed log-probs to preference losses and slopes, for any loss: L(dw, dl, …) of each pair, with
// dw = lw − rw and dl = ll − rl the log-ratios to the reference, and ∂(mean over pairs of L)/∂log-prob.
// Axes: K members, B pairs; a member's 2B rows are the B chosen, then the B rejected. 36KB bytes, elementwise.
// A log-prob or reference that is not finite gives NaN for its pair, whatever min and max of the loss make of it.
// A loss brings its own formula, so there is a kernel a loss object; the CPU twin is the loss itself, in f64.
import type { Arena } from "../arena.ts";
import { length } from "../checks.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { NON_FINITE_WGSL } from "./finite.ts";

/** What a loss sees of one pair, in the order of the WGSL struct: log-ratios, completion tokens, log-probs (nats). */
const FIELDS = ["dw", "dl", "nw", "nl", "lw", "ll"] as const;

/** The numbers of one pair, chosen w and rejected l; `LossInput` of the losses says what each is. */
export type PairNumbers = Readonly<Record<"dw" | "dl" | "nw" | "nl" | "lw" | "ll", number>>;

/** A preference loss as the kernel needs it. */
export interface KernelLoss {
  /** Name in stats and errors. */
  readonly name: string;
  /** What it was built with; tells kernels of one name apart in stats. */
  readonly options?: Readonly<Record<string, number | string>>;
  /**
   * WGSL of `fn lossValue(x: LossInput) -> f32` and `fn lossSlopes(x: LossInput) -> vec2f` (∂L/∂dw,
   * ∂L/∂dl); other names start with `loss`. Without it the loss runs on the host only.
   */
  readonly wgsl?: string;
  /** L(x) in f64. */
  value(x: PairNumbers): number;
  /** ∂L/∂dw, which is ∂L/∂lw too, and ∂L/∂dl, in f64. */
  slopes(x: PairNumbers): { readonly dw: number; readonly dl: number };
}

/** Rows of a preference batch. */
export interface PreferenceSizes {
  /** K, members of the ensemble. */
  readonly members: number;
  /** B, pairs a member. */
  readonly pairs: number;
  /** Pairs that the loss is the mean over, where these are a part of them. Default: B. */
  readonly of?: number;
}

const kernels = new WeakMap<KernelLoss, Kernel>();

/**
 * The kernel of a loss, made once an object (pipelines are cached by it). Binds logps [K·2B], reference
 * [2B] or [K·2B], counts u32 [2B], losses [K·B], slopes [K·2B].
 *
 * @example
 * ```ts
 * import { preferenceLossKernel } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * const hinge = {
 *   name: "hinge",
 *   value: (x: { dw: number; dl: number }) => Math.max(0, 1 - (x.dw - x.dl)),
 *   slopes: (x: { dw: number; dl: number }) => x.dw - x.dl < 1 ? { dw: -1, dl: 1 } : { dw: 0, dl: 0 },
 * };
 * assert(preferenceLossKernel(hinge) === preferenceLossKernel(hinge));
 * ```
 */
export function preferenceLossKernel(loss: KernelLoss): Kernel {
  let kernel = kernels.get(loss);
  if (kernel === undefined) kernels.set(loss, kernel = makeKernel(loss));
  return kernel;
}

function makeKernel(loss: KernelLoss): Kernel {
  const options = Object.entries(loss.options ?? {}).map(([name, value]) => `${name}=${value}`);
  return defineKernel({
    name: `preferenceLoss:${loss.name}(${options.join(",")})`,
    bindings: [
      { name: "logps", access: "read" },
      { name: "reference", access: "read" },
      { name: "counts", access: "read", type: "u32" },
      { name: "losses", access: "read_write" },
      { name: "slopes", access: "read_write" },
    ],
    params: [["members", "u32"], ["pairs", "u32"], ["whole", "u32"], ["referenceStride", "u32"]],
    fixed: [],
    wgsl: () => /* wgsl */ `
${NON_FINITE_WGSL}
struct LossInput { ${FIELDS.map((name) => `${name}: f32`).join(", ")} }
${loss.wgsl}
${eachThreadWgsl("at", "p.members * p.pairs")}
  let member = at / p.pairs;
  let pair = at % p.pairs;
  let w = 2u * p.pairs * member + pair;
  let l = w + p.pairs;
  let r = p.referenceStride * member + pair;
  if (isNonFinite(logps[w]) || isNonFinite(logps[l]) ||
      isNonFinite(reference[r]) || isNonFinite(reference[r + p.pairs])) {
    let none = bitcast<f32>(0x7fc00000u | (p.pairs & 0u)); // WGSL refuses a NaN that it knows
    losses[at] = none;
    slopes[w] = none;
    slopes[l] = none;
    return;
  }
  let x = LossInput(logps[w] - reference[r], logps[l] - reference[r + p.pairs],
    f32(counts[pair]), f32(counts[p.pairs + pair]), logps[w], logps[l]);
  losses[at] = lossValue(x);
  let slope = lossSlopes(x) / f32(p.whole);
  slopes[w] = slope.x;
  slopes[l] = slope.y;
}`,
    workgroups: (p) => grid(p.members * p.pairs),
    mainOnly: true,
    cpu: [{
      tasks: () => 1,
      run: ({ b, p }) => {
        const sizes = { members: p.members, pairs: p.pairs, of: p.whole };
        const host = { logps: b.logps, reference: b.reference, counts: b.counts };
        const { losses, slopes } = preferenceLossOnHost(loss, host, sizes);
        b.losses.set(losses);
        b.slopes.set(slopes);
      },
    }],
  });
}

/**
 * Losses of all pairs and their slopes, on the device.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, preferenceLoss } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * const hinge = {
 *   name: "hinge",
 *   value: (x: { dw: number; dl: number }) => Math.max(0, 1 - (x.dw - x.dl)),
 *   slopes: (x: { dw: number; dl: number }) => x.dw - x.dl < 1 ? { dw: -1, dl: 1 } : { dw: 0, dl: 0 },
 * };
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const logps = arena.upload([2], new Float32Array([-3, -5]), "logps");
 * const reference = arena.upload([2], new Float32Array([-3, -5]), "reference");
 * const counts = arena.upload([2], new Uint32Array([4, 6]), "counts");
 * const sizes = { members: 1, pairs: 1 };
 * const { losses } = preferenceLoss(arena, { logps, reference, counts }, hinge, sizes);
 * assert((await arena.read(losses))[0] === 1);
 * ```
 *
 * @param logps [K·2B] f32, nats: log-probs summed over completion tokens, a member's B chosen rows first, then
 * its B rejected; borrowed.
 * @param reference [2B] f32, shared by the members, or [K·2B]: the reference's log-probs; borrowed.
 * @param counts [2B] u32: completion tokens of the rows, the same for all members; borrowed.
 * @param loss Value, slopes and, for WebGPU, their WGSL.
 * @returns In `arena`: `losses` [K·B], one a pair, and `slopes` [K·2B] = ∂(mean over pairs of L)/∂logps, already
 * divided by B (or `of`), each member's for itself; NaN for a pair of which a log-prob or reference is not finite.
 * @throws {TypeError} If shapes do not fit, or the loss has no `wgsl` on WebGPU.
 */
export function preferenceLoss(
  arena: Arena,
  { logps, reference, counts }: { logps: Tensor; reference: Tensor; counts: Tensor },
  loss: KernelLoss,
  { members, pairs, of = pairs }: PreferenceSizes,
): { losses: Tensor; slopes: Tensor } {
  if (!arena.device.info.runsTwins && loss.wgsl === undefined) {
    throw new TypeError(
      `Cannot run preferenceLoss on WebGPU: wgsl of the loss "${loss.name}" is undefined, expected WGSL source. Read the log-probs and use preferenceLossOnHost`,
    );
  }
  const rows = members * 2 * pairs;
  length("preferenceLoss", "logps", logps, rows);
  length("preferenceLoss", "counts", counts, 2 * pairs);
  const shared = sizeOf(reference.shape) === 2 * pairs;
  if (!shared) length("preferenceLoss", "reference", reference, rows);
  const losses = arena.alloc([members * pairs], "preferenceLoss.losses");
  const slopes = arena.alloc([rows], "preferenceLoss.slopes");
  arena.dispatch(preferenceLossKernel(loss), {
    bind: { logps, reference, counts, losses, slopes },
    params: { members, pairs, whole: of, referenceStride: shared ? 0 : 2 * pairs },
  });
  return { losses, slopes };
}

/** Host copies of the inputs of {@linkcode preferenceLossOnHost}. */
export interface HostPreferences {
  /** [K·2B], nats, chosen rows first. */
  readonly logps: ArrayLike<number>;
  /** [2B] or [K·2B], nats. */
  readonly reference: ArrayLike<number>;
  /** [2B] completion tokens. */
  readonly counts: ArrayLike<number>;
}

/**
 * The same on the host, in f64, rounded once: for losses without WGSL, and the CPU device's twin.
 *
 * @example
 * ```ts
 * import { preferenceLossOnHost } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * const hinge = {
 *   name: "hinge",
 *   value: (x: { dw: number; dl: number }) => Math.max(0, 1 - (x.dw - x.dl)),
 *   slopes: (x: { dw: number; dl: number }) => x.dw - x.dl < 1 ? { dw: -1, dl: 1 } : { dw: 0, dl: 0 },
 * };
 * const batch = { logps: [-3, -5], reference: [-3, -5], counts: [4, 6] };
 * const { slopes } = preferenceLossOnHost(hinge, batch, { members: 1, pairs: 1 });
 * assert(slopes.join() === "-1,1");
 * ```
 *
 * @returns `losses` [K·B] and `slopes` [K·2B], as {@linkcode preferenceLoss}.
 * @throws {TypeError} If lengths do not fit.
 */
export function preferenceLossOnHost(
  loss: KernelLoss,
  { logps, reference, counts }: HostPreferences,
  { members: K, pairs: B, of = B }: PreferenceSizes,
): { losses: Float32Array<ArrayBuffer>; slopes: Float32Array<ArrayBuffer> } {
  const stride = reference.length === 2 * B ? 0 : 2 * B;
  const lengths = [
    ["logps", logps, K * 2 * B],
    ["reference", reference, stride === 0 ? 2 * B : K * 2 * B],
    ["counts", counts, 2 * B],
  ] as const;
  for (const [name, array, expected] of lengths) {
    if (array.length !== expected) {
      throw new TypeError(
        `Cannot run preferenceLossOnHost: ${name} has ${array.length} elements, expected ${expected}`,
      );
    }
  }
  const losses = new Float32Array(K * B), slopes = new Float32Array(K * 2 * B);
  for (let k = 0; k < K; k++) {
    for (let b = 0; b < B; b++) {
      const w = 2 * B * k + b, l = w + B, r = stride * k + b;
      const lw = logps[w], ll = logps[l];
      const x = {
        dw: lw - reference[r],
        dl: ll - reference[r + B],
        nw: counts[b],
        nl: counts[B + b],
        lw,
        ll,
      };
      if (![lw, ll, x.dw, x.dl].every(Number.isFinite)) {
        losses[B * k + b] = slopes[w] = slopes[l] = NaN;
        continue;
      }
      losses[B * k + b] = loss.value(x);
      const slope = loss.slopes(x);
      slopes[w] = slope.dw / of;
      slopes[l] = slope.dl / of;
    }
  }
  return { losses, slopes };
}
