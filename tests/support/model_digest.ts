// The fingerprint of a model as its definition has it, of tensors that are whole on the host.
import { sha256 } from "../../core/base/sha256.ts";
import type { HostTensors } from "../../core/mod.ts";

/** Of weights: names, shapes and the bits of every element. */
export async function modelDigest(tensors: HostTensors): Promise<string> {
  const lines = await Promise.all(
    [...tensors].sort(([a], [b]) => a < b ? -1 : 1).map(async ([name, { shape, data }]) => {
      const { buffer, byteOffset, byteLength } = data as Float32Array<ArrayBuffer>;
      return `${name} [${shape}] ${await sha256(new Uint8Array(buffer, byteOffset, byteLength))}`;
    }),
  );
  return await sha256(lines.join("\n"));
}
