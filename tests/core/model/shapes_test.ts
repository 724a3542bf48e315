import { assertEquals, assertThrows } from "@std/assert";
import type { HostTensor } from "../../../core/base/host_tensor.ts";
import { type ModelConfig, parseModelConfig } from "../../../core/model/config.ts";
import {
  canonicalName,
  checkTensors,
  headName,
  linearLayers,
  tensorShapes,
} from "../../../core/model/shapes.ts";
import { familyConfig, familyFixture } from "../../support/families.ts";
import { SMOL } from "../../support/smol_config.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const TINY: ModelConfig = {
  vocabSize: 5,
  hiddenSize: 4,
  intermediateSize: 3,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 6,
  ropeTheta: 500,
  rmsEps: 1e-6,
  tied: false,
  maxPositions: 16,
};

Deno.test("tensorShapes() counts SmolLM2-135M's parameters", () => {
  const count = (config: ModelConfig) => {
    let sum = 0;
    for (const shape of tensorShapes(config).values()) sum += shape.reduce((a, b) => a * b);
    return sum;
  };
  const config = parseModelConfig(SMOL, "config.json");
  assertEquals(count(config), 134_515_008); // as its model card's "135M" says in full
  assertEquals(count({ ...config, tied: false }), 134_515_008 + 49152 * 576);
  assertEquals(tensorShapes(TINY).get("model.layers.1.self_attn.o_proj.weight"), [4, 12]);
});

Deno.test("checkTensors() takes exactly the model's tensors", () => {
  const whole = () =>
    new Map<string, HostTensor>([...tensorShapes(TINY)].map(([name, shape]) => {
      return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) }];
    }));
  checkTensors(TINY, whole());
  const K = "model.layers.1.self_attn.k_proj.weight";
  const rows: [(tensors: Map<string, HostTensor>) => void, ModelConfig, string][] = [
    [(t) => t.delete(K), TINY, `tensor "${K}" is missing, expected shape [6, 4]`],
    [
      (t) => t.set(K, { shape: [4, 6], data: t.get(K)!.data }),
      TINY,
      `tensor "${K}" shape is [4, 6], expected [6, 4] from the config`,
    ],
    [
      (t) => t.set(K, { shape: [6, 4], data: new Float32Array(23) }),
      TINY,
      `tensor "${K}" data is 23 elements long, expected 24`,
    ],
    [
      (t) => t.set("model.bias", { shape: [], data: new Float32Array(1) }),
      TINY,
      'tensor "model.bias" is there, expected only the 21 tensors of a llama model of 2 layers',
    ],
    [
      () => {},
      { ...TINY, tied: true },
      'tensor "lm_head.weight" is there, expected no head of its own, ' +
      "because tie_word_embeddings is true",
    ],
  ];
  for (const [change, config, message] of rows) {
    const tensors = whole();
    change(tensors);
    const error = assertThrows(() => checkTensors(config, tensors, "dir"), Mistake);
    assertEquals(error.message, `Cannot load dir: ${message}`);
  }
});

Deno.test("canonicalName() gives GPT-2's first files their prefix and drops what follows from the config", () => {
  const gpt2: ModelConfig = { ...TINY, family: "gpt2", tied: true };
  const rows: [ModelConfig, string, string | undefined][] = [
    [gpt2, "h.1.mlp.c_fc.bias", "transformer.h.1.mlp.c_fc.bias"],
    [gpt2, "transformer.ln_f.weight", "transformer.ln_f.weight"],
    [gpt2, "h.0.attn.bias", undefined],
    [gpt2, "lm_head.weight", undefined],
    [TINY, "lm_head.weight", "lm_head.weight"],
    [TINY, "model.layers.0.self_attn.rotary_emb.inv_freq", undefined],
    [{ ...TINY, family: "gpt_neox" }, "gpt_neox.layers.0.attention.masked_bias", undefined],
    [
      { ...TINY, family: "gpt_neox" },
      "gpt_neox.layers.0.attention.dense.bias",
      "gpt_neox.layers.0.attention.dense.bias",
    ],
  ];
  for (const [config, name, expected] of rows) assertEquals(canonicalName(config, name), expected);
});

Deno.test("linearLayers() are the modules that peft adapts with all-linear, of every family", async () => {
  for (const name of ["llama", "phi3", "gpt2", "gpt_neox", "gemma2"]) {
    const fixture = await familyFixture(name);
    const adapted = new Set(
      Object.keys(fixture.cases[0].lora.tensors)
        .map((key) => key.replace(/^base_model\.model\./, "").replace(/\.lora_[AB]\.weight$/, "")),
    );
    const layers = linearLayers(familyConfig(name, fixture));
    assertEquals(new Set(layers.map((layer) => layer.name)), adapted, name);
    assertEquals(layers.every(({ transposed }) => transposed === true), name === "gpt2");
  }
});

Deno.test("headName() is the embedding where they are tied", () => {
  assertEquals(headName(TINY), "lm_head.weight");
  assertEquals(headName({ ...TINY, family: "gpt2", tied: true }), "transformer.wte.weight");
});
