/** The embedded model's own run, small and the same wherever it runs: what a page and Deno are compared by. */
import { openDevice } from "../../../backend/mod.ts";
import {
  fetchModelFolder,
  loadModel,
  ruleAnnotator,
  scheduleByName,
  tokenizerFromJson,
} from "../../../core/mod.ts";
import { dpo } from "../../../losses/mod.ts";
import { cadence } from "../../../scheduler/mod.ts";
import { online, Run } from "../../../training/mod.ts";
import { loadPrompts } from "../../../stories/prompts.ts";
import { loadKindRule } from "../../../stories/rule.ts";

/** What a run came to. */
export interface StoryRun {
  /** SHA-256 of the members' factors, f32 little-endian. */
  readonly adapter: string;
  /** Loss of each step, nats. */
  readonly losses: number[];
  /** The device, in words. */
  readonly device: string;
}

/**
 * Steps of BPO in three phases with four pairs and two members on the CPU device.
 *
 * @param stories Address of the folder `stories/`, with a slash at its end.
 */
export async function storyRun(stories: URL, steps = 12): Promise<StoryRun> {
  using device = await openDevice({ kind: "cpu" });
  const { config, tensors, tokenizerJson } = await fetchModelFolder(new URL("./model/", stories));
  const model = loadModel(device, config, tensors);
  using _weights = model.weights;
  const { bosId, eosId, padId } = config;
  const tokenizer = tokenizerFromJson(tokenizerJson!, { bos: bosId, eos: eosId?.[0], pad: padId });
  const { train } = await loadPrompts();
  using run = Run.start(device, {
    ...{ model, tokenizer, loss: dpo({ beta: 0.1 }) },
    source: online({
      prompts: train.slice(0, 32),
      annotator: ruleAnnotator("kind", await loadKindRule()),
      ...{ sampling: { temperature: 0.8 }, maxNew: 24 },
    }),
    cadence: cadence({ steps, phases: Math.min(3, steps) }),
    ...{ pairsPerStep: 4, members: 2, rank: 4, alpha: 8, seed: 1 },
    learningRate: scheduleByName("linear", { base: 4e-3, steps }),
  });
  const losses: number[] = [];
  await run.finish({ on: { step: ({ metrics }) => void losses.push(metrics.loss) } });
  const { train: { params } } = await run.capture();
  const digest = await crypto.subtle.digest("SHA-256", params.slice());
  const adapter = Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0"));
  return {
    adapter: adapter.join(""),
    losses,
    device: `${device.info.name}, ${device.info.detail}`,
  };
}
