// What each member of an ensemble thinks of sequences.
import { Arena, type Device } from "../../backend/mod.ts";
import { type Adapter, completionLogps, type Model, type TokenSequence } from "../../core/mod.ts";

/**
 * Log-probs of completions under every member, nats: [member][sequence].
 *
 * @param members [K, P]; borrowed. Absent: the bare model, as one member.
 */
export async function memberLogps(
  device: Device,
  model: Model,
  sequences: readonly TokenSequence[],
  members: Adapter | undefined,
): Promise<Float32Array[]> {
  if (members === undefined) return [(await completionLogps(device, model, sequences)).sums];
  const { layout, params } = members;
  const all: Float32Array[] = [];
  for (let k = 0; k < params.shape[0]; k++) {
    using arena = new Arena(device, `member ${k}`);
    const one = arena.alloc([1, layout.size], "member");
    arena.copy(params, one, { from: k * layout.size, to: 0, count: layout.size });
    arena.commit();
    using owned = arena.keep({ params: one });
    const adapter = { layout, params: owned.borrow().params };
    all.push((await completionLogps(device, model, sequences, { adapter })).sums);
  }
  return all;
}
