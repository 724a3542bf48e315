import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import type { Device } from "../../backend/device.ts";
import type { Kernel } from "../../backend/kernel.ts";
import { deviceTest } from "../support/devices.ts";
import { f32, scaled, scaleInPlace, scaleKernel } from "./scale.ts";

const words = (f: () => unknown) => assertThrows(f, Error).message;

/** A tensor that outlives its arena. */
function kept(device: Device, ...values: number[]) {
  using arena = new Arena(device, "make");
  const x = arena.upload([values.length], f32(...values), "x");
  arena.commit();
  return arena.keep(x);
}

deviceTest("Arena.commit() runs what was recorded, in order, in one submit", async (device) => {
  using owned = kept(device, 1, 2, 3);
  const x = owned.borrow();
  using arena = new Arena(device, "order");
  const before = device.stats();
  scaleInPlace(arena, x, 2); // 2 4 6
  const early = arena.clone(x, "early");
  arena.write(x, f32(10), 1); // 2 10 6
  scaleInPlace(arena, x, 3); // 6 30 18
  arena.copy(early, x, { from: 1, to: 0, count: 1 }); // 4 30 18
  assertEquals(device.stats().submits, before.submits, "nothing runs before commit");
  arena.commit();
  const after = device.stats();
  assertEquals(after.submits - before.submits, 1);
  assertEquals(after.dispatches - before.dispatches, 2);
  assertEquals(after.readbacks, before.readbacks);
  const read = await arena.readAll({ x, early });
  assertEquals([[...read.x], [...read.early]], [[4, 30, 18], [2, 4, 6]]);
});

deviceTest("Arena.commit() of an empty recording submits nothing", (device) => {
  using arena = new Arena(device, "empty");
  const before = device.stats().submits;
  arena.commit();
  assertEquals(device.stats().submits, before);
});

deviceTest(
  "Arena.readAll() commits and reads tensors of any size and dtype in one submit and one readback",
  async (device) => {
    using arena = new Arena(device, "read");
    const a = arena.upload([2, 2], f32(1, -2, 3.5, NaN), "a");
    const b = arena.upload([3], new Uint32Array([0, 7, 2 ** 32 - 1]), "b");
    const c = arena.upload([1], f32(-0), "c");
    scaleInPlace(arena, c, 2);
    const before = device.stats();
    const read = await arena.readAll({ a, b, view: { ...a, shape: [3] }, c });
    const after = device.stats();
    assertEquals(read, {
      a: f32(1, -2, 3.5, NaN),
      b: new Uint32Array([0, 7, 2 ** 32 - 1]),
      view: f32(1, -2, 3.5),
      c: f32(-0),
    });
    assertEquals(after.submits - before.submits, 1);
    assertEquals(after.readbacks - before.readbacks, 1);
    assertEquals(await arena.read(b), read.b);
  },
);

deviceTest(
  "Arena.readAll() that nobody awaits inside the block gives the data and frees after it",
  async (device) => {
    const live = device.stats().live;
    const [read, owned] = (() => {
      using arena = new Arena(device, "impatient");
      const x = arena.upload([2], f32(1, 2), "x");
      scaleInPlace(arena, x, 3);
      const y = arena.keep(arena.clone(x));
      return [arena.read(x), y];
    })();
    using other = kept(device, 9, 9); // would take x's memory
    assertEquals(await read, f32(3, 6));
    assertEquals(device.stats().live, live + 2);
    using arena = new Arena(device, "look");
    assertEquals(await arena.read(owned.borrow()), f32(3, 6));
    owned[Symbol.dispose]();
    assertEquals(await arena.read(other.borrow()), f32(9, 9));
  },
);

deviceTest("Arena.upload() and write() copy the data when they are called", async (device) => {
  using arena = new Arena(device, "copied");
  const data = f32(1, 2);
  const x = arena.upload([2], data, "x");
  arena.write(x, data.subarray(1));
  data.fill(9);
  assertEquals(await arena.read(x), f32(2, 2));
});

