import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { loadPeftAdapter, peftFiles } from "../../../core/formats/peft.ts";
import { encodeSafetensors, parseSafetensors } from "../../../core/formats/safetensors.ts";
import { adapterLayout, type LinearShape, mergedLayout } from "../../../core/lora/adapter.ts";
import { addDelta } from "../../../core/lora/delta.ts";
import { layers as small, rows, whole } from "../../malformed/adapter.ts";
import { ADAPTERS, families } from "../../support/peft_cases.ts";
import { uniform } from "../../support/random.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";
const root = new URL("../../fixtures/peft/", import.meta.url);

async function folder(name: string): Promise<Map<string, Uint8Array>> {
  const files = [CONFIG, WEIGHTS, "delta.safetensors"].map(async (file) => {
    return [file, await Deno.readFile(new URL(`${name}/${file}`, root))] as const;
  });
  return new Map(await Promise.all(files));
}

const json = (files: ReadonlyMap<string, Uint8Array>) =>
  JSON.parse(new TextDecoder().decode(files.get(CONFIG)));

for (const { name, family, modules } of ADAPTERS) {
  Deno.test(`loadPeftAdapter() gives PEFT's ΔW: ${name}`, async () => {
    const files = await folder(name);
    const layers = families[family];
    const { layout, params } = loadPeftAdapter(files, layers, name);
    assertEquals(layout.modules.size, modules);
    const { tensors } = parseSafetensors(files.get("delta.safetensors")!, "delta");
    assertEquals(
      [...layout.modules.keys()].map((m) => `${m}.weight`).sort(),
      [...tensors.keys()].sort(),
    );
    for (const module of layout.modules.keys()) {
      const wanted = tensors.get(`${module}.weight`)!;
      const found = new Float32Array(wanted.data.length);
      addDelta(found, [{ layout, params }], module);
      const { rank, scale } = layout; // PEFT sums r products of about 1 in f32 and scales them
      const tolerance = Math.max(1, scale) * 8 * Math.sqrt(rank) * 2 ** -24;
      wanted.data.forEach((x, i) => assertAlmostEquals(found[i], x, tolerance, `${module}[${i}]`));
    }
  });

  Deno.test(`peftFiles() of what was read keeps every factor and ΔW: ${name}`, async () => {
    const files = await folder(name);
    const layers = families[family];
    const read = loadPeftAdapter(files, layers, name);
    for (const rsLora of [false, true]) {
      const options = { baseModel: read.baseModel, layers, rsLora };
      const again = peftFiles(read.layout, read.params, options);
      assertEquals(json(again).fan_in_fan_out, family === "gpt2");
      const back = loadPeftAdapter(again, layers, "again");
      assertEquals(back.params, read.params);
      assertAlmostEquals(back.layout.scale, read.layout.scale, 1e-15 * read.layout.scale);
    }
  });
}

Deno.test("peftFiles() names modules by their ending only where that chooses no others", () => {
  const layers = families.gpt2;
  const one = (target: string[]) => {
    const layout = adapterLayout(layers, { rank: 1, alpha: 1, targetModules: target });
    const params = new Float32Array(layout.size);
    const named = (options: { layers?: LinearShape[] }) =>
      json(peftFiles(layout, params, { baseModel: "gpt2", ...options })).target_modules;
    return { short: named({ layers }), full: named({}) };
  };
  assertEquals(one(["c_attn", "c_proj"]).short, ["c_attn", "c_proj"]);
  const attention = one(["attn.c_proj"]);
  const names = ["transformer.h.0.attn.c_proj", "transformer.h.1.attn.c_proj"];
  assertEquals(attention, { short: names, full: names });
});

