import { assert, assertEquals, assertMatch } from "@std/assert";
import { runCommand } from "../../../../cli/commands/command.ts";
import { TRAIN } from "../../../../cli/commands/train.ts";
import { commandWorkspace, runIn } from "../../../support/command_run.ts";
import { filesBelow } from "../../../support/tiny_run.ts";

const FLAGS = "--device cpu --threads 1 --steps 3 --pairs 6 --members 2 --rank 2 --max-new 4 " +
  "--eval-prompts 2 --lr 0.01 --checkpoint-every 1";

/** Pairs to learn, and the flags that learn them. */
async function workspace() {
  const work = await commandWorkspace();
  const rows = Array.from({ length: 14 }, (_, i) => ({
    prompt: `Tom saw a cat ${"and a dog ".repeat(i % 4)}${i}.`,
    chosen: " He was kind.",
    rejected: " She ran.",
  }));
  const data = `${work.dir}/pairs.jsonl`;
  await Deno.writeTextFile(data, rows.map((row) => JSON.stringify(row) + "\n").join(""));
  return { ...work, flags: `${FLAGS} --model ${work.dir}/model --data ${data}` };
}

const json = async (path: string) => JSON.parse(await Deno.readTextFile(path));
const adapterOf = async (dir: string) => (await json(`${dir}/summary.json`)).adapterSha256;
const memoryLine = (lines: readonly string[]) => lines.find((line) => line.startsWith("Memory:"));

Deno.test("splitSteps() splits what does not fit, says so, and a run keeps its split", async () => {
  using work = await workspace();
  const { dir, flags } = work;
  const controller = new AbortController();
  const lines: string[] = [];
  let steps = 0;
  const small = `${flags} --memory 0.0012 --out ${dir}/small`;
  const code = await runCommand(TRAIN, small.split(" "), {
    signal: controller.signal,
    terminal: {
      ...{ isTty: false, columns: 100, line: (text = "") => lines.push(text), error: () => {} },
      status: (text) => {
        if (text.includes("training") && ++steps === 2) controller.abort(new Error("stop"));
      },
    },
  });
  assertEquals(code, 130);
  assertMatch(
    memoryLine(lines)!,
    /^Memory: 6 pairs in 2 micro-batches of 3, with gradient checkpointing: \d+ KiB of 1\.23 MiB$/,
  );
  const { config } = await json(`${dir}/small/config.json`);
  assertEquals([config.microBatch, config.gradientCheckpointing], [3, true]);

  const other = await runIn(TRAIN, `--resume ${dir}/small --micro-batch 2`);
  assertEquals(other.code, 2);
  assert(other.errors.join().includes("--micro-batch is 2, expected 3"), other.errors.join());
  const resumed = await runIn(TRAIN, `--resume ${dir}/small --memory 0.0013`);
  assertEquals(resumed.code, 0, resumed.errors.join("\n"));
  const { bytesPeak } = await json(`${dir}/small/summary.json`);
  assert(bytesPeak <= 0.0013 * 2 ** 30, `${bytesPeak} bytes`);
  const same = await runIn(TRAIN, `${flags} --micro-batch 3 --out ${dir}/same`);
  assertMatch(
    memoryLine(same.out)!,
    /^Memory: 6 pairs in 2 micro-batches of 3: \S+ MiB of \S+ GiB$/,
  );
  const whole = await runIn(TRAIN, `${flags} --steps 1 --out ${dir}/whole`);
  assertEquals([whole.code, memoryLine(whole.out)], [0, undefined]);
  assertEquals((await json(`${dir}/whole/config.json`)).config.microBatch, undefined);
  assertEquals(await adapterOf(`${dir}/small`), await adapterOf(`${dir}/same`));
});

Deno.test("splitSteps() refuses what cannot fit, in one line and before anything is made", async () => {
  using work = await workspace();
  const { dir, flags } = work;
  const refused = async (more: string) => {
    const { code, errors } = await runIn(TRAIN, `${flags} ${more} --out ${dir}/run`);
    assertEquals([code, filesBelow(`${dir}/run`)], [2, []]);
    return errors.at(-1)!;
  };
  assertMatch(
    await refused("--memory 0.0004"),
    /^Cannot train: a step of 1 pair × 2 members with gradient checkpointing takes \d+ KiB, expected at most 419 KiB\. Lower --max-prompt, --members, --rank, or give --base-dtype int8, or raise --memory$/,
  );
  assertMatch(
    await refused("--memory 0.0012 --micro-batch 6"),
    /^Cannot train: a step of 6 pairs × 2 members .*\. Lower --micro-batch, --max-prompt, /,
  );
});
