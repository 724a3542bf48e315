// Copies from the device to the host: pooled staging buffers, and a way round Deno's 11 ms per map.
import { sizeClass } from "../memory.ts";
import { ownGpu } from "./adapter.ts";
import { BufferUsage, MapMode } from "./flags.ts";

/**
 * Deno versions on which a primed staging buffer may be read at once after mapAsync() was called (measured:
 * 0.055 ms instead of 11 ms, 500 of 500 correct). Elsewhere the map is awaited.
 */
const FAST_VERSIONS: readonly string[] = ["Deno/2.9.6"];

/** What Deno's own objects have and Dawn's, which runs inside Deno too, has not. */
const DENOS_OWN = Symbol.for(["Deno", "privateCustomInspect"].join("."));

/**
 * Whether the fast path was checked with this WebGPU on this runtime: any other implementation, injected or put in
 * place of `navigator.gpu`, has its own ways.
 *
 * @param gpu The WebGPU that is used. Default: `navigator.gpu`.
 * @param userAgent Default: `navigator.userAgent`.
 */
export function fastReadbackKnown(
  gpu: GPU | undefined = ownGpu(),
  userAgent: string = globalThis.navigator?.userAgent ?? "",
): boolean {
  return FAST_VERSIONS.includes(userAgent) && gpu !== undefined && gpu === ownGpu() &&
    DENOS_OWN in gpu;
}

/** Staging buffers by size class. */
export class Readback {
  readonly #free = new Map<number, GPUBuffer[]>();

  /**
   * @param device The WebGPU device.
   * @param fast Read without awaiting the map.
   */
  constructor(readonly device: GPUDevice, readonly fast: boolean) {}

  /** A staging buffer of at least `bytes`, ready to be copied into. */
  take(bytes: number): GPUBuffer {
    const size = sizeClass(bytes);
    const free = this.#free.get(size)?.pop();
    if (free !== undefined) return free;
    const buffer = this.device.createBuffer({
      label: "readback",
      size,
      usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST,
      mappedAtCreation: this.fast, // a buffer that was never mapped would bring the process down in read()
    });
    if (this.fast) buffer.unmap();
    return buffer;
  }

  /** Copy out what the last submit wrote into `buffer`, and take the buffer back. */
  async read(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    const mapped = buffer.mapAsync(MapMode.READ);
    if (this.fast) mapped.catch(() => {}); // what follows tells if it failed; unmap() may end it first
    else await mapped;
    const data = buffer.getMappedRange(0, bytes).slice(0);
    buffer.unmap();
    const shelf = this.#free.get(buffer.size);
    if (shelf === undefined) this.#free.set(buffer.size, [buffer]);
    else shelf.push(buffer);
    return data;
  }

  /** Destroy the staging buffers. */
  close(): void {
    for (const shelf of this.#free.values()) for (const buffer of shelf) buffer.destroy();
    this.#free.clear();
  }
}