Deno.test("peftFiles() writes PEFT's tensor names and metadata, in the type that is asked", () => {
  const layout = adapterLayout(small, { rank: 2, alpha: 3 });
  const files = peftFiles(layout, uniform(layout.size, 1, 1), { baseModel: "b", dtype: "BF16" });
  const { tensors, metadata } = parseSafetensors(files.get(WEIGHTS)!, WEIGHTS);
  assertEquals([...tensors.keys()].sort().slice(0, 2), [
    "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight",
    "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight",
  ]);
  assertEquals([...tensors.values()].map(({ dtype }) => dtype), Array(4).fill("BF16"));
  assertEquals(metadata.get("format"), "pt");
  const { peft_type, r, lora_alpha, task_type, bias } = json(files);
  assertEquals([peft_type, r, lora_alpha, task_type, bias], ["LORA", 2, 3, "CAUSAL_LM", "none"]);
});

Deno.test("peftFiles() refuses more than one member and no modules", () => {
  const layout = adapterLayout(small, { rank: 2, alpha: 3 });
  const size = layout.size;
  const write = () => peftFiles(layout, new Float32Array(2 * size), { baseModel: "b" });
  assertEquals(
    assertThrows(write, Mistake).message,
    `Cannot write the adapter: it is ${2 * size} numbers for 2 modules, ` +
      `expected one member of ${size} and at least one module`,
  );
  const empty = adapterLayout([], { rank: 1, alpha: 1 });
  assertThrows(() => peftFiles(empty, new Float32Array(0), { baseModel: "b" }), Mistake);
});

Deno.test("loadPeftAdapter() takes the adapter's own name in the tensors' names", () => {
  const files = whole();
  const { tensors } = parseSafetensors(files.get(WEIGHTS)!, WEIGHTS);
  const renamed = [...tensors].map(([k, t]) =>
    [k.replace(".weight", ".default.weight"), t] as const
  );
  const named = new Map(files).set(WEIGHTS, encodeSafetensors(new Map(renamed)));
  assertEquals(loadPeftAdapter(named, small), loadPeftAdapter(files, small));
});

Deno.test("loadPeftAdapter() never runs a pattern of the file", () => {
  const files = whole();
  const forEver = { ...json(files), target_modules: "(([a-z._0-9]+)+)+!" };
  files.set(CONFIG, new TextEncoder().encode(JSON.stringify(forEver)));
  assertEquals(loadPeftAdapter(files, small).layout.modules.size, 2);
});

Deno.test("loadPeftAdapter() refuses folders without an adapter, and pickles", () => {
  const rows: [string[], string][] = [
    [[], `Cannot read x: ${CONFIG} is missing, expected a PEFT adapter folder`],
    [[CONFIG], `Cannot read x: ${WEIGHTS} is missing, expected a PEFT adapter folder`],
    [
      [CONFIG, "adapter_model.bin"],
      `Cannot read x: adapter_model.bin is there, expected ${WEIGHTS}: a pickle can run code. ` +
      "Save it with PEFT's save_pretrained(safe_serialization=True)",
    ],
  ];
  for (const [names, message] of rows) {
    const files = new Map(names.map((name) => [name, new Uint8Array(1)]));
    assertEquals(
      assertThrows(() => loadPeftAdapter(files, small, "x"), Mistake).message,
      message,
    );
  }
});

for (const { name, bytes, file, error } of rows) {
  Deno.test(`loadPeftAdapter() refuses: ${name}`, async () => {
    const files = whole().set(file.replace("adapter/", ""), await bytes());
    const thrown = assertThrows(() => loadPeftAdapter(files, small, "adapter"), Error);
    assertEquals(thrown.message, error);
    assertEquals(thrown instanceof Mistake, true);
  });
}

const score = { name: "score", inDim: 5 };
const SCORE = "base_model.model.score.weight";

