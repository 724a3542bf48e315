import { assertEquals, assertStrictEquals } from "@std/assert";
import { matmul, type Tensor } from "../../../backend/mod.ts";
import { Tape } from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { WatchingArena } from "../../support/watching.ts";

/** y = factor·x as an op: a matmul with a 1×1 matrix. */
function times(tape: Tape, x: Tensor, factor: Tensor): Tensor {
  const sizes = { M: x.shape[0], N: 1, K: 1 };
  const y = matmul(tape.arena, { a: { tensor: x }, b: { tensor: factor }, ...sizes });
  tape.record(y, (dy) =>
    tape.accumulate(x, (there) =>
      matmul(tape.arena, {
        a: { tensor: dy },
        b: { tensor: factor },
        ...sizes,
        add: there && { tensor: there },
      })));
  tape.free();
  return y;
}

/** y = a + b as an op that passes its gradient on. */
function plus(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const one = tape.arena.upload([1, 1], new Float32Array([1]), "one");
  const sizes = { M: a.shape[0], N: 1, K: 1 };
  const y = matmul(tape.arena, {
    a: { tensor: a },
    b: { tensor: one },
    ...sizes,
    add: { tensor: b },
  });
  tape.record(y, (dy) => {
    tape.pass(a, dy);
    tape.pass(b, dy);
  }, [one]);
  return y;
}

deviceTest("backward() adds up what every use of a tensor sends back", async (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true);
  const number = (value: number) => arena.upload([1, 1], new Float32Array([value]), `${value}`);
  const x = arena.upload([2, 1], new Float32Array([1, 2]), "x");
  const three = number(3), five = number(5);
  // y = 3x + 5x + x, and z = 3y + y: dz/dx = 4·9
  const y = plus(tape, plus(tape, times(tape, x, three), times(tape, x, five)), x);
  const z = plus(tape, times(tape, y, three), y);
  const dz = arena.upload([2, 1], new Float32Array([1, 10]), "dz");
  tape.accumulate(z, () => dz);
  tape.backward();
  const dx = tape.gradient(x)!;
  assertEquals(arena.aliveBut(x, three, five, dx), []);
  assertEquals([...await arena.read(dx)], [36, 360]);
  assertEquals([y, z].map((output) => tape.gradient(output)), [undefined, undefined]); // given back
});

deviceTest("pass() adds to the gradient that is there", async (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true);
  const number = (value: number) => arena.upload([1, 1], new Float32Array([value]), `${value}`);
  const x = number(1), c = number(2), three = number(3);
  const first = plus(tape, x, c); // recorded first, so its pullback comes last
  const z = plus(tape, first, times(tape, x, three));
  tape.accumulate(z, () => number(1));
  tape.backward();
  assertEquals([...await arena.read(tape.gradient(x)!)], [4]);
});

deviceTest("pass() hands one gradient to several inputs without a copy", (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true);
  const a = arena.upload([1, 1], new Float32Array([1]), "a");
  const b = arena.upload([1, 1], new Float32Array([2]), "b");
  const y = plus(tape, a, b);
  const dy = arena.upload([1, 1], new Float32Array([7]), "dy");
  tape.accumulate(y, () => dy);
  tape.backward();
  assertStrictEquals(tape.gradient(a), dy);
  assertStrictEquals(tape.gradient(b), dy);
  assertEquals(arena.aliveBut(a, b), ["dy"]);
});

deviceTest(
  "backward() runs no pullback without a gradient, and frees outputs all the same",
  (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const x = arena.upload([1, 1], new Float32Array([1]), "x");
    const y = arena.clone(x, "y"),
      unused = arena.clone(x, "unused"),
      saved = arena.clone(x, "saved");
    const ran: string[] = [];
    tape.record(y, () => ran.push("y"));
    tape.record(unused, () => ran.push("unused"), [saved]);
    tape.accumulate(y, () => arena.clone(x, "dy"));
    tape.backward();
    assertEquals(ran, ["y"]);
    assertEquals(arena.aliveBut(x), []);
  },
);

deviceTest("Tape without recording keeps nothing and frees at once", (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, false);
  const x = arena.upload([1, 1], new Float32Array([1]), "x");
  const y = arena.clone(x, "y");
  tape.record(y, () => {
    throw new Error("Expected no pullback");
  });
  tape.free(x);
  tape.accumulate(y, () => arena.clone(y, "dy"));
  tape.backward();
  assertEquals(arena.aliveBut(), ["y", "dy"]);
});

deviceTest("free() of a recording tape leaves memory to the backward pass", (device) => {
  using arena = new WatchingArena(device, "test");
  const x = arena.upload([1, 1], new Float32Array([1]), "x");
  new Tape(arena, true).free(x);
  assertEquals(arena.aliveBut(), ["x"]);
});

deviceTest(
  "flow() stops gradients where nothing upstream trains, and what they would cost",
  async (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const number = (value: number) => arena.upload([1, 1], new Float32Array([value]), `${value}`);
    const frozen = number(2), x = number(1), three = number(3);
    tape.flow(frozen, []);
    const fromFrozen = times(tape, frozen, three), mixed = plus(tape, fromFrozen, x);
    tape.flow(fromFrozen, [frozen]);
    tape.flow(mixed, [fromFrozen, x]);
    assertEquals([frozen, fromFrozen, x, mixed].map((t) => tape.wants(t)), [
      false,
      false,
      true,
      true,
    ]);
    const trained = number(4);
    tape.flow(trained, [frozen], true);
    assertEquals(tape.wants(trained), true);
    tape.accumulate(mixed, () => number(1));
    tape.accumulate(fromFrozen, () => {
      throw new Error("Expected no gradient of what nobody trains");
    });
    arena.commit();
    const before = device.stats().dispatches;
    tape.backward();
    arena.commit();
    assertEquals(device.stats().dispatches, before); // the gradient of x is that of mixed
    assertEquals([tape.gradient(frozen), tape.gradient(fromFrozen)], [undefined, undefined]);
    assertEquals([...await arena.read(tape.gradient(x)!)], [1]);
  },
);
