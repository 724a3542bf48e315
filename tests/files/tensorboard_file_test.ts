import { assertEquals } from "@std/assert";
import { openTensorboardFile } from "../../files/mod.ts";
import { joinBytes } from "../../core/base/join_bytes.ts";
import { tensorboardSink } from "../../training/mod.ts";

Deno.test("openTensorboardFile() makes a file for each sink, with the sink's bytes as they come", async () => {
  const dir = await Deno.makeTempDir();
  const options = { now: () => 1764541234.5 };
  const parts: Uint8Array[] = [];
  const memory = tensorboardSink((bytes) => void parts.push(bytes), options);
  const names = [0, 1].map((n) => `events.out.tfevents.1764541234.leash.${n}`);
  for (const name of names) {
    using sink = await openTensorboardFile(`${dir}/logs`, options);
    await sink.append("metrics", { step: 1, loss: 0.5 });
    if (parts.length === 0) await memory.append("metrics", { step: 1, loss: 0.5 });
    assertEquals(await Deno.readFile(`${dir}/logs/${name}`), joinBytes(parts)); // before it is closed
  }
  assertEquals([...Deno.readDirSync(`${dir}/logs`)].map(({ name }) => name).sort(), names);
  await Deno.remove(dir, { recursive: true });
});
