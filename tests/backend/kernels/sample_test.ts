import { assert, assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import type { Device } from "../../../backend/device.ts";
import { sampleInPlace, type SampleOptions } from "../../../backend/kernels/sample.ts";
import {
  choose,
  keptSet,
  softmax,
  threefry2x32,
  type Truncation,
} from "../../../backend/reference/sample.ts";
import { softcap } from "../../../backend/reference/softcap.ts";
import { chiSquare } from "../../support/chi_square.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const plain: SampleOptions = {
  step: 0,
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  seed0: 11,
  seed1: 12,
  eosIds: [],
  padId: 0,
};

interface State {
  readonly tokens: number[];
  readonly lengths: number[];
  readonly done: number[];
  readonly ids: number[];
  readonly logps: number[];
}

/** One step of S rows, maxNew 3; logits [S, V]. */
async function sample(
  device: Device,
  logits: Float32Array,
  streams: number[],
  some: Partial<SampleOptions>,
  done: number[] = streams.map(() => 0),
): Promise<State> {
  const S = streams.length, V = logits.length / S;
  using arena = new Arena(device, "test");
  const words = (name: string, x: number[]) => arena.upload([S], new Uint32Array(x), name);
  const state = {
    tokens: words("tokens", streams.map(() => 77)),
    lengths: words("lengths", streams.map((_, i) => 5 + i)),
    done: words("done", done),
    ids: arena.upload([S, 3], new Uint32Array(3 * S).fill(99), "ids"),
    logps: arena.upload([S, 3], new Float32Array(3 * S).fill(9), "logps"),
  };
  sampleInPlace(arena, {
    ...state,
    logits: arena.upload([S, V], logits, "logits"),
    streams: words("streams", streams),
  }, { ...plain, ...some });
  const out = await arena.readAll(state);
  return Object.fromEntries(Object.entries(out).map(([k, v]) => [k, [...v]])) as unknown as State;
}

const range = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);

/** Logits as a model has them: a few likely tokens, a long tail. */
function modelLogits(n: number, seed: number): Float32Array {
  return uniform(n, seed).map((x) => 12 * x ** 3);
}

/** The same logits for S rows. */
function repeated(row: ArrayLike<number>, S: number): Float32Array {
  const all = new Float32Array(S * row.length);
  for (let s = 0; s < S; s++) all.set(row, s * row.length);
  return all;
}

const truncations: (Truncation & { title: string })[] = [
  { title: "plain", temperature: 1, topK: 0, topP: 1, minP: 0 },
  { title: "temperature 0.7", temperature: 0.7, topK: 0, topP: 1, minP: 0 },
  { title: "top-k 7", temperature: 1.3, topK: 7, topP: 1, minP: 0 },
  { title: "top-p 0.8", temperature: 0.9, topK: 0, topP: 0.8, minP: 0 },
  { title: "min-p 0.1", temperature: 1, topK: 0, topP: 1, minP: 0.1 },
  { title: "all three", temperature: 1.5, topK: 40, topP: 0.9, minP: 0.05 },
];

for (const { title, ...truncation } of truncations) {
  for (const [S, V] of [[3, 1], [5, 63], [40, 257], [60, 1024]]) {
    const logits = modelLogits(S * V, V), streams = range(S, 1000);
    deviceTest(
      `sampleInPlace() chooses the f64 reference's ids: ${title}, V ${V}`,
      async (device) => {
        const step = 2, out = await sample(device, logits, streams, { ...truncation, step });
        let same = 0;
        const logps: number[] = [], expected: number[] = [];
        for (let s = 0; s < S; s++) {
          const row = logits.subarray(s * V, (s + 1) * V), id = out.ids[3 * s + step];
          const draw = threefry2x32([plain.seed0, plain.seed1], [streams[s], step]);
          if (choose(row, draw, truncation) === id) same++;
          assert(keptSet(row, truncation)[id], `row ${s} drew ${id}, which is not kept`);
          logps.push(out.logps[3 * s + step]);
          expected.push(Math.log(softmax(row, 1)[id]));
        }
        assert(same >= 0.995 * S, `${same} of ${S} ids are the same`);
        // log Σ: exp at up to 24 nats (3 + 2|x|) ulp of small terms, log 2⁻²¹.
        assertClose(logps, expected, { rtol: 4 * 2 ** -24, atol: 2 ** -20 }, "logps");
        assertEquals(out.tokens, range(S).map((s) => out.ids[3 * s + step]));
        assertEquals(out.lengths, range(S, 6));
        assertEquals(out.done, streams.map(() => 0));
        // The other columns stay.
        assertEquals(out.ids.filter((_, i) => i % 3 !== step), Array(2 * S).fill(99));
        assertEquals(out.logps.filter((_, i) => i % 3 !== step), Array(2 * S).fill(9));
      },
    );
  }

  // 24 spread logits and three ties: every kept id has more than 1% and so turns up in 1200 draws.
  const row = [...range(24).map((i) => Math.sin(i * 1.7) * 1.2), 0.5, 0.5, 0.5].map(Math.fround);
  deviceTest(
    `sampleInPlace() keeps exactly the kept set, at its frequencies: ${title}`,
    async (device) => {
      const S = 1200, kept = keptSet(row, truncation), p = softmax(row, truncation.temperature);
      const mass = p.reduce((sum, x, i) => sum + (kept[i] ? x : 0), 0);
      const { ids } = await sample(device, repeated(row, S), range(S), truncation);
      const counts = row.map(() => 0);
      for (let s = 0; s < S; s++) counts[ids[3 * s]]++;
      assertEquals(counts.map((n) => n > 0), kept);
      const x2 = chiSquare(counts, p.map((x, i) => kept[i] ? x / mass : 0));
      const df = kept.filter(Boolean).length - 1;
      assert(x2 < df + 5 * Math.sqrt(2 * df) + 1, `χ² is ${x2} with ${df} degrees of freedom`);
    },
  );
}

