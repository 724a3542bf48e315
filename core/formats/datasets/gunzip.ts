// Gzip and Brotli undone part by part. A platform's stream unpacks all that it is handed at once, so it is handed little.

/** Bytes that are handed over at once. Gzip makes at most a thousandfold of them, 4 MiB. */
const GZIP_HANDFUL = 4096;
/** Brotli makes up to 16 MiB of a dozen bytes: at most about 48 MiB come of these. */
const BROTLI_HANDFUL = 32;

/** The bytes that gzipped parts hold, in parts; whoever stops early stops the unpacking. */
export function gunzip(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  return unpacked(parts, "gzip", GZIP_HANDFUL);
}

/** The same for Brotli, where the platform has it. */
export function unbrotli(parts: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return unpacked(parts, "brotli", BROTLI_HANDFUL);
}

async function* unpacked(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  format: CompressionFormat,
  handful: number,
): AsyncGenerator<Uint8Array> {
  async function* handfuls(): AsyncGenerator<BufferSource> {
    for await (const part of parts) {
      for (let at = 0; at < part.length; at += handful) yield part.slice(at, at + handful);
    }
  }
  yield* streamOf(handfuls()).pipeThrough(new DecompressionStream(format));
}

/** `ReadableStream.from`, which not every browser has. */
function streamOf<T>(values: AsyncGenerator<T>): ReadableStream<T> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await values.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await values.return(undefined);
    },
  });
}
