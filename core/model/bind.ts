// A model with all that its forward pass reads already found: embedding, blocks, head, rotary tables, and each layer's
// place in an adapter. Bound once for a set of weights, and once more for each adapter layout that runs on them.
import type { Columns, Tensor } from "../../backend/mod.ts";
import type { AdapterLayout } from "../lora/adapter.ts";
import type { MatrixWeight, Weight } from "../ops/weight.ts";
import type { BoundBlock, BoundLinear, BoundModel, BoundNorm, Pass } from "./bound_model.ts";
import { familyOf } from "./families/mod.ts";
import type { Family } from "./family.ts";
import { LOCAL_ROPE_TABLE, type ModelWeights, ROPE_TABLE } from "./load.ts";
import { headName } from "./shapes.ts";
import type { LayerKind, ModelConfig } from "./types.ts";

const bareModels = new WeakMap<ModelWeights, BoundModel>();
const adaptedModels = new WeakMap<BoundModel, WeakMap<AdapterLayout, BoundModel>>();

/**
 * Finds what a pass reads: at the first pass over these weights, and at the first one with an adapter of this layout;
 * from then on it is there.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { bindModel, tinyModel } from "@leash/bpo/core";
 * import { assertStrictEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using owned = model.weights;
 * const weights = owned.borrow();
 * const { blocks: [{ o }] } = bindModel({ config: model.config, weights });
 * assertStrictEquals(o.weight.tensor, weights["model.layers.0.self_attn.o_proj.weight"]);
 * ```
 *
 * @param pass Only its config, weights, whether they train, and the adapter's layout count.
 */
export function bindModel(pass: Pass): BoundModel {
  const { config, weights, adapter, trainsWeights = false } = pass;
  let bare = bareModels.get(weights);
  if (bare?.config !== config || bare.trains !== trainsWeights) {
    bare = new Binding(config, weights, trainsWeights).model();
    bareModels.set(weights, bare);
  }
  if (adapter === undefined) return bare;
  const { layout } = adapter;
  const known = adaptedModels.get(bare) ?? new WeakMap<AdapterLayout, BoundModel>();
  adaptedModels.set(bare, known);
  const bound = known.get(layout) ?? { ...bare, blocks: bare.blocks.map(placedIn(layout)) };
  known.set(layout, bound);
  return bound;
}

/** A block whose layers know their places in an adapter. */
function placedIn({ modules }: AdapterLayout): (block: BoundBlock) => BoundBlock {
  const placed = (layer: BoundLinear): BoundLinear => {
    const place = modules.get(layer.name);
    return place === undefined ? layer : { ...layer, place };
  };
  return (block) => {
    const { attention, mlp } = block;
    return {
      ...block,
      attention: "q" in attention
        ? { q: placed(attention.q), k: placed(attention.k), v: placed(attention.v) }
        : { ...attention, fused: placed(attention.fused) },
      o: placed(block.o),
      mlp: "fused" in mlp
        ? { ...mlp, fused: placed(mlp.fused) }
        : "gate" in mlp
        ? { gate: placed(mlp.gate), up: placed(mlp.up) }
        : { up: placed(mlp.up) },
      down: placed(block.down),
    };
  };
}

const GLOBAL: LayerKind = { rope: "global" };

/** The weights by the names of their family. */
class Binding {
  readonly #family: Family;

  constructor(
    readonly config: ModelConfig,
    readonly weights: ModelWeights,
    readonly trains: boolean,
  ) {
    this.#family = familyOf(config);
  }

