import { assert, assertEquals, assertRejects } from "@std/assert";
import { Pace } from "../../../core/judge/pace.ts";
import { fakeClock } from "../../support/fake_clock.ts";

Deno.test("Pace.run() has so many at work at once, in the order in which they came", async () => {
  const pace = new Pace({ concurrency: 3 }, fakeClock());
  let running = 0, most = 0;
  const begun: number[] = [];
  const work = (i: number) => async () => {
    begun.push(i);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, i % 3));
    running--;
    if (i === 4) throw new Error("four");
    return i;
  };
  const all = await Promise.allSettled([...Array(20).keys()].map((i) => pace.run(work(i))));
  assertEquals(most, 3);
  assertEquals(begun, [...Array(20).keys()]);
  assertEquals(all.filter(({ status }) => status === "rejected").length, 1);
});

Deno.test("Pace.turn() lets so many begin within a minute, and none while it is held", async () => {
  const clock = fakeClock();
  const pace = new Pace({ concurrency: 99, perMinute: 4 }, clock);
  const at: number[] = [];
  for (let i = 0; i < 9; i++) {
    await pace.turn();
    at.push(clock.now());
  }
  assertEquals(at, [0, 0, 0, 0, 60_000, 60_000, 60_000, 60_000, 120_000]);
  const spread = new Pace({ concurrency: 9, perMinute: 2 }, clock);
  const begin = clock.now();
  await spread.turn();
  await clock.sleep(20_000);
  await spread.turn();
  await spread.turn(); // waits for the first to be a minute ago
  assertEquals(clock.now() - begin, 60_000);
  pace.hold(500_000);
  pace.hold(10); // the longer one counts
  await pace.turn();
  assert(clock.now() >= 680_000);
  await assertRejects(() => pace.turn(AbortSignal.abort(new Error("enough"))), Error, "enough");
});
