// The behaviour snapshot: a frozen copy of the learner, the exact mean of its members, with an id and a fingerprint.
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

/**
 * Fingerprint of an adapter: the same weights have the same one on every device and in every run, padding left out.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { adapterLayout } from "@leash/bpo/core";
 * import { adapterHash, uploadSnapshot } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * using snapshot = uploadSnapshot(device, "golden", layout, new Float32Array(layout.size));
 * const hash = await adapterHash(device, snapshot.adapter());
 * assertEquals([hash.length, await adapterHash(device, snapshot.adapter())], [64, hash]);
 * ```
 *
 * @param adapter [members, layout.size]; borrowed.
 * @returns SHA-256 as 64 hexadecimal digits, of a line `scale S`, then, member by member and module by module in the
 * order of their names, lines `NAME A [r,in] DIGEST` and `NAME Bᵀ [r,out] DIGEST` with the SHA-256 of the matrix's
 * little-endian f32 bytes.
 */
export async function adapterHash(device: Device, { params, layout }: Adapter): Promise<string> {
  using arena = new Arena(device, "hash");
  const host = await arena.read(params) as Float32Array<ArrayBuffer>;
  const modules = [...layout.modules.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  const lines = [`scale ${layout.scale}`];
  for (let start = 0; start < host.length; start += layout.size) {
    for (const { name, inDim, outDim, aOffset, bOffset } of modules) {
      for (
        const [matrix, dim, offset] of [["A", inDim, aOffset], ["Bᵀ", outDim, bOffset]] as const
      ) {
        const from = start + offset;
        const digest = await sha256(host.slice(from, from + layout.rank * dim));
        lines.push(`${name} ${matrix} [${layout.rank},${dim}] ${digest}`);
      }
    }
  }
  return await sha256(new TextEncoder().encode(lines.join("\n")));
}

async function sha256(data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
}