deviceTest(
  "sampleInPlace() draws the same on every device: 2000 rows against the reference",
  async (device) => {
    const S = 2000, V = 257, logits = modelLogits(S * V, 21), o = truncations[1];
    const { tokens } = await sample(device, logits, range(S), o);
    const same = range(S).filter((s) => {
      const draw = threefry2x32([plain.seed0, plain.seed1], [s, 0]);
      return choose(logits.subarray(s * V, (s + 1) * V), draw, o) === tokens[s];
    });
    assert(same.length >= 0.995 * S, `${same.length} of ${S} are the same`);
  },
);

deviceTest(
  "sampleInPlace() caps the logits before it draws and before the log-probs",
  async (device) => {
    const S = 400, V = 257, cap = 2, logits = modelLogits(S * V, 9), o = truncations[5];
    const capped = logits.map((l) => softcap(l, cap));
    const out = await sample(device, logits, range(S), { ...o, softcap: cap });
    const row = (s: number) => capped.subarray(s * V, (s + 1) * V);
    const same = range(S).filter((s) =>
      choose(row(s), threefry2x32([plain.seed0, plain.seed1], [s, 0]), o) === out.tokens[s]
    );
    assert(same.length >= 0.995 * S, `${same.length} of ${S} are the same`);
    const logps = range(S).map((s) => Math.log(softmax(row(s), 1)[out.tokens[s]]));
    // The cap's rounding of a few 2⁻²⁴·cap, besides what log Σ has above.
    assertClose(range(S).map((s) => out.logps[3 * s]), logps, { rtol: 0, atol: 2 ** -19 }, "logps");
  },
);

deviceTest("sampleInPlace() keeps the ties of top-k", async (device) => {
  const S = 500, row = [0, 3, 1, 3, 1, 1, -0, 0.5];
  const { ids } = await sample(device, repeated(row, S), range(S), { topK: 3 });
  assertEquals([...new Set(range(S).map((s) => ids[3 * s]))].sort(), [1, 2, 3, 4, 5]);
});

deviceTest(
  "sampleInPlace() at temperature 0 takes the largest logit, the lowest id of equals",
  async (device) => {
    const V = 300,
      rows = [new Float32Array(V), modelLogits(V, 3), modelLogits(V, 4), uniform(V, 5)];
    rows[1][17] = rows[1][255] = rows[1][299] = 40;
    rows[2].fill(-3);
    const logits = new Float32Array(rows.flatMap((row) => [...row]));
    const out = await sample(device, logits, range(4), { temperature: 0, eosIds: [17] });
    const { ids, logps } = out, largest = rows[3].indexOf(Math.max(...rows[3]));
    assertEquals(range(4).map((s) => ids[3 * s]), [0, 17, 0, largest]);
    assertEquals(out.tokens, [0, 17, 0, largest]);
    assertEquals(out.lengths, [6, 7, 8, 9]);
    assertEquals(out.done, [0, 1, 0, 0]);
    const expected = [
      -Math.log(V),
      -Math.log(3),
      -Math.log(V),
      Math.log(softmax(rows[3], 1)[largest]),
    ];
    assertClose(
      range(4).map((s) => logps[3 * s]),
      expected,
      { rtol: 2 ** -21, atol: 2 ** -20 },
      "logps",
    );
  },
);