deviceTest("Arena.zeros() clears, alloc() does not: poison is NaN", async (device) => {
  using arena = new Arena(device, "zeros");
  const zero = arena.zeros([65], "zero"), whole = arena.zeros([2], "whole", "u32");
  const fresh = arena.alloc([65], "fresh");
  const read = await arena.readAll({ zero, whole, fresh });
  assertEquals(read.zero, new Float32Array(65));
  assertEquals(read.whole, new Uint32Array(2));
  assert(read.fresh.every(Number.isNaN));
});

deviceTest("Arena.copy() copies a range, by default all from `from` on", async (device) => {
  using arena = new Arena(device, "copy");
  const src = arena.upload([4], f32(1, 2, 3, 4), "src");
  const dst = arena.zeros([6], "dst");
  arena.copy(src, dst, { from: 2, to: 3 });
  arena.copy(src, dst, { to: 1, count: 1 });
  arena.write(dst, f32());
  assertEquals(await arena.read(dst), f32(0, 1, 0, 3, 4, 0));
});

deviceTest("Arena refuses what does not fit, in words", (device) => {
  using arena = new Arena(device, "refuse");
  const x = arena.upload([2, 2], f32(1, 2, 3, 4), "x"), y = arena.zeros([3], "y");
  for (const shape of [[0], [2, 0], [-1, -2], [0.5, 4], [NaN]]) {
    assertEquals(
      words(() => arena.alloc(shape, "z")),
      `Cannot allocate "z": its shape is [${shape}], expected positive whole axes`,
    );
  }
  assertEquals(
    words(() => arena.upload([3], f32(1, 2, 3, 4), "z")),
    'Cannot upload "z": it has 4 elements, expected 3 for shape [3]',
  );
  assertEquals(
    words(() => arena.upload([3], f32(1), "z")),
    'Cannot upload "z": it has 1 elements, expected 3 for shape [3]',
  );
  assertEquals(
    words(() => arena.write(y, f32(1, 2), 2)),
    'Cannot write 2 elements at 2 of "y": expected a range inside its 3',
  );
  assertThrows(() => arena.write(y, f32(1), -1), RangeError, "at -1");
  assertEquals(
    words(() => arena.write(y, new Uint32Array(1))),
    'Cannot write "y": the data is a Uint32Array, expected f32',
  );
  assertEquals(
    words(() => arena.copy(x, y)),
    'Cannot copy 4 elements from 0 of "x" to 0 of "y": expected a range inside both',
  );
  assertThrows(() => arena.copy(x, y, { from: -1, count: 1 }), RangeError, "from -1");
  assertThrows(() => arena.copy(y, x, { to: 2 }), RangeError, "to 2");
  assertThrows(() => arena.copy(x, y, { from: 5 }), RangeError, "-1 elements from 5");
  assertEquals(
    words(() => arena.copy(x, { ...x, shape: [4] }, { to: 2, count: 1 })),
    'Cannot copy "x" onto itself: expected another tensor, WebGPU has no such copy',
  );
});

const twoKernel: Kernel = {
  ...scaleKernel,
  name: "two",
  bindings: [{ name: "a", access: "read", type: "u32" }, { name: "b", access: "read_write" }],
  fixed: ["D"],
};

