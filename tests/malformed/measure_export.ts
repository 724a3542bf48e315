// Exports many pairs in a process of its own and prints, as JSON, how far its memory grew and how long the file of pairs
// is. Run it with --v8-flags=--expose-gc and "jsonl" or "parquet".
// deno-lint-ignore-file no-console -- the test that runs it reads this
import { exportPairs } from "../../files/datasets/export_pairs.ts";
import { openJsonl } from "../../files/jsonl.ts";
import { memory, resetPeak } from "./peak_memory.ts";

declare const gc: () => void;

const format = Deno.args[0] as "jsonl" | "parquet";
const dir = await Deno.makeTempDir();
let seed = 1;
const random = () => -(seed = seed * 48271 % 2147483647) / 2 ** 31;

async function write(name: string, pairs: number): Promise<number> {
  using lines = await openJsonl(`${dir}/${name}`);
  for (let step = 0; step < pairs; step++) {
    const answer = () => ({
      ...{
        ids: Array.from({ length: 200 }, (_, i) => i),
        logps: Array.from({ length: 200 }, random),
      },
      ...{ text: `answer ${random()}`, finish: "length", referenceLogp: random() },
    });
    lines.append({
      ...{
        phase: 0,
        step,
        prompt: `prompt ${step}`,
        promptIds: [1, 2, 3],
        a: answer(),
        b: answer(),
      },
      ...{ verdict: { outcome: "a" }, snapshotId: "s", referenceId: "s" },
    });
  }
  return lines.offset;
}

await write("few", 1500);
const size = await write("many", 12_000);
await exportPairs(`${dir}/few`, `${dir}/out`, format); // all is compiled, and a row group was in memory
gc();
const before = memory().now;
resetPeak();
await exportPairs(`${dir}/many`, `${dir}/out`, format);
const { peak } = memory();
await Deno.remove(dir, { recursive: true });
console.log(JSON.stringify({ size, grown: peak - before }));
