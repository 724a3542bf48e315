import { assertEquals, assertThrows } from "@std/assert";
import {
  decoderJson,
  eachLayer,
  layerTypes,
  queryScalar,
  turning,
} from "../../../../core/model/families/gguf_parts.ts";
import { GgufMetadata } from "../../../../core/formats/gguf/metadata.ts";
import type { GgufHeader, GgufValue } from "../../../../core/formats/gguf/header.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

function fieldsOf(values: Record<string, GgufValue>): GgufMetadata {
  const metadata = new Map<string, GgufValue>([["general.architecture", "x"]]);
  for (const [key, value] of Object.entries(values)) metadata.set(`x.${key}`, value);
  const tensors = new Map(Array.from({ length: 8 }, (_, i) => {
    return [i === 0 ? "token_embd.weight" : `t${i}`, { shape: [1] }];
  }));
  return new GgufMetadata({ metadata, tensors } as unknown as GgufHeader, "m.gguf");
}

const SIZES = { "embedding_length": 24, "attention.head_count": 3, "block_count": 4 };

Deno.test("decoderJson() has the keys' length, the part that turns, or an even share as head_dim", () => {
  const rest = {
    ...{ "feed_forward_length": 9, "context_length": 8 },
    "attention.layer_norm_rms_epsilon": 1e-5,
  };
  const dim = (values: Record<string, GgufValue>, wholeHeads = false) =>
    decoderJson(fieldsOf({ ...SIZES, ...rest, ...values }), {}, { wholeHeads }).head_dim;
  assertEquals(dim({}), 8);
  assertEquals(dim({ "rope.dimension_count": 6 }, true), 6);
  assertEquals(dim({ "rope.dimension_count": 6 }), 8);
  assertEquals(dim({ "attention.key_length": 5, "attention.value_length": 5 }), 5);
  assertThrows(
    () => dim({ "attention.value_length": 5 }),
    Mistake,
    "Cannot read m.gguf: x.attention.value_length is 5, expected attention.key_length 8",
  );
});

Deno.test("turning() is the share of a head that turns", () => {
  assertEquals(turning(fieldsOf({ ...SIZES, "rope.dimension_count": 2 })), 0.25);
  assertEquals(turning(fieldsOf(SIZES)), 1);
});

Deno.test("layerTypes() lets each n-th layer see all, or those that the file says", () => {
  const slides = (values: Record<string, GgufValue>) =>
    layerTypes(fieldsOf({ ...SIZES, ...values }), 2).map((type) => type === "sliding_attention");
  assertEquals(slides({}), [true, false, true, false]);
  const key = "attention.sliding_window_pattern";
  assertEquals(slides({ [key]: 3 }), [true, true, false, true]);
  assertEquals(
    slides({ [key]: [false, true, false, false] as unknown as GgufValue }),
    [false, true, false, false],
  );
});

Deno.test("queryScalar() is the file's, the largest model's or the head's width", () => {
  assertEquals(queryScalar(fieldsOf({ ...SIZES, "attention.scale": 0.5 }), 9), 4);
  assertEquals(queryScalar(fieldsOf({ ...SIZES, "attention.key_length": 6 }), 9), 6);
  assertEquals(queryScalar(fieldsOf({ ...SIZES, "attention.key_length": 6 }), 4), 8);
});

Deno.test("eachLayer() refuses more layers than the file has tensors", () => {
  assertEquals(eachLayer(fieldsOf(SIZES), (layer) => layer), [0, 1, 2, 3]);
  assertThrows(
    () => eachLayer(fieldsOf({ ...SIZES, block_count: 9 }), () => 0),
    Mistake,
    "x.block_count is 9, expected at most the file's 8 tensors",
  );
});
