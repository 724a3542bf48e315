// The behaviour snapshot: a frozen copy of the learner, the exact mean of its members, with an id.
import { type Adapter, type AdapterLayout, exactMean, mergedLayout } from "../core/mod.ts";
import { Arena, type Device, type Owned, type Tensor } from "../backend/mod.ts";

/** An adapter with one owner and a name: a behaviour snapshot or a reference. */
export interface Snapshot extends Disposable {
  /** Unique within a run: `snapshot-<step>`. */
  readonly id: string;
  /** Lend the adapter. */
  adapter(): Adapter;
}

/**
 * Give an adapter's memory an owner and a name.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { adapterLayout } from "@leash/bpo/core";
 * import { ownSnapshot } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * const params = arena.upload([2, layout.size], new Float32Array(2 * layout.size).fill(1), "members");
 * arena.commit();
 * const owned = arena.keep({ params: arena.zeros([1, layout.size], "golden") });
 * arena.commit();
 * using snapshot = ownSnapshot("golden", layout, owned);
 * assertEquals(snapshot.id, "golden");
 * ```
 */
export function ownSnapshot(
  id: string,
  layout: AdapterLayout,
  owned: Owned<{ params: Tensor }>,
): Snapshot {
  return {
    id,
    adapter: () => ({ layout, params: owned.borrow().params }),
    [Symbol.dispose]: () => owned[Symbol.dispose](),
  };
}

/**
 * Freeze the members' exact mean under an id; the members are borrowed and go on training.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { adapterLayout } from "@leash/bpo/core";
 * import { takeSnapshot } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * const params = arena.upload([2, layout.size], new Float32Array(2 * layout.size).fill(1), "members");
 * arena.commit();
 * using snapshot = takeSnapshot(device, { layout, params }, "snapshot-0");
 * assertEquals(snapshot.adapter().layout.rank, 2); // the exact mean of two members of rank 1
 * ```
 */
export function takeSnapshot(device: Device, members: Adapter, id: string): Snapshot {
  using arena = new Arena(device, id);
  const { params, layout } = exactMean(arena, members);
  arena.commit();
  return ownSnapshot(id, layout, arena.keep({ params }));
}

/**
 * A snapshot from the host (a checkpoint, a saved adapter).
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { adapterLayout } from "@leash/bpo/core";
 * import { uploadSnapshot } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * using snapshot = uploadSnapshot(device, "golden", layout, new Float32Array(layout.size));
 * assertEquals(snapshot.adapter().params.shape, [1, layout.size]);
 * ```
 */
export function uploadSnapshot(
  device: Device,
  id: string,
  layout: AdapterLayout,
  params: Float32Array,
): Snapshot {
  using arena = new Arena(device, id);
  const tree = { params: arena.upload([1, layout.size], params, id) };
  arena.commit();
  return ownSnapshot(id, layout, arena.keep(tree));
}

/**
 * Layout of the snapshot of an ensemble.
 *
 * @example
 * ```ts
 * import { adapterLayout } from "@leash/bpo/core";
 * import { snapshotLayout } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 2, alpha: 4 });
 * assertEquals(snapshotLayout(layout, 5).rank, 10);
 * ```
 */
export function snapshotLayout(layout: AdapterLayout, members: number): AdapterLayout {
  return mergedLayout(layout, members);
}
