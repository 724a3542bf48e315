import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/mod.ts";
import {
  completionLogps,
  forward,
  packSequences,
  scoreBatch,
  Tape,
  type TokenSequence,
  uploadBatch,
} from "../../../core/mod.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import {
  adapterFixture,
  jsonFixture,
  logitsOf,
  modelFixture,
  uploadMembers,
} from "../../support/fixtures.ts";
import { integers } from "../../support/random.ts";

const LOGPS = { rtol: 0, atol: 5e-5 }; // nats a token

for (const name of ["tiny_llama", "tiny_llama_tied"]) {
  deviceTest(
    `completionLogps() has transformers' per-token log-probs of ${name} to 5e-5`,
    async (device) => {
      const model = await modelFixture(device, name);
      using _weights = model.weights;
      const { inputIds, lengths, nextLogps } = (await jsonFixture("forward.json"))[name];
      const sequences = lengths.map((n: number, s: number) => ({
        ids: inputIds[s].slice(0, n),
        promptLength: 1,
      }));
      const { sums, perToken } = await completionLogps(device, model, sequences);
      nextLogps.forEach((truth: number[], s: number) => {
        assertClose(perToken[s], truth, LOGPS, `sequence ${s}`);
        assertClose([sums[s]], [truth.reduce((a, b) => a + b)], { rtol: 1e-5, atol: 5e-5 }, "sum");
      });
    },
  );
}

deviceTest(
  "completionLogps() of prompts and answers has peft's and the bare model's sums",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const { pairs, policyLogps, completionTokens } = await jsonFixture("lora.json");
    const sequences = ["chosen", "rejected"].flatMap((which) =>
      pairs.map((p: Record<string, number[]>) => ({
        ids: [...p.prompt, ...p[which]],
        promptLength: p.prompt.length,
      }))
    );
    const { layout, params } = await adapterFixture(model, "tiny_llama_lora");
    using arena = new Arena(device, "adapter");
    const adapter = uploadMembers(arena, layout, [params]);
    arena.commit();
    const { sums, perToken } = await completionLogps(device, model, sequences, { adapter });
    assertClose(sums, policyLogps, { rtol: 5e-5, atol: 5e-5 }, "policy");
    assertEquals(perToken.map(({ length }) => length), completionTokens);
  },
);

/** Random sequences of tiny_llama's vocabulary. */
function someSequences(): TokenSequence[] {
  return [5, 20, 3, 31, 8].map((n, s) => ({ ids: integers(n, s, 97), promptLength: 1 + s % 2 }));
}

deviceTest(
  "completionLogps() has the same bits whatever the rows a pass, and alone",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const sequences = someSequences();
    const whole = await completionLogps(device, model, sequences);
    for (const rowsPerPass of [1, 28, 40]) {
      assertEquals(await completionLogps(device, model, sequences, { rowsPerPass }), whole);
    }
    const reversed = await completionLogps(device, model, sequences.toReversed());
    assertEquals(reversed.perToken.toReversed(), whole.perToken);
  },
);

deviceTest(
  "completionLogps() of a longer prompt is the tail of a shorter one's, bit for bit",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const ids = integers(12, 3, 97);
    const { perToken: [all, tail] } = await completionLogps(device, model, [
      { ids, promptLength: 1 },
      { ids, promptLength: 7 },
    ]);
    assertEquals(tail, all.slice(6));
  },
);

deviceTest("completionLogps() of no sequences is empty", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  assertEquals(await completionLogps(device, model, []), {
    sums: new Float32Array(0),
    perToken: [],
  });
});

deviceTest("scoreBatch() has the entropies of the softmax of the logits", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const packed = packSequences(someSequences());
  using arena = new Arena(device, "test");
  const batch = uploadBatch(arena, packed);
  const { entropy } = scoreBatch(arena, model, batch);
  const pass = { config: model.config, weights: model.weights.borrow() };
  const h = forward(new Tape(arena, false), pass, batch);
  const read = await arena.readAll({ entropy, logits: logitsOf(arena, model, h) });
  const V = model.config.vocabSize;
  const truth = Array.from(read.entropy, (_, i) => {
    const row = Array.from(read.logits.subarray(i * V, (i + 1) * V));
    const lse = Math.log(row.reduce((a, l) => a + Math.exp(l), 0));
    return row.reduce((a, l) => a + Math.exp(l - lse) * (lse - l), 0);
  });
  assertClose(read.entropy, truth, LOGPS, "entropy");
});

deviceTest("completionLogps() bends the logits as the model's softcap says", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const capped = { ...model, config: { ...model.config, logitSoftcap: 1e-3 } };
  const sequence = { ids: integers(9, 1, 97), promptLength: 1 };
  const { perToken: [logps] } = await completionLogps(device, capped, [sequence]);
  const even = Array(8).fill(-Math.log(model.config.vocabSize)); // logits in ±0.001 leave all tokens alike
  assertClose(logps, even, { rtol: 0, atol: 2.1e-3 }, "nearly even");
});
