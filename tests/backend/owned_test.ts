import { assertEquals, assertNotStrictEquals, assertRejects, assertThrows } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import type { Device } from "../../backend/device.ts";
import { type Owned, Slot, storagesOf } from "../../backend/owned.ts";
import type { Tensor } from "../../backend/tensor.ts";
import { deviceTest } from "../support/devices.ts";
import { f32, scaled, scaleInPlace } from "./scale.ts";

const words = (f: () => unknown) => assertThrows(f, ReferenceError).message;

function kept(device: Device, ...values: number[]): Owned<Tensor> {
  using arena = new Arena(device, "make");
  const x = arena.upload([values.length], f32(...values), "x");
  arena.commit();
  return arena.keep(x);
}

async function valuesOf(device: Device, x: Owned<Tensor>): Promise<number[]> {
  using arena = new Arena(device, "look");
  return [...await arena.read(x.borrow())];
}

deviceTest("storagesOf() a tree lists each storage once", (device) => {
  using arena = new Arena(device, "tied");
  const a = arena.zeros([2], "a"), b = arena.zeros([1], "b");
  assertEquals([...storagesOf({ a, view: { ...a, shape: [2, 1] }, list: [b, a] })], [
    a.storage,
    b.storage,
  ]);
});

deviceTest("Owned.borrow() gives the tree until it is disposed, once", (device) => {
  const live = device.stats().live;
  const x = kept(device, 1);
  assertEquals(x.borrow(), x.tree);
  x[Symbol.dispose]();
  x[Symbol.dispose]();
  assertEquals(device.stats().live, live);
  assertEquals(words(() => x.borrow()), "Cannot borrow: it has been disposed");
  assertEquals(x.tree.storage.ended, "it has been disposed");
});

deviceTest(
  "Owned.donate() hands the memory over: nothing is copied, the giver is dead",
  async (device) => {
    const live = device.stats().live;
    const x = kept(device, 1, 2);
    const { block } = x.borrow().storage;
    using arena = new Arena(device, "step");
    using y = scaled(arena, x, 3);
    assertEquals(y.borrow().storage.block, block);
    assertEquals(
      words(() => x.borrow()),
      "Cannot borrow: it was donated to scaled, expected the value that scaled returned",
    );
    assertEquals(
      words(() => scaleInPlace(arena, x.tree, 2)),
      'Cannot bind "x" as x (binding 0) of scale: it was donated to scaled, expected the value that scaled returned',
    );
    assertThrows(() => x.donate(arena, "another"), ReferenceError, "donated to scaled");
    arena.commit();
    x[Symbol.dispose](); // frees nothing: it is not its memory any more
    assertEquals(device.stats().live, live + 1);
    assertEquals(await valuesOf(device, y), [3, 6]);
  },
);

deviceTest("Owned.donate() is undone when its arena ends without commit", async (device) => {
  using x = kept(device, 1, 2);
  let y: Owned<Tensor> | undefined, z: Owned<Tensor> | undefined;
  assertThrows(
    () => {
      using arena = new Arena(device, "doomed");
      y = scaled(arena, x, 3);
      z = scaled(arena, y, 5);
      throw new Error("boom");
    },
    Error,
    "boom",
  );
  const why = "Cannot borrow: it came from scaled, which was not committed";
  assertEquals([words(() => y!.borrow()), words(() => z!.borrow())], [why, why]);
  y![Symbol.dispose]();
  z![Symbol.dispose]();
  assertEquals(await valuesOf(device, x), [1, 2]);
});

deviceTest("Owned.donate() of tied tensors moves their one storage once", async (device) => {
  const live = device.stats().live;
  let state;
  {
    using arena = new Arena(device, "tied");
    const w = arena.upload([2], f32(1, 2), "w");
    state = arena.keep({ embedding: w, head: { ...w, shape: [2, 1] } });
    arena.commit();
  }
  {
    using _undone = new Arena(device, "undone");
    state.donate(_undone, "nobody");
  }
  using arena = new Arena(device, "step");
  const next = state.donate(arena, "update");
  assertEquals(storagesOf(next.borrow()).size, 1);
  assertEquals(next.borrow().head.shape, [2, 1]);
  assertEquals(await arena.read(next.borrow().head), f32(1, 2));
  next[Symbol.dispose]();
  assertEquals(device.stats().live, live);
});

deviceTest("Owned.donate() cannot be undone once the receiver has freed the memory", (device) => {
  const live = device.stats().live;
  const x = kept(device, 1);
  {
    using arena = new Arena(device, "doomed");
    scaled(arena, x, 2)[Symbol.dispose]();
  }
  assertThrows(() => x.borrow(), ReferenceError, "donated to scaled");
  x[Symbol.dispose]();
  assertEquals(device.stats().live, live);
  using a = kept(device, 1), b = kept(device, 2);
  assertNotStrictEquals(a.borrow().storage.block, b.borrow().storage.block, "one block, one owner");
});

deviceTest("Owned.donate() is undone when the read that commits it fails", async (device) => {
  using x = kept(device, 1, 2);
  const { onSubmit } = device;
  try {
    await assertRejects(
      async () => {
        using arena = new Arena(device, "failing");
        const y = scaled(arena, x, 3);
        device.onSubmit = () => {
          throw new Error("the device broke");
        };
        await arena.read(y.borrow());
      },
      Error,
      "the device broke",
    );
  } finally {
    device.onSubmit = onSubmit;
  }
  assertEquals(await valuesOf(device, x), [1, 2]);
});

deviceTest(
  "Owned.donate() is undone when a read fails that nobody awaited inside the block",
  async (device) => {
    const live = device.stats().live;
    using x = kept(device, 1, 2);
    const { onSubmit } = device;
    device.onSubmit = () => {
      throw new Error("the device broke");
    };
    const read = (() => {
      using arena = new Arena(device, "impatient");
      arena.keep(arena.clone(x.borrow()));
      return arena.read(scaled(arena, x, 3).borrow());
    })();
    device.onSubmit = onSubmit;
    await assertRejects(() => read, Error, "the device broke");
    assertEquals(await valuesOf(device, x), [1, 2]);
    assertEquals(device.stats().live, live + 1);
  },
);

deviceTest("Owned.abandon() frees with a reason, and only the first time", (device) => {
  const live = device.stats().live;
  const x = kept(device, 1);
  x.abandon("the run was reset");
  x.abandon("again");
  assertEquals(words(() => x.borrow()), "Cannot borrow: the run was reset");
  assertEquals(device.stats().live, live);
});

deviceTest("Slot holds the latest value of a loop and frees the others", async (device) => {
  const live = device.stats().live;
  {
    using slot = new Slot(kept(device, 1));
    for (let step = 0; step < 3; step++) {
      using arena = new Arena(device, `step ${step}`);
      const next = scaled(arena, slot.current, 2);
      arena.commit();
      slot.set(next);
    }
    slot.set(slot.current);
    assertEquals(await valuesOf(device, slot.current), [8]);
    slot.set(kept(device, 5)); // made from nothing: the old value is freed
    assertEquals(device.stats().live, live + 1);
    assertThrows(() => {
      using arena = new Arena(device, "doomed");
      scaled(arena, slot.current, 2);
      throw new Error("boom");
    });
    assertEquals(await valuesOf(device, slot.current), [5]);
  }
  assertEquals(device.stats().live, live);
});