Deno.test("peftFiles() saves a head whole, and loadPeftAdapter() reads it back to the bit", () => {
  const layout = adapterLayout(small, { rank: 2, alpha: 3, head: score });
  const params = new Float32Array(layout.size), random = uniform(layout.size, 4);
  const fill = (from: number, n: number) => params.set(random.subarray(from, from + n), from);
  for (const { aOffset, bOffset, inDim, outDim } of layout.modules.values()) {
    fill(aOffset, 2 * inDim);
    fill(bOffset, 2 * outDim);
  }
  fill(layout.head!.offset, 5);
  const files = peftFiles(layout, params, { baseModel: "b", layers: small });
  const { tensors } = parseSafetensors(files.get(WEIGHTS)!, WEIGHTS);
  assertEquals(tensors.get(SCORE)!.shape, [1, 5]);
  const { task_type, modules_to_save } = json(files);
  assertEquals([task_type, modules_to_save], ["SEQ_CLS", ["score"]]);
  const read = loadPeftAdapter(files, small, "it", { head: score });
  assertEquals(read, { layout, params, baseModel: "b" });
});

Deno.test("peftFiles() saves the sum of a merged head's rows", () => {
  const merged = mergedLayout(adapterLayout(small, { rank: 1, alpha: 1, head: score }), 3);
  const params = new Float32Array(merged.size), { offset } = merged.head!;
  params.set([1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500], offset);
  const files = peftFiles(merged, params, { baseModel: "b" });
  const { tensors } = parseSafetensors(files.get(WEIGHTS)!, WEIGHTS);
  assertEquals([...tensors.get(SCORE)!.data], [111, 222, 333, 444, 555]);
  const { layout } = loadPeftAdapter(files, small, "it", { head: score });
  assertEquals([layout.rank, layout.head!.rows], [3, 1]);
});

Deno.test("loadPeftAdapter() reads the head that PEFT saved, and the same files again", async () => {
  const rewardRoot = new URL("../../fixtures/reward/", import.meta.url);
  const read = async (file: string) =>
    [file, await Deno.readFile(new URL(file, rewardRoot))] as const;
  const files = new Map([await read(CONFIG), await read(WEIGHTS)]);
  const block = (i: number) => [
    { name: `model.layers.${i}.self_attn.q_proj`, inDim: 32, outDim: 32 },
    { name: `model.layers.${i}.self_attn.v_proj`, inDim: 32, outDim: 16 },
    { name: `model.layers.${i}.mlp.down_proj`, inDim: 56, outDim: 32 },
  ];
  const layers = [0, 1, 2].flatMap(block), head = { name: "score", inDim: 32 };
  const { layout, params } = loadPeftAdapter(files, layers, "it", { head });
  const again = peftFiles(layout, params, { baseModel: "tiny_llama", layers });
  const tensorsOf = (of: ReadonlyMap<string, Uint8Array>) =>
    parseSafetensors(of.get(WEIGHTS)!, WEIGHTS).tensors;
  assertEquals(tensorsOf(again), tensorsOf(files));
  const fields = (
    { task_type, r, lora_alpha, target_modules }: Record<string, unknown>,
  ) => [task_type, r, lora_alpha, (target_modules as string[]).toSorted()];
  assertEquals(fields(json(again)), fields(json(files)));
  assertThrows(() => loadPeftAdapter(files, layers), Mistake, "modules_to_save is");
});

Deno.test("loadPeftAdapter() refuses a head that is missing, of another shape or not finite", () => {
  const layout = adapterLayout(small, { rank: 2, alpha: 3, head: score });
  const files = (change: (params: Float32Array) => void = () => {}) => {
    const params = new Float32Array(layout.size).fill(0.5);
    change(params);
    return peftFiles(layout, params, { baseModel: "b" });
  };
  const refused = (given: Map<string, Uint8Array>, head: typeof score, message: string) => {
    assertThrows(() => loadPeftAdapter(given, small, "it", { head }), Mistake, message);
  };
  const wide = { ...score, inDim: 6 };
  refused(files(), wide, `${SCORE} shape is [1, 5], expected a head of shape [1, 6]`);
  refused(whole() as Map<string, Uint8Array>, score, `${SCORE} is missing`);
  refused(files((params) => params[layout.head!.offset + 1] = NaN), score, "NaN");
  const other = { ...score, name: "classifier" };
  refused(files(), other, 'modules_to_save is ["score"], expected null');
});
