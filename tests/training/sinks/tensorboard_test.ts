import { assertEquals, assertRejects } from "@std/assert";
import { joinBytes } from "../../../core/base/join_bytes.ts";
import { type Stream, tensorboardSink } from "../../../training/mod.ts";
import { jsonFixture } from "../../support/fixtures.ts";

interface EventFile {
  readonly resumedAt?: number;
  readonly rows: readonly (readonly [Stream, object])[];
  readonly times: readonly number[];
  readonly bytes: string;
}

const { answers, files } = await jsonFixture("tensorboard.json");

for (const [name, file] of Object.entries<EventFile>(files)) {
  Deno.test(`tensorboardSink() has the bytes of TensorBoard's own writer (${name})`, async () => {
    const times = file.times.values();
    const parts: Uint8Array[] = [];
    const sink = tensorboardSink((bytes) => void parts.push(bytes), {
      ...{ resumedAt: file.resumedAt, answers },
      now: () => times.next().value!,
    });
    for (const [stream, row] of file.rows) await sink.append(stream, row);
    await sink.finish?.({ steps: 3 });
    assertEquals(joinBytes(parts).toBase64(), file.bytes);
    assertEquals(times.next().done, true);
  });
}

Deno.test("tensorboardSink() writes no event without a number, and a file of a run without a row", async () => {
  const parts: Uint8Array[] = [];
  const sink = tensorboardSink((bytes) => void parts.push(bytes));
  await sink.append("pairs", { step: 0, prompt: "x" });
  assertEquals(parts.length, 0);
  await sink.append("metrics", { step: 1, none: null });
  await sink.append("answers", { step: 1, sampled: [] });
  await sink.finish?.({ steps: 1 });
  assertEquals(parts.length, 1);
});

Deno.test("tensorboardSink() fills and closes a stream, and throws what it throws", async () => {
  const { readable, writable } = new TransformStream<
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>
  >();
  const read = Array.fromAsync(readable);
  const sink = tensorboardSink(writable);
  await sink.append("metrics", { step: 1, loss: 2 });
  await sink.finish?.({ steps: 1 });
  assertEquals((await read).length, 2);
  const full = tensorboardSink(() => Promise.reject(new Error("full")));
  await assertRejects(
    async () => await full.append("metrics", { step: 1, loss: 2 }),
    Error,
    "full",
  );
});
