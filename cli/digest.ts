// Fingerprints: whether a model, a list of prompts or a file is still what it was when a run began.
import type { HostTensors } from "../core/mod.ts";

/** SHA-256 as 64 hexadecimal digits. */
export async function sha256(data: Uint8Array<ArrayBuffer> | string): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Of weights: names, shapes and the bits of every element, whatever file they came from. */
export async function modelDigest(tensors: HostTensors): Promise<string> {
  const lines: string[] = [];
  for (const [name, { shape, data }] of [...tensors].sort(([a], [b]) => a < b ? -1 : 1)) {
    const { buffer, byteOffset, byteLength } = data;
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    lines.push(`${name} [${shape}] ${await sha256(bytes)}`);
  }
  return await sha256(lines.join("\n"));
}
