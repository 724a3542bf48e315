import { assertEquals, assertThrows } from "@std/assert";
import { parsePeftAdapter, readModelFolder } from "../../../core/io/mod.ts";
import { adapterLayout, fromPeft, linearLayers, toPeft } from "../../../core/mod.ts";

const root = new URL("../../fixtures/", import.meta.url);
const { config } = await readModelFolder(new URL("tiny_llama", root));

async function fixture() {
  const read = (file: string) => Deno.readFile(new URL(`tiny_llama_lora/${file}`, root));
  return parsePeftAdapter(
    new Map([
      ["adapter_config.json", await read("adapter_config.json")],
      ["adapter_model.safetensors", await read("adapter_model.safetensors")],
    ]),
    "tiny_llama_lora",
  );
}

Deno.test("fromPeft() puts A at its offset and B there transposed", async () => {
  const peft = await fixture();
  const { layout, params } = fromPeft(peft, config, "lora");
  assertEquals(layout, adapterLayout(linearLayers(config), { rank: 4, alpha: 8 }));
  for (const [name, { aOffset, bOffset, inDim, outDim }] of layout.modules) {
    const { A, B } = peft.factors.get(name)!;
    assertEquals(params[aOffset + 2 * inDim + 5], A.data[2 * inDim + 5]); // A[2, 5]
    assertEquals(params[bOffset + 3 * outDim + 6], B.data[6 * 4 + 3]); // B[6, 3]
  }
});

Deno.test("toPeft() of fromPeft() is the adapter that was read", async () => {
  const peft = await fixture();
  const { layers, baseModel } = peft;
  const back = toPeft(fromPeft(peft, config, "lora"), { layers, baseModel });
  assertEquals(back.targetModules.toSorted(), peft.targetModules.toSorted());
  assertEquals({ ...back, targetModules: [] }, { ...peft, targetModules: [] });
});

Deno.test("fromPeft() refuses modules and shapes that are not the model's", async () => {
  const peft = await fixture();
  const smaller = { ...config, layers: 2 };
  assertThrows(() => fromPeft(peft, smaller, "lora"), TypeError, "it adapts model.layers.2.");
  const wider = { ...config, hiddenSize: 40 };
  assertThrows(
    () => fromPeft(peft, wider, "lora"),
    TypeError,
    "q_proj has shape [4,32], expected [4,40]",
  );
});
