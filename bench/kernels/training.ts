// Benches of a step's end: the head, sums, losses, the optimiser, the merge, and sampling.
import {
  adamwCheckInPlace,
  adamwInPlace,
  type Arena,
  countNonFiniteInPlace,
  expandSegments,
  meanGroups,
  mergeExact,
  preferenceLoss,
  sampleInPlace,
  segmentSum,
  sumSquares,
  tokenLogps,
  tokenLogpsWeightGrad,
} from "../../backend/mod.ts";
import { adapterLayout, layoutTable, linearLayers } from "../../core/mod.ts";
import { dpo, ipo, type PreferenceLoss, slic, slicHf } from "../../losses/mod.ts";
import type { KernelBench } from "../support/harness.ts";
import { Inputs } from "../support/inputs.ts";
import { config, LENGTH, MEMBERS, PROMPT, RANK, stepSizes } from "../support/sizes.ts";

const { hiddenSize: D, vocabSize: V } = config;
const layout = adapterLayout(linearLayers(config), { rank: RANK, alpha: 2 * RANK });

function head(name: string, gradient: boolean): KernelBench {
  return {
    name,
    setup(device, size) {
      const { headRows: H } = stepSizes(size);
      const on = new Inputs(device);
      const h = on.f32([H, D]), w = on.f32([V, D], 0.1), targets = on.ids(H, V);
      return {
        shape: `[${H}, ${D}]·[${V}, ${D}]ᵀ`,
        flop: (gradient ? 4 : 2) * H * D * V,
        owned: on.done(),
        record: (arena) => {
          const out = tokenLogps(arena, { h, w, targets }, { gradient });
          return out.gradient ?? out.logps;
        },
      };
    },
  };
}

function headWeights(name: string, adds: boolean): KernelBench {
  return {
    name,
    setup(device, size) {
      const { headRows: H } = stepSizes(size);
      const on = new Inputs(device);
      const tensors = {
        h: on.f32([H, D]),
        w: on.f32([V, D], 0.1),
        targets: on.ids(H, V),
        lse: on.f32([H], 0.1, 7),
        scale: on.f32([H], 0.01),
        add: adds ? on.f32([V, D]) : undefined,
      };
      return {
        shape: `[${V}, ${H}]·[${H}, ${D}]`,
        flop: 4 * H * D * V, // the logits again, then the product
        owned: on.done(),
        record: (arena) => tokenLogpsWeightGrad(arena, tensors),
      };
    },
  };
}

function loss(name: string, loss: PreferenceLoss): KernelBench {
  return {
    name,
    setup(device) {
      const pairs = 16, rows = MEMBERS * 2 * pairs;
      const on = new Inputs(device);
      const logps = on.f32([rows], 5, -50), reference = on.f32([2 * pairs], 5, -50);
      const counts = on.u32(2 * pairs, () => LENGTH - PROMPT);
      return {
        shape: `K ${MEMBERS}, B ${pairs}`,
        bytes: 4 * (2 * rows + MEMBERS * pairs + 4 * pairs),
        owned: on.done(),
        record: (arena) =>
          preferenceLoss(arena, { logps, reference, counts }, loss, { members: MEMBERS, pairs })
            .slopes,
      };
    },
  };
}

/** A kernel on the members' flat parameters; `touched` numbers are read or written for each. */
function onParams(
  name: string,
  touched: number,
  make: (on: Inputs, shape: readonly number[]) => (arena: Arena) => ReturnType<typeof sumSquares>,
): KernelBench {
  return {
    name,
    setup(device) {
      const shape = [MEMBERS, layout.size];
      const on = new Inputs(device);
      const record = make(on, shape);
      return {
        shape: `[${shape.join(", ")}]`,
        bytes: 4 * touched * MEMBERS * layout.size,
        owned: on.done(),
        record,
      };
    },
  };
}

function sampling(
  name: string,
  options: { temperature: number; topK: number; topP: number; minP: number },
  passes: number,
): KernelBench {
  return {
    name,
    setup(device, size) {
      const S = size === "full" ? 128 : 16, width = 4;
      const on = new Inputs(device);
      const zeros = () => on.u32(S, () => 0);
      const logits = on.f32([S, V], 5), streams = on.u32(S, (s) => s);
      const tokens = zeros(), lengths = zeros(), done = zeros();
      const ids = { ...on.u32(S * width, () => 0), shape: [S, width] };
      const logps = on.f32([S, width]);
      return {
        shape: `[${S}, ${V}]`,
        bytes: 4 * passes * S * V,
        owned: on.done(),
        record: (arena) => {
          sampleInPlace(
            arena,
            { logits, streams, tokens, lengths, done, ids, logps },
            { step: 0, ...options, seed0: 1, seed1: 2, eosIds: [], padId: 0 },
          );
          return logps;
        },
      };
    },
  };
}