  model(): BoundModel {
    const { config, trains } = this, { names } = this.#family;
    const rope = {
      global: this.#tensor(ROPE_TABLE),
      local: this.#tensor(LOCAL_ROPE_TABLE),
    };
    const places = names.positions === undefined
      ? undefined
      : this.#tensor(`${names.positions}.weight`);
    const tables = [rope.global, rope.local, places].flatMap((table) => table?.shape[0] ?? []);
    return {
      config,
      trains,
      embed: {
        tokens: this.#matrix(names.embedding),
        ...(places && { positions: { tensor: places, trains } }),
        ...(config.embedScale !== undefined && { scale: Math.fround(config.embedScale) }),
      },
      blocks: Array.from({ length: config.layers }, (_, layer) => this.#block(layer, rope)),
      head: { norm: this.#norm(names.finalNorm), matrix: this.weights[headName(config)] },
      rope: { ...rope, positions: Math.min(config.maxPositions, ...tables) },
    };
  }

  #block(layer: number, tables: { global?: Tensor; local?: Tensor }): BoundBlock {
    const { config } = this, { names: { blocks, block } } = this.#family;
    const kind = config.layerKinds?.[layer] ?? GLOBAL;
    const at = `${blocks}${layer}.`;
    const norm = (name: string | undefined) =>
      name === undefined ? undefined : this.#norm(at + name);
    const linear = (name: string) => this.#linear(at + name);
    const { attention, mlp } = block;
    const { heads, kvHeads, headDim } = config;
    return {
      norms: {
        attention: norm(block.attentionNorm),
        attentionPost: norm(block.attentionPostNorm),
        mlp: norm(block.mlpNorm),
        mlpPost: norm(block.mlpPostNorm),
        q: norm(block.qkNorm?.q),
        k: norm(block.qkNorm?.k),
      },
      attention: "q" in attention
        ? { q: linear(attention.q), k: linear(attention.k), v: linear(attention.v) }
        : { fused: linear(attention.qkv), columns: qkvColumns(config, attention.layout) },
      heads: {
        ...{ heads, kvHeads, headDim },
        scale: config.attentionScale,
        softcap: config.attentionSoftcap,
        window: kind.window,
      },
      rope: kind.rope === "none" ? undefined : tables[kind.rope],
      o: linear(block.o),
      mlp: "gate" in mlp ? { gate: linear(mlp.gate), up: linear(mlp.up) } : "gateUp" in mlp
        ? {
          fused: linear(mlp.gateUp),
          columns: inARow([config.intermediateSize, config.intermediateSize]),
        }
        : { up: linear(mlp.up) },
      activation: config.activation ?? "silu",
      down: linear(block.down),
      parallel: config.parallel ?? false,
    };
  }

  #linear(name: string): BoundLinear {
    return { name, weight: this.#matrix(name), bias: this.#vector(`${name}.bias`) };
  }

  #norm(name: string): BoundNorm {
    const kind = this.#family.norm === "layer" ? "layer" : "rms";
    return {
      kind,
      weight: { tensor: this.weights[`${name}.weight`] as Tensor, trains: this.trains },
      ...(kind === "layer" && { bias: this.#vector(`${name}.bias`) }),
      eps: this.config.rmsEps,
    };
  }

  #matrix(name: string): MatrixWeight {
    return { tensor: this.weights[`${name}.weight`], trains: this.trains };
  }

  #vector(name: string): Weight | undefined {
    const tensor = this.#tensor(name);
    return tensor && { tensor, trains: this.trains };
  }

  #tensor(name: string): Tensor | undefined {
    return this.weights[name] as Tensor | undefined;
  }
}

/** Where queries, keys and values lie in a fused projection: one after another, or head by head. */
function qkvColumns(
  { heads, kvHeads, headDim }: ModelConfig,
  layout: "rows" | "heads",
): readonly Columns[] {
  if (layout === "rows") return inARow([heads, kvHeads, kvHeads].map((n) => n * headDim));
  const head = { groups: heads, stride: 3 * headDim, width: headDim };
  return [0, 1, 2].map((part) => ({ ...head, offset: part * headDim }));
}

function inARow(widths: readonly number[]): readonly Columns[] {
  const stride = widths.reduce((sum, width) => sum + width, 0);
  let at = 0;
  return widths.map((width) => {
    const offset = at;
    at += width;
    return { groups: 1, stride, offset, width };
  });
}
