import { assertEquals, assertRejects } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import {
  adapterLayout,
  completionLogps,
  linearLayers,
  loadModel,
  peftFiles,
} from "../../../core/mod.ts";
import { snapshotLayout, uploadSnapshot } from "../../../scheduler/mod.ts";
import {
  readAdapterConfig,
  readAdapterFolder,
  writeAdapterFolder,
} from "../../../cli/policy/adapter_files.ts";
import { sha256 } from "../../../core/base/sha256.ts";
import { uniform } from "../../support/random.ts";
import { tinyModel } from "../../support/tiny_run.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const { config, tensors } = await tinyModel();
const layout = snapshotLayout(adapterLayout(linearLayers(config), { rank: 3, alpha: 6 }), 2);
const params = uniform(layout.size, 1, 0.2);
const layers = linearLayers(config);

Deno.test("an adapter that is written and read again gives the same log-probs, bit for bit", async () => {
  const dir = await Deno.makeTempDir();
  const files = peftFiles(layout, params, { baseModel: "tiny", layers });
  const bytes = await writeAdapterFolder(`${dir}/adapter`, files);
  const read = await readAdapterFolder(`${dir}/adapter`, layers);
  await Deno.remove(dir, { recursive: true });
  assertEquals(read.digest, await sha256(bytes));
  using device = await CpuDevice.open({ threads: 1 });
  const model = loadModel(device, config, tensors);
  const sequences = [{ ids: [0, 5, 9, 14, 33], promptLength: 2 }];
  using ours = uploadSnapshot(device, "ours", layout, params);
  using theirs = uploadSnapshot(device, "theirs", read.layout, read.params);
  const logps = (adapter?: ReturnType<typeof ours.adapter>) =>
    completionLogps(device, model, sequences, { adapter });
  const wanted = await logps(ours.adapter());
  assertEquals(await logps(theirs.adapter()), wanted);
  const bare = await logps();
  assertEquals(bare.sums[0] === wanted.sums[0], false, "Expected the adapter to change something");
  model.weights[Symbol.dispose]();
});

Deno.test("readAdapterFolder() refuses a folder without an adapter", async () => {
  await assertRejects(() => readAdapterFolder("no-such-folder", layers), Mistake, "is missing");
});

Deno.test("readAdapterFolder() refuses a pickle and says what to do", async () => {
  const dir = await Deno.makeTempDir();
  const files = peftFiles(layout, params, { baseModel: "tiny", layers });
  await Deno.writeFile(`${dir}/adapter_config.json`, files.get("adapter_config.json")!);
  await Deno.writeFile(`${dir}/adapter_model.bin`, Uint8Array.of(0x80, 2));
  await assertRejects(() => readAdapterFolder(dir, layers), Mistake, "safe_serialization=True");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("readAdapterConfig() says which file is missing, and refuses a huge one unread", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/adapter_config.json`;
    const missing = `Cannot read ${path}: it is not there`;
    await assertRejects(() => readAdapterConfig(dir), Mistake, missing);
    await Deno.writeTextFile(path, "");
    await Deno.truncate(path, 2 ** 24 + 1);
    await assertRejects(() => readAdapterConfig(dir), Mistake, "expected at most 16777216");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