deviceTest(
  "Arena.dispatch() refuses a wrong binding, param or constant before it is recorded",
  async (device) => {
    using arena = new Arena(device, "dispatch");
    const a = arena.zeros([2], "a", "u32"), b = arena.upload([2], f32(1, 2), "b");
    const run = (args: object) =>
      words(() =>
        arena.dispatch(twoKernel, {
          bind: { a, b },
          params: { n: 1, by: 2 },
          fixed: { D: 1 },
          ...args,
        })
      );
    assertEquals(run({ bind: { a } }), 'Cannot dispatch two: binding "b" is missing');
    assertEquals(run({ bind: { a: b, b } }), 'Cannot dispatch two: "a" is f32, expected u32');
    assertEquals(run({ bind: { a, b: a } }), 'Cannot dispatch two: "b" is u32, expected f32');
    assertEquals(
      run({ bind: { a: { ...b, dtype: "u32" }, b } }),
      'Cannot dispatch two: "b", which it writes, and "a" are one memory ("b"), expected two',
    );
    assertEquals(
      run({ params: { n: 1, by: NaN } }),
      "Cannot dispatch two: param by is NaN, expected a finite number",
    );
    for (const n of [0.5, -1, 2 ** 32, undefined]) {
      assertEquals(
        run({ params: { n, by: 2 } }),
        `Cannot dispatch two: param n is ${n}, expected a u32`,
      );
    }
    assertEquals(run({ fixed: {} }), "Cannot dispatch two: fixed D is undefined, expected a u32");
    assertEquals(await arena.read(b), f32(1, 2));
  },
);

deviceTest("Arena's temporaries die with it and say so", async (device) => {
  const live = device.stats().live;
  const arena = new Arena(device, "short");
  const x = arena.upload([1], f32(1), "x");
  arena.commit();
  arena[Symbol.dispose]();
  arena[Symbol.dispose]();
  assertEquals(device.stats().live, live);
  using next = new Arena(device, "next");
  const y = next.zeros([1], "y");
  const why = 'its arena "short" has ended, expected keep() before the block closed';
  assertEquals(words(() => next.write(x, f32(1))), `Cannot write "x": ${why}`);
  assertEquals(words(() => next.copy(x, y)), `Cannot copy "x": ${why}`);
  assertEquals(words(() => next.copy(y, x)), `Cannot copy "x": ${why}`);
  assertEquals(
    (await assertRejects(() => next.read(x), ReferenceError)).message,
    `Cannot read "x": ${why}`,
  );
  assertEquals(
    words(() => scaleInPlace(next, x, 1)),
    `Cannot bind "x" as x (binding 0) of scale: ${why}`,
  );
});

deviceTest("Arena refuses everything after its end", async (device) => {
  using owned = kept(device, 1);
  const x = owned.borrow();
  const arena = new Arena(device, "over");
  const y = arena.zeros([1], "y");
  arena.commit();
  arena[Symbol.dispose]();
  const why = 'Cannot use arena "over": it has ended';
  for (
    const use of [
      () => arena.alloc([1], "z"),
      () => arena.upload([1], f32(1), "z"),
      () => arena.zeros([1], "z"),
      () => arena.write(x, f32(1)),
      () => arena.copy(x, x),
      () => arena.clone(x),
      () => scaleInPlace(arena, x, 1),
      () => arena.commit(),
      () => arena.keep(y),
      () => arena.onDiscard(() => {}),
      () => owned.donate(arena, "nobody"),
    ]
  ) assertEquals(words(use), why);
  assertEquals((await assertRejects(() => arena.read(x), ReferenceError)).message, why);
  assertEquals(owned.borrow(), x, "a donation that failed leaves the owner as it was");
  assertThrows(() => arena.release(y), Error, 'arena "over" does not own it');
});

deviceTest("Arena.release() lets the same arena reuse the memory, poisoned", async (device) => {
  using arena = new Arena(device, "reuse");
  const x = arena.upload([60], new Float32Array(60).fill(1), "x");
  const sum = arena.clone(x, "kept sum");
  const { created } = device.stats();
  arena.release(x);
  const other = arena.alloc([200], "another size class");
  assertNotEquals(other.storage.block, x.storage.block);
  const y = arena.alloc([61], "y");
  assertEquals(y.storage.block, x.storage.block);
  assert(device.stats().created <= created + 1, "only the other size may be new");
  assertEquals(
    words(() => scaleInPlace(arena, x, 1)),
    'Cannot bind "x" as x (binding 0) of scale: it was released in arena "reuse"',
  );
  assertThrows(() => arena.release(x), Error, 'Cannot release "x": arena "reuse" does not own it');
  const read = await arena.readAll({ sum, y });
  assertEquals(read.sum, new Float32Array(60).fill(1), "recorded before the release");
  assert(read.y.every(Number.isNaN), "no value of x is seen in y");
  arena.release(other); // nobody takes it: the end of the arena frees it
});

