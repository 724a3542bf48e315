import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { encodePeftConfig, parsePeftConfig, peftScale } from "../../../core/formats/peft_config.ts";
import { rows } from "../../malformed/adapter.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const parse = (fields: Record<string, unknown>) =>
  parsePeftConfig(
    new TextEncoder().encode(
      JSON.stringify({ peft_type: "LORA", r: 4, lora_alpha: 8, ...fields }),
    ),
    "c",
  );

Deno.test("parsePeftConfig() reads what PEFT 0.21 writes", async () => {
  const read = (name: string) =>
    Deno.readFile(new URL(`../../fixtures/peft/${name}/adapter_config.json`, import.meta.url));
  const layers = parsePeftConfig(await read("layers"), "c");
  assertEquals(layers.targetModules, ["down_proj", "gate_proj", "up_proj"]);
  assertEquals(layers.select, {
    exclude: ["up_proj"],
    layersToTransform: [1],
    layersPattern: ["layers"],
  });
  const patterns = parsePeftConfig(await read("patterns"), "c");
  assertEquals([...patterns.rankPattern], [["model.layers.1.mlp.down_proj", 1], ["q_proj", 4]]);
  assertEquals(
    (await read("rslora")).length > 0 && parsePeftConfig(await read("rslora"), "c").rsLora,
    true,
  );
  assertEquals(
    parsePeftConfig(await read("regex"), "c").targetModules,
    ".*layers\\.1\\.(self_attn\\.[qk]_proj|mlp\\.up_proj)",
  );
});

Deno.test("parsePeftConfig() takes one layer's number, null base and neutral variants", () => {
  const config = parse({
    ...{ layers_to_transform: 3, base_model_name_or_path: null, use_bdlora: null },
    ...{ modules_to_save: [], init_lora_weights: "gaussian", use_newer: false },
  });
  assertEquals([config.select.layersToTransform, config.baseModel], [[3], ""]);
  assertEquals(config.targetModules, undefined);
});

Deno.test("peftScale() is alpha / r, or alpha / √r for rsLoRA", () => {
  assertEquals(peftScale(parse({}), "m"), { rank: 4, scale: 2 });
  assertAlmostEquals(
    peftScale(parse({ use_rslora: true, r: 2 }), "m").scale,
    8 / Math.SQRT2,
    1e-15,
  );
});

Deno.test("peftScale() finds a module's own rank and alpha as PEFT does: the first key that ends the name", () => {
  const config = parse({
    rank_pattern: { "mlp.up_proj": 2, up_proj: 8, "^model.layers.0.q": 1, "x\\.y$": 16 },
    alpha_pattern: { up_proj: 32 },
  });
  const rows: [string, number, number][] = [
    ["model.layers.0.mlp.up_proj", 2, 16],
    ["up_proj", 8, 4],
    ["other.up_proj", 8, 4],
    ["my_up_proj", 4, 2],
    ["model.layers.0.q", 1, 8],
    ["deep.model.layers.0.q", 4, 2],
    ["a.x.y", 16, 0.5],
  ];
  for (const [module, rank, scale] of rows) {
    assertEquals(peftScale(config, module), { rank, scale }, module);
  }
});

Deno.test("encodePeftConfig() then parsePeftConfig() keeps the fields", () => {
  const bytes = encodePeftConfig({
    ...{ rank: 3, alpha: 1.5, rsLora: true, targetModules: ["a"] },
    ...{ fanInFanOut: true, baseModel: "org/é" },
  });
  const { rank, alpha, rsLora, targetModules, baseModel } = parsePeftConfig(bytes, "c");
  assertEquals([rank, alpha, rsLora, targetModules, baseModel], [3, 1.5, true, ["a"], "org/é"]);
});

Deno.test("parsePeftConfig() refuses every malformed config with its line", async () => {
  const configs = rows.filter(({ file }) => file.endsWith(".json"));
  assertEquals(configs.length >= 8, true);
  for (const { bytes, file, error } of configs) {
    const content = await bytes();
    assertEquals(assertThrows(() => parsePeftConfig(content, file), Error).message, error);
  }
});

Deno.test("peftScale() matches patterns, and takes a rank from the shapes where a key has groups", () => {
  const config = parse({
    rank_pattern: { "up_proj": 2, "model\\.layers\\.[01]\\..*": 8, "(q|k)_proj": 16 },
    alpha_pattern: { "layers.0.*|lm_head": 32 },
  });
  assertEquals(peftScale(config, "model.layers.0.up_proj", 5), { rank: 2, scale: 16 });
  assertEquals(peftScale(config, "model.layers.1.q_proj", 5), { rank: 8, scale: 1 });
  assertEquals(peftScale(config, "model.layers.2.q_proj", 5), { rank: 5, scale: 8 / 5 });
  const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`m${i}`, 1]));
  assertThrows(() => parse({ rank_pattern: many }), Mistake, "rank_pattern has 10001 keys");
  const long = { [".*a".repeat(6_000)]: 1 };
  assertThrows(
    () => parse({ alpha_pattern: long }),
    Mistake,
    "18000 characters of them patterns",
  );
});

Deno.test("parsePeftConfig() takes a head among the modules saved whole, where it is asked for", () => {
  const bytes = (saved: unknown) =>
    new TextEncoder().encode(
      JSON.stringify({ peft_type: "LORA", r: 1, lora_alpha: 1, modules_to_save: saved }),
    );
  const head = { head: "score" };
  assertEquals(parsePeftConfig(bytes(["classifier", "score"]), "c", head).rank, 1); // as PEFT writes it
  assertEquals(parsePeftConfig(bytes(null), "c", head).rank, 1);
  for (const saved of [["lm_head"], "score"]) {
    assertThrows(() => parsePeftConfig(bytes(saved), "c", head), Error, "modules_to_save is");
  }
  assertThrows(() => parsePeftConfig(bytes(["score"]), "c"), Error, "modules_to_save is");
});
