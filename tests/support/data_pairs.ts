// Five preferences in tokens, as a dataset has them.
import type { DataPair } from "../../cli/data/training_data.ts";

/** Their texts, prompts and answers all differ. */
export const dataPairs: DataPair[] = Array.from({ length: 5 }, (_, i) => ({
  ...{
    kind: "preference",
    place: `p.csv:${i + 2}`,
    text: `prompt ${i}`,
    prompt: [1, 10 + i],
    asked: [1, 10 + i],
  },
  ...{ chosen: [20 + i, 30, 2], rejected: [40 + i], cut: { prompt: 0, chosen: 0, rejected: 0 } },
}));