deviceTest("Arena.keep() hands over what the arena owns, and nothing else", async (device) => {
  const live = device.stats().live;
  using outer = kept(device, 1);
  const arena = new Arena(device, "keep");
  const x = arena.upload([2], f32(1, 2), "x"), y = arena.zeros([1], "y");
  arena.commit();
  assertEquals(
    words(() => arena.keep({ list: [x, outer.borrow()] })),
    'Cannot keep "x": arena "keep" does not own it, expected a tensor allocated in this arena',
  );
  using owned = arena.keep({ list: [x, { ...x, shape: [1, 2] }] }); // tied: one storage, two tensors
  assertThrows(() => arena.keep(x), Error, 'Cannot keep "x"');
  assertThrows(() => arena.release(x), Error, 'Cannot release "x"');
  arena[Symbol.dispose]();
  assertEquals(device.stats().live, live + 2);
  assertThrows(() => device.release(y.storage, "twice"), ReferenceError, '"keep" has ended');
  using look = new Arena(device, "look");
  assertEquals(await look.read(owned.borrow().list[1]), f32(1, 2));
});

deviceTest("Arena that ends without commit leaves no trace", async (device) => {
  using state = kept(device, 1, 2);
  const before = device.stats();
  let lost;
  assertThrows(
    () => {
      using arena = new Arena(device, "doomed");
      scaleInPlace(arena, state.borrow(), 5);
      arena.write(state.borrow(), f32(9));
      lost = arena.keep(arena.clone(state.borrow()));
      scaled(arena, lost, 2);
      throw new RangeError("boom");
    },
    RangeError,
    "boom",
  );
  assertEquals(device.stats().submits, before.submits);
  assertEquals(device.stats().live, before.live);
  assertEquals(
    words(() => lost!.borrow()),
    'Cannot borrow: its arena "doomed" ended without commit',
  );
  using arena = new Arena(device, "look");
  assertEquals(await arena.read(state.borrow()), f32(1, 2));
});

deviceTest("Arena drops only what follows the last commit", async (device) => {
  using state = kept(device, 1);
  const arena = new Arena(device, "half");
  using copy = arena.keep(arena.clone(state.borrow()));
  scaleInPlace(arena, state.borrow(), 5);
  arena.commit();
  scaleInPlace(arena, state.borrow(), 7);
  arena[Symbol.dispose]();
  using look = new Arena(device, "look");
  const read = await look.readAll({ state: state.borrow(), copy: copy.borrow() });
  assertEquals(read, { state: f32(5), copy: f32(1) });
});

deviceTest("Arena.onDiscard() is called once, last first, and only without commit", (device) => {
  const calls: string[] = [];
  for (const commits of [true, false]) {
    using arena = new Arena(device, "discard");
    arena.onDiscard(() => calls.push(`${commits} 1`));
    arena.onDiscard(() => calls.push(`${commits} 2`));
    if (commits) arena.commit();
  }
  assertEquals(calls, ["false 2", "false 1"]);
});

deviceTest(
  "Arena.commit() refuses work on memory that was freed after it was recorded",
  (device) => {
    const state = kept(device, 1);
    using arena = new Arena(device, "late");
    scaleInPlace(arena, state.borrow(), 2);
    state[Symbol.dispose]();
    using taken = kept(device, 3); // has the block now
    assertEquals(taken.borrow().storage.block, state.tree.storage.block);
    assertEquals(
      words(() => arena.commit()),
      'Cannot run a recorded dispatch: "x" was freed before the commit (it has been disposed)',
    );
  },
);
