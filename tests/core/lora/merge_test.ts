import { assertEquals, assertNotEquals } from "@std/assert";
import { Arena, type Device } from "../../../backend/mod.ts";
import {
  type Adapter,
  type AdapterLayout,
  exactMean,
  factorMean,
  forward,
  type Model,
  packSequences,
  Tape,
  uploadBatch,
} from "../../../core/mod.ts";
import { assertRelativeToMax } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import {
  adapterFixture,
  jsonFixture,
  logitsOf,
  modelFixture,
  tensorFixture,
  uploadMembers,
} from "../../support/fixtures.ts";

interface Setting extends Disposable {
  readonly model: Model;
  readonly layout: AdapterLayout;
  /** The three members of the fixture. */
  readonly members: Float32Array<ArrayBuffer>[];
  readonly sequences: { ids: number[]; promptLength: number }[];
}

async function setting(device: Device): Promise<Setting> {
  const model = await modelFixture(device, "tiny_llama");
  const adapters = await Promise.all(
    [0, 1, 2].map((k) => adapterFixture(model, `exact_mean/member${k}`)),
  );
  const { inputIds, lengths } = await jsonFixture("exact_mean.json");
  return {
    model,
    layout: adapters[0].layout,
    members: adapters.map(({ params }) => params),
    sequences: lengths.map((n: number, s: number) => ({
      ids: inputIds[s].slice(0, n),
      promptLength: 1,
    })),
    [Symbol.dispose]: () => model.weights[Symbol.dispose](),
  };
}

/** Logits of every row but the last of each sequence, under an adapter made in the same arena. */
async function logitsUnder(
  device: Device,
  { model, sequences }: Setting,
  make: (arena: Arena) => Adapter,
): Promise<Float32Array> {
  using arena = new Arena(device, "logits");
  const batch = uploadBatch(arena, packSequences(sequences));
  const pass = { config: model.config, weights: model.weights.borrow(), adapter: make(arena) };
  const h = forward(new Tape(arena, false), pass, batch);
  return await arena.read(logitsOf(arena, model, h)) as Float32Array;
}

for (const [name, merge] of Object.entries({ exactMean, factorMean })) {
  deviceTest(`${name}() gives the logits of torch's ${name} to 1e-4`, async (device) => {
    using all = await setting(device);
    const truth = await tensorFixture("exact_mean.safetensors");
    const logits = await logitsUnder(
      device,
      all,
      (arena) => merge(arena, uploadMembers(arena, all.layout, all.members)),
    );
    const V = all.model.config.vocabSize;
    let at = 0;
    all.sequences.forEach(({ ids }, s) => {
      const rows = (ids.length - 1) * V;
      const expected = truth.get(`seq${s}.${name}`)!.data.subarray(0, rows);
      assertRelativeToMax(logits.subarray(at, at + rows), expected, 1e-4, `sequence ${s}`);
      at += rows;
    });
  });

  deviceTest(`${name}() of equal members has the logits of that member`, async (device) => {
    using all = await setting(device);
    const [member] = all.members;
    const one = await logitsUnder(device, all, (a) => uploadMembers(a, all.layout, [member]));
    const merged = await logitsUnder(
      device,
      all,
      (a) => merge(a, uploadMembers(a, all.layout, [member, member, member])),
    );
    assertRelativeToMax(merged, one, 1e-5, "logits"); // three thirds of B are summed anew
  });

  deviceTest(
    `${name}() of one member is a copy, bit for bit, with its own memory`,
    async (device) => {
      using all = await setting(device);
      using arena = new Arena(device, "merge");
      const ensemble = uploadMembers(arena, all.layout, all.members.slice(0, 1));
      const merged = merge(arena, ensemble);
      assertNotEquals(merged.params.storage, ensemble.params.storage);
      assertEquals(merged.layout, all.layout);
      assertEquals(merged.params.shape, [1, all.layout.size]);
      assertEquals(await arena.read(merged.params), all.members[0]);
    },
  );

  deviceTest(
    `${name}() gives the same bits each time and leaves the members as they were`,
    async (device) => {
      using all = await setting(device);
      using arena = new Arena(device, "merge");
      const ensemble = uploadMembers(arena, all.layout, all.members);
      const first = merge(arena, ensemble), second = merge(arena, ensemble);
      const read = await arena.readAll({
        first: first.params,
        second: second.params,
        members: ensemble.params,
      });
      assertEquals(read.first, read.second);
      assertEquals([...read.members], all.members.flatMap((m) => [...m]));
    },
  );
}