deviceTest(
  "sampleInPlace() leaves rows that are done, ends rows at an end of sequence",
  async (device) => {
    const logits = new Float32Array(4 * 6);
    [1, 2, 3, 4].forEach((id, s) => logits[6 * s + id] = 50);
    const options = { step: 1, eosIds: [3, 2], padId: 4 };
    const out = await sample(device, logits, range(4), options, [1, 0, 0, 0]);
    assertEquals(out.tokens, [77, 2, 3, 4]);
    assertEquals(out.lengths, [5, 7, 8, 9]);
    assertEquals(out.done, [1, 1, 1, 0]);
    assertEquals(out.ids, [99, 4, 99, 99, 2, 99, 99, 3, 99, 99, 4, 99]);
    assertEquals([out.logps[0], out.logps[1], out.logps[2]], [9, 0, 9]);
  },
);

for (const value of [NaN, Infinity, -Infinity]) {
  for (const some of [{ temperature: 0 }, {}, { topK: 3, topP: 0.5, minP: 0.1 }, { softcap: 5 }]) {
    deviceTest(
      `sampleInPlace() ends a row with a logit of ${value} as 2 and draws nothing, ${
        JSON.stringify(some)
      }`,
      async (device) => {
        const S = 4,
          V = 1030,
          logits = modelLogits(S * V, 6),
          options = { ...some, step: 1, padId: 4 };
        const sound = await sample(device, logits, range(S), options, [0, 0, 0, 1]);
        logits[V + 1029] = value; // the last
        logits[2 * V] = value; // the first
        logits[3 * V + 5] = value; // of a row that is done already
        const out = await sample(device, logits, range(S), options, [0, 0, 0, 1]);
        assertEquals(out.done, [0, 2, 2, 1]);
        assertEquals(out.tokens, [sound.tokens[0], 77, 77, 77]);
        assertEquals(out.lengths, [6, 6, 7, 8]);
        assertEquals([out.ids[1], out.logps[1]], [sound.ids[1], sound.logps[1]]);
        assertEquals([4, 7, 10].map((i) => [out.ids[i], out.logps[i]]), Array(3).fill([4, 0]));
        const again = await sample(device, logits, range(S), options, out.done); // 2 stays 2
        assertEquals([again.done, again.ids[4], again.lengths[1]], [out.done, 4, 6]);
      },
    );
  }
}

deviceTest(
  "sampleInPlace() draws a row by its stream and step, not by its neighbours",
  async (device) => {
    const S = 24, V = 100, logits = modelLogits(S * V, 8);
    const all = await sample(device, logits, range(S, 50), {});
    const few = [20, 3, 11],
      some = new Float32Array(few.flatMap((s) => [...logits.subarray(s * V, (s + 1) * V)]));
    const part = await sample(device, some, few.map((s) => 50 + s), {});
    assertEquals(part.tokens, few.map((s) => all.tokens[s]));
    assertEquals(range(3).map((i) => part.logps[3 * i]), few.map((s) => all.logps[3 * s]));
    for (const other of [{ step: 1 }, { seed0: 1 }, { seed1: 1 }]) {
      assert(
        (await sample(device, logits, range(S, 50), other)).tokens.join() !== all.tokens.join(),
      );
    }
  },
);

deviceTest("sampleInPlace() refuses shapes and options that do not fit", (device) => {
  using arena = new Arena(device, "test");
  const words = (n: number) => arena.upload([n], new Uint32Array(n), `words ${n}`);
  const logits = arena.upload([2, 5], uniform(10, 1), "logits");
  const logps = arena.upload([2, 3], uniform(6, 1), "logps");
  const ids = arena.upload([2, 3], new Uint32Array(6), "ids"), two = words(2);
  const tensors = {
    logits,
    streams: two,
    tokens: words(2),
    lengths: words(2),
    done: words(2),
    ids,
    logps,
  };
  assertThrows(
    () => sampleInPlace(arena, { ...tensors, done: words(3) }, plain),
    TypeError,
    "done is [3]",
  );
  assertThrows(
    () => sampleInPlace(arena, { ...tensors, logps: logits }, plain),
    TypeError,
    "logps is [2,5]",
  );
  const wrong: [keyof SampleOptions, number | number[]][] = [
    ["step", 3],
    ["temperature", -1],
    ["temperature", NaN],
    ["topK", 1.5],
    ["topP", 0],
    ["minP", 1.1],
    ["seed0", 2 ** 32],
    ["eosIds", [1, 2, 3, 4, 5]],
  ];
  assertThrows(
    () => sampleInPlace(arena, tensors, { ...plain, softcap: 0 }),
    RangeError,
    "cap is 0, expected more than 0",
  );
  for (const [name, value] of wrong) {
    const options = { ...plain, [name]: value };
    assertThrows(
      () => sampleInPlace(arena, tensors, options),
      RangeError,
      `sampleInPlace: ${name} is`,
    );
  }
});
