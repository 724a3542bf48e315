import { assert, assertEquals } from "@std/assert";
import { bar, clock, Forecast, Progress, statusLine } from "../../../cli/terminal/progress.ts";

Deno.test("Forecast.secondsLeft() adds up each kind of work at its own pace", () => {
  const forecast = new Forecast();
  forecast.add("step", 2, 6); // 3 s a step
  forecast.add("collect", 10, 5); // 0.5 s a pair
  assertEquals(forecast.secondsLeft({ evaluate: 0, collect: 4, step: 3 }), 11);
  assertEquals(forecast.secondsLeft({ evaluate: 1, collect: 4, step: 3 }), undefined);
  forecast.add("evaluate", 1, 2);
  assertEquals(forecast.secondsLeft({ evaluate: 1, collect: 4, step: 3 }), 13);
  assertEquals(forecast.secondsLeft({ evaluate: 0, collect: 0, step: 0 }), 0);
});

Deno.test("clock() reads as a clock", () => {
  assertEquals([0, 59.6, 65, 3723].map(clock), ["0:00", "1:00", "1:05", "1:02:03"]);
});

Deno.test("bar() is full at 1 and keeps its width", () => {
  assertEquals([0, 0.5, 1, 7].map((share) => bar(share, 4)), [
    "[----]",
    "[##--]",
    "[####]",
    "[####]",
  ]);
});

Deno.test("Progress shows the step, what is done, and the time left once it is known", async () => {
  const drawn: string[] = [];
  const progress = new Progress({
    isTty: true,
    columns: 80,
    line: () => {},
    error: () => {},
    status: (text) => drawn.push(text),
  }, 4);
  await progress.show(0, "training", { evaluate: 0, collect: 0, step: 4 });
  assertEquals(drawn[0], `${bar(0, 24)} step 0/4 · training`);
  assertEquals(await progress.time("step", 1, () => Promise.resolve(5)), 5);
  await progress.show(1, "training", { evaluate: 0, collect: 0, step: 3 });
  assert(drawn[1].endsWith("step 1/4 · training · 0:00 left"), drawn[1]);
  progress.clear();
  assertEquals(drawn[2], "");
});

Deno.test("statusLine() keeps the step and the phase on a narrow terminal, and breaks no word", () => {
  const parts = ["step 12/60", "phase 2: generating 16 pairs", "1:05 left"];
  const whole = `step 12/60 · phase 2: generating 16 pairs · 1:05 left`;
  assertEquals(statusLine(0.5, parts, 100), `${bar(0.5, 24)} ${whole}`);
  assertEquals(statusLine(0.5, parts, 80), `${bar(0.5, 23)} ${whole}`);
  assertEquals(statusLine(0.5, parts, 60), `${bar(0.5, 4)} ${whole}`.slice(7));
  assertEquals(
    statusLine(0.5, parts, 50),
    `${bar(0.5, 5)} step 12/60 · phase 2: generating 16 pairs`,
  );
  assertEquals(statusLine(0.5, parts, 40), "step 12/60 · phase 2: generating 16");
  assertEquals(statusLine(0.5, ["unbreakable"], 5), "unbr");
  for (let columns = 30; columns < 100; columns++) {
    const line = statusLine(0.5, parts, columns);
    assert(line.length < columns && line.includes("phase 2"), `${columns}: ${line}`);
  }
});
