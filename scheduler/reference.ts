// Which policy the loss holds the learner to; and, for the ema reference, the averaged members behind it.
import type { Adapter, AdapterLayout, Scheduled } from "../core/mod.ts";
import { Arena, type Device, lerp, type Owned, type Tensor } from "../backend/mod.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";

/** A policy that can be asked for log-probs: an adapter, or the bare model. */
export interface Policy {
  /** Its name in records. */
  readonly id: string;
  /** Absent for the bare model. */
  readonly adapter?: Adapter;
}

/** Which policy the loss holds the learner to. */
export type ReferenceMode =
  /** BPO: the snapshot that generated the data. */
  | { readonly kind: "behaviour" }
  /** The bare model, as in offline and online DPO. */
  | { readonly kind: "sft" }
  /** The exact mean of exponentially averaged members: ema ← ema + rate·(members − ema) at each refresh, by its step's rate. */
  | { readonly kind: "ema"; readonly rate: Scheduled }
  /** A fixed adapter ("golden"), owned by the caller. */
  | { readonly kind: "fixed"; readonly id: string; readonly adapter: Adapter };

/**
 * Exponentially averaged members, and their exact mean as a policy. The average is kept per member in factor
 * space: an average of ΔW itself would grow in rank at every refresh.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { adapterLayout } from "@leash/bpo/core";
 * import { EmaReference } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * const params = arena.upload([2, layout.size], new Float32Array(2 * layout.size).fill(1), "members");
 * arena.commit();
 * const members = { layout, params };
 * using ema = EmaReference.start(device, members, "ema-0");
 * ema.refresh(members, 0.1, "ema-8");
 * assertEquals([ema.policy.id, ema.policy.adapter?.layout.rank], ["ema-8", 2]);
 * ```
 */
export class EmaReference implements Disposable {
  readonly #device: Device;
  readonly #layout: AdapterLayout;
  #members: Owned<{ params: Tensor }>;
  #mean: Snapshot;

  private constructor(
    device: Device,
    layout: AdapterLayout,
    members: Owned<{ params: Tensor }>,
    id: string,
  ) {
    this.#device = device;
    this.#layout = layout;
    this.#members = members;
    this.#mean = takeSnapshot(device, { layout, params: members.borrow().params }, id);
  }

  /** Start the average at the members as they are; they are borrowed. */
  static start(device: Device, { layout, params }: Adapter, id: string): EmaReference {
    using arena = new Arena(device, id);
    const copy = arena.clone(params, "ema");
    arena.commit();
    return new EmaReference(device, layout, arena.keep({ params: copy }), id);
  }

  /** Continue from averaged members on the host [K·P]. */
  static resume(
    device: Device,
    { layout, members, params, id }: {
      layout: AdapterLayout;
      members: number;
      params: Float32Array;
      id: string;
    },
  ): EmaReference {
    using arena = new Arena(device, id);
    const copy = arena.upload([members, layout.size], params, "ema");
    arena.commit();
    return new EmaReference(device, layout, arena.keep({ params: copy }), id);
  }

  /** ema ← ema + rate·(members − ema) per factor; the policy gets a new mean and a new id. */
  refresh(members: Adapter, rate: number, id: string): void {
    using arena = new Arena(this.#device, id);
    const next = lerp(arena, this.#members.borrow().params, members.params, rate);
    arena.commit();
    const owned = arena.keep({ params: next });
    const mean = takeSnapshot(this.#device, { layout: this.#layout, params: next }, id);
    this[Symbol.dispose]();
    this.#members = owned;
    this.#mean = mean;
  }

  /** The exact mean of the averaged members; lent until the next refresh. */
  get policy(): Policy {
    return { id: this.#mean.id, adapter: this.#mean.adapter() };
  }

  /** The averaged members [K, P]; borrowed. */
  get members(): Tensor {
    return this.#members.borrow().params;
  }

  /** Free both. */
  [Symbol.dispose](): void {
    this.#members[Symbol.dispose]();
    this.#mean[Symbol.dispose]();
  }
}
