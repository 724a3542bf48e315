// Fingerprints: whether a model, a list of prompts or a file is still what it was when a run began.
import type { TensorSource } from "../../core/mod.ts";
import { sha256 } from "../../core/base/sha256.ts";

async function tensorLine(
  name: string,
  shape: readonly number[],
  { buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>,
): Promise<string> {
  return `${name} [${shape}] ${await sha256(new Uint8Array(buffer, byteOffset, byteLength))}`;
}

async function digestOfLines(lines: ReadonlyMap<string, string>): Promise<string> {
  const sorted = [...lines].sort(([a], [b]) => a < b ? -1 : 1).map(([, line]) => line);
  return await sha256(sorted.join("\n"));
}

/** A source that remembers the fingerprint of each tensor that is read. */
export interface DigestingSource extends TensorSource {
  /** Of all tensors that were read: names, shapes and the bits of every element, whatever file they came from. */
  digest(): Promise<string>;
}

/**
 * Fingerprints a model while it streams to a device, so that the host never holds it whole.
 *
 * @param source Lent: disposing the result closes it.
 * @param nameOf A tensor's name in the fingerprint, which does not depend on the file that it is from.
 */
export function digestingSource(
  source: TensorSource,
  nameOf: (stored: string) => string = (name) => name,
): DigestingSource {
  const lines = new Map<string, string>();
  return {
    name: source.name,
    tensors: source.tensors,
    async read(stored: string): Promise<Float32Array<ArrayBuffer>> {
      const data = await source.read(stored);
      const name = nameOf(stored);
      lines.set(name, await tensorLine(name, source.tensors.get(stored)!.shape, data));
      return data;
    },
    digest: () => digestOfLines(lines),
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}