/** Head, sums, losses, optimiser, merge and sampling. */
export const trainingBenches: readonly KernelBench[] = [
  head("tokenLogps", false),
  head("tokenLogps with gradient", true),
  headWeights("tokenLogps weight gradient", false),
  headWeights("tokenLogps weight gradient + dW", true),
  {
    name: "segmentSum",
    setup(device, size) {
      const { headRows: H, sequences } = stepSizes(size), each = LENGTH - PROMPT;
      const on = new Inputs(device);
      const x = on.f32([H]), starts = on.u32(sequences, (s) => s * each);
      const counts = on.u32(sequences, () => each);
      return {
        shape: `[${H}] → [${sequences}]`,
        bytes: 4 * (H + 3 * sequences),
        owned: on.done(),
        record: (arena) => segmentSum(arena, x, starts, counts),
      };
    },
  },
  {
    name: "expandSegments (segmentSum backward)",
    setup(device, size) {
      const { headRows: H, sequences } = stepSizes(size), each = LENGTH - PROMPT;
      const on = new Inputs(device);
      const s = on.f32([sequences]), starts = on.u32(sequences, (i) => i * each);
      const counts = on.u32(sequences, () => each);
      return {
        shape: `[${sequences}] → [${H}]`,
        bytes: 4 * (H + 3 * sequences),
        owned: on.done(),
        record: (arena) => expandSegments(arena, s, starts, counts, H),
      };
    },
  },
  loss("preferenceLoss dpo", dpo({ beta: 0.1 })),
  loss("preferenceLoss ipo", ipo({ tau: 0.1, reduction: "mean" })),
  loss("preferenceLoss slic", slic({ beta: 0.1 })),
  loss("preferenceLoss slic-hf", slicHf({ delta: 1, lambda: 0.1 })),
  onParams("sumSquares", 1, (on, shape) => {
    const x = on.f32(shape);
    return (arena) => sumSquares(arena, x);
  }),
  onParams("countNonFiniteInPlace", 1, (on, shape) => {
    const x = on.f32(shape);
    return (arena) => {
      const count = arena.zeros([shape[0]], "count", "u32");
      countNonFiniteInPlace(arena, { x, count });
      return count;
    };
  }),
  onParams("adamwCheckInPlace", 7, (on, shape) => {
    const param = on.f32(shape), grad = on.f32(shape), m = on.f32(shape);
    const v = on.f32(shape, 0.1, 1), normSquares = on.f32([shape[0]], 0.1, 4);
    const options = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: 1 };
    return (arena) => {
      const count = arena.zeros([shape[0]], "count", "u32");
      const tensors = { param, grad, m, v, normSquares };
      adamwCheckInPlace(arena, tensors, count, { ...options, lr: 1e-4, step: 1 });
      return count;
    };
  }),
  onParams("adamwInPlace", 7, (on, shape) => {
    const param = on.f32(shape), grad = on.f32(shape), m = on.f32(shape);
    const v = on.f32(shape, 0.1, 1), normSquares = on.f32([shape[0]], 0.1, 4);
    const options = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: 1 };
    return (arena) => {
      adamwInPlace(arena, { param, grad, m, v, normSquares }, { ...options, lr: 1e-4, step: 1 });
      return param;
    };
  }),
  onParams("meanGroups", 1 + 1 / MEMBERS, (on, shape) => {
    const x = on.f32(shape);
    return (arena) => meanGroups(arena, x);
  }),
  onParams("mergeExact", 2, (on, shape) => {
    const x = on.f32(shape), words = layoutTable(layout);
    const table = { ...on.u32(words.length, (i) => words[i]), shape: [words.length / 3, 3] };
    return (arena) => mergeExact(arena, x, table);
  }),
  sampling("sample, greedy", { temperature: 0, topK: 0, topP: 1, minP: 0 }, 3),
  sampling("sample, temperature", { temperature: 1, topK: 0, topP: 1, minP: 0 }, 3),
  sampling(
    "sample, top-k, top-p, min-p",
    { temperature: 0.8, topK: 40, topP: 0.9, minP: 0.05 },
    67,
  ),
];
