// Gzip undone part by part. A platform's stream unpacks all that it is handed at once, a thousandfold at worst, so it
// is handed little.

/** Bytes that are handed over at once: at most about 4 MiB come of them. */
const HANDFUL = 4096;

/** The bytes that gzipped parts hold, in parts; whoever stops early stops the unpacking. */
export async function* gunzip(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  async function* handfuls(): AsyncGenerator<BufferSource> {
    for await (const part of parts) {
      for (let at = 0; at < part.length; at += HANDFUL) yield part.slice(at, at + HANDFUL);
    }
  }
  yield* streamOf(handfuls()).pipeThrough(new DecompressionStream("gzip"));
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
