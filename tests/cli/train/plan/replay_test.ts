import { recordedPair as record } from "../../../support/recorded_pair.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { PairRecord } from "../../../../scheduler/mod.ts";
import { readJsonl } from "../../../../files/mod.ts";
import { runTrain, tinyFlags, tinyModel, tinyWorkspace } from "../../../support/tiny_run.ts";

type Row = Record<string, number>;

async function stepRows(dir: string): Promise<Row[]> {
  return (await readJsonl(`${dir}/metrics.jsonl`) as Row[]).filter((row) => "loss" in row);
}

Deno.test("main() --replay trains on recorded pairs and repeats the run bit for bit", async () => {
  using work = await tinyWorkspace();
  const flags = tinyFlags(work.dir), dir = `${work.dir}/run`;
  assertEquals((await runTrain([...flags, "--out", dir])).code, 0);
  const again = await runTrain([...flags, "--replay", dir, "--out", `${dir}2`]);
  assertEquals(again.code, 0, again.lines.join("\n"));
  for (const file of ["metrics.jsonl", "pairs.jsonl", "adapter/adapter_model.safetensors"]) {
    assertEquals(
      await Deno.readFile(`${dir}2/${file}`),
      await Deno.readFile(`${dir}/${file}`),
      file,
    );
  }

  const recorded = await Deno.readTextFile(`${dir}/pairs.jsonl`);
  for (
    const [text, found] of [
      [
        recorded.replace(/"referenceLogp":-(\d)/, (_, d) => `"referenceLogp":-${9 - d}`),
        "was changed",
      ],
      [recorded.slice(0, -9), "has lost its end"],
    ]
  ) {
    await Deno.writeTextFile(`${dir}/pairs.jsonl`, text);
    const { code, lines } = await runTrain([...flags, "--replay", dir, "--out", `${dir}9`]);
    assertEquals(code, 2);
    assertStringIncludes(lines.at(-1)!, `Cannot replay ${dir}: ${dir}/pairs.jsonl ${found}`);
  }
  await Deno.writeTextFile(`${dir}/pairs.jsonl`, recorded);

  const sft = await runTrain([
    ...flags,
    ...["--replay", dir, "--reference", "sft", "--loss", "ipo", "--steps", "3"],
    ...["--phases", "3", "--out", `${dir}3`],
  ]);
  assertEquals(sft.code, 0, sft.lines.join("\n"));
  const pairs = await readJsonl(`${dir}3/pairs.jsonl`) as PairRecord[];
  assertEquals(pairs.map(({ phase }) => phase), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
  assert(pairs.every(({ referenceId }) => referenceId === "sft"));
  assertEquals((await stepRows(`${dir}3`)).length, 3);
});

for (
  const [flag, line] of [
    ["--pairs 2", "--pairs is 2, expected the 3 of the recorded run"],
    ["--max-new 5", "--max-new is 5, expected the 6 of the recorded run"],
    [
      "--annotator stories-judge",
      "--annotator is stories-judge, expected the stories of the recorded run",
    ],
    ["--phases 1", "expected a divisor of the recorded run's 2"],
  ]
) {
  Deno.test(`main() --replay refuses ${flag}, which the recorded pairs contradict`, async () => {
    using work = await tinyWorkspace();
    const flags = tinyFlags(work.dir), dir = `${work.dir}/run`;
    assertEquals((await runTrain([...flags, "--out", dir])).code, 0);
    const [name, value] = flag.split(" ");
    const at = flags.indexOf(name);
    const changed = at < 0 ? [...flags, name, value] : flags.with(at + 1, value);
    const refused = await runTrain([...changed, "--replay", dir, "--out", `${dir}2`]);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.lines.join("\n"), line);
  });
}

const { config: { vocabSize } } = await tinyModel();

