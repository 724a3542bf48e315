import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import type { Tensor } from "../../../backend/mod.ts";
import {
  adapterLayout,
  bindModel,
  type BoundModel,
  linearLayers,
  loadModel,
} from "../../../core/mod.ts";
import { FAMILIES } from "../../../core/model/families/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { familyConfig, familyFixture, familyTensors } from "../../support/families.ts";

/** Storages' labels of all tensors of a tree: of a weight that is its name. */
function labels(tree: unknown, found: string[] = []): string[] {
  if (typeof tree !== "object" || tree === null) return found;
  if ("storage" in tree) found.push((tree as Tensor).storage.label);
  else for (const part of Object.values(tree)) labels(part, found);
  return found;
}

/** All that an adapter's layout can be asked for, in the order of the blocks. */
function placesOf({ blocks }: BoundModel): string[] {
  const found: string[] = [];
  const walk = (tree: unknown) => {
    if (typeof tree !== "object" || tree === null || "storage" in tree) return;
    if ("place" in tree) found.push((tree as { place: { name: string } }).place.name);
    for (const part of Object.values(tree)) walk(part);
  };
  walk(blocks);
  return found;
}

const VARIANTS = FAMILIES.map(({ name }) => name === "gemma3_text" ? "gemma3" : name);

for (const variant of VARIANTS) {
  deviceTest(
    `bindModel() finds every tensor and every linear layer of ${variant}`,
    async (device) => {
      const config = familyConfig(variant, await familyFixture(variant));
      const model = loadModel(device, config, familyTensors(config, 1), { context: 32 });
      using owned = model.weights;
      const weights = owned.borrow();
      const layers = linearLayers(config);
      const layout = adapterLayout(layers, { rank: 1, alpha: 1 });
      const params = weights[Object.keys(weights)[0]] as Tensor; // nobody reads them here
      const bound = bindModel({ config: model.config, weights, adapter: { layout, params } });
      assertEquals([...new Set(labels(bound))].sort(), labels(weights).sort());
      assertEquals(placesOf(bound).sort(), layers.map(({ name }) => name).sort());
      assertEquals(placesOf(bindModel({ config: model.config, weights })), []);
    },
    ["cpu"],
  );
}

deviceTest("bindModel() binds once for the same weights, config and layout", async (device) => {
  const parsed = familyConfig("llama", await familyFixture("llama"));
  const { config, weights: owned } = loadModel(device, parsed, familyTensors(parsed, 1));
  using _owned = owned;
  const weights = owned.borrow(), bare = bindModel({ config, weights });
  assertStrictEquals(bindModel({ config, weights }), bare);
  const layouts = [1, 2].map((rank) => adapterLayout(linearLayers(config), { rank, alpha: 1 }));
  const params = weights["model.norm.weight"] as Tensor;
  const [one, two] = layouts.map((layout) =>
    bindModel({ config, weights, adapter: { layout, params } })
  );
  assertNotStrictEquals(one, two);
  assertStrictEquals(
    bindModel({ config, weights, adapter: { layout: layouts[0], params } }),
    one,
  );
  const capped = { ...config, attentionSoftcap: 5 };
  assertEquals(bindModel({ config: capped, weights }).blocks[0].heads.softcap, 5);
  const trains = bindModel({ config, weights, trainsWeights: true });
  assertEquals([bare, trains].map(({ blocks: [{ o }] }) => o.weight.trains), [false, true]);
}, ["cpu"]);
