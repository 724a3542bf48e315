// Generation from a snapshot of five members: packed prefill, then a token a sequence and decode step.
import { Arena } from "../backend/mod.ts";
import { generate, initAdapter, keyOf, mergedLayout } from "../core/mod.ts";
import type { TaskBench } from "./support/harness.ts";
import { generateFlop, layout, randomModel, tokens } from "./support/model.ts";
import { MEMBERS, PROMPT } from "./support/sizes.ts";

/** Tokens a second at 128 sequences, 16 on a software adapter. */
export const decodeBench: TaskBench = {
  name: "generate",
  rounds: 1,
  setup(device, size) {
    const [sequences, maxNew] = size === "full" ? [128, 40] : [16, 8];
    const model = randomModel(device);
    const merged = mergedLayout(layout, MEMBERS);
    using arena = new Arena(device, "adapter");
    const host = initAdapter(merged, 1, keyOf(2));
    const params = arena.upload([1, merged.size], host, "snapshot");
    arena.commit();
    const adapter = arena.keep({ params });
    const prompts = Array.from({ length: sequences }, (_, i) => tokens(PROMPT, i));
    return {
      shape: `${sequences} sequences × ${maxNew} tokens, rank ${merged.rank}`,
      flop: generateFlop(sequences, maxNew),
      tokens: sequences * maxNew,
      owned: {
        [Symbol.dispose]: () => {
          adapter[Symbol.dispose]();
          model.weights[Symbol.dispose]();
        },
      },
      async run() {
        const completions = await generate(device, model, prompts, {
          ...{ maxNew, batchSize: sequences, key: keyOf(3) },
          adapter: { layout: merged, params: adapter.borrow().params },
        });
        return completions.flatMap(({ logps }) => [...logps]);
      },
    };
  },
};