Deno.test("main() --replay refuses the same weights under other settings", async () => {
  using work = await tinyWorkspace();
  const flags = tinyFlags(work.dir),
    dir = `${work.dir}/run`,
    path = `${work.dir}/model/config.json`;
  assertEquals((await runTrain([...flags, "--out", dir])).code, 0);
  const settings = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...settings, rms_norm_eps: 1e-3 }));
  const { code, lines } = await runTrain([...flags, "--replay", dir, "--out", `${dir}2`]);
  assertEquals(code, 2, lines.join("\n"));
  assertStringIncludes(lines.at(-1)!, "the fingerprint of the model's settings is ");
});

for (
  const [name, spoil, line] of [
    [
      "ids",
      (r: PairRecord) => ({ ...r, a: { ...r.a, ids: [4, vocabSize] } }),
      "line 1: answer a is malformed",
    ],
    [
      "logps",
      (r: PairRecord) => ({ ...r, b: { ...r.b, logps: [] } }),
      "line 1: answer b is malformed",
    ],
    [
      "tokenizer",
      (r: PairRecord) => ({ ...r, tokenizer: { ...r.tokenizer, hash: "ab".repeat(32) } }),
      "line 1: its token ids are of the tokenizer abababababab, expected ",
    ],
    ["verdict", (r: PairRecord) => ({ ...r, verdict: {} }), "line 1: verdict is malformed"],
    ["prompt", (r: PairRecord) => ({ ...r, promptIds: [] }), "line 1: promptIds is malformed"],
    ["step", (r: PairRecord) => ({ ...r, step: "0" }), "line 1: step is missing"],
    [
      "id",
      (r: PairRecord) => ({ ...r, snapshotId: 1 }),
      "line 1: snapshotId or referenceId is missing",
    ],
    [
      "number of steps",
      (r: PairRecord) => r,
      "it has no pairs for step 1, expected pairs for all 4",
    ],
  ] as const
) {
  Deno.test(`main() --replay refuses recorded pairs with a bad ${name}, in one line`, async () => {
    using work = await tinyWorkspace();
    await Deno.mkdir(`${work.dir}/old`);
    await Deno.writeTextFile(`${work.dir}/old/pairs.jsonl`, JSON.stringify(spoil(record())) + "\n");
    const { code, lines } = await runTrain([...tinyFlags(work.dir), "--replay", `${work.dir}/old`]);
    assertEquals([code, lines.length], [2, 1], lines.join("\n"));
    assertStringIncludes(lines[0], line);
  });
}

const devices = (Deno.env.get("LEASH_TEST_DEVICES") ?? "cpu,webgpu").split(",");
if (devices.includes("webgpu")) {
  Deno.test({
    name: "main() --replay of a CPU run on WebGPU has its log-probs, gradients and losses",
    sanitizeOps: false, // the GPU's resources go with the process
    sanitizeResources: false,
    fn: async () => {
      using work = await tinyWorkspace();
      const flags = [
        ...tinyFlags(work.dir),
        "--steps",
        "12",
        "--phases",
        "3",
        "--eval-every",
        "12",
      ];
      const dir = `${work.dir}/run`;
      assertEquals((await runTrain([...flags, "--out", dir])).code, 0);
      const webgpu = ["--device", "webgpu", "--replay", dir, "--out", `${dir}2`];
      const { code, lines } = await runTrain([...flags, ...webgpu]);
      assertEquals(code, 0, lines.join("\n"));
      const cpu = await stepRows(dir), gpu = await stepRows(`${dir}2`);
      const off = (step: number, name: string) =>
        Math.abs(gpu[step][name] - cpu[step][name]) / Math.abs(cpu[step][name]);
      assertEquals([cpu.length, gpu.length], [12, 12]);
      for (const name of ["logps/chosen", "logps/rejected"]) assert(off(0, name) < 1e-5, name);
      assert(off(0, "grad_norm") < 1e-4, `grad_norm is off by ${off(0, "grad_norm")}`);
      for (let step = 0; step < 12; step++) {
        assert(off(step, "loss") < 1e-3, `the loss of step ${step} is off by ${off(step, "loss")}`);
      }
      const summary = JSON.parse(await Deno.readTextFile(`${dir}2/summary.json`));
      assertEquals(summary.device, "webgpu");
      assert(summary.dispatches > 1000 && summary.submits > 12 && summary.readbacks >= 12);
    },
  });
}
