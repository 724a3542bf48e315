import { assertEquals, assertThrows } from "@std/assert";
import { Health, oneLine } from "../../../backend/webgpu/health.ts";

/** The part of a GPUDevice that tells of errors: scopes as the standard has them, events, a promise. */
class FakeDevice extends EventTarget {
  readonly scopes: { kind: string; error: GPUError | null }[] = [];
  lose: (info: { message: string; reason: string }) => void = () => {};
  readonly lost = new Promise((resolve) => this.lose = resolve);

  pushErrorScope(kind: string): void {
    this.scopes.push({ kind, error: null });
  }
  popErrorScope(): Promise<GPUError | null> {
    const scope = this.scopes.pop();
    return scope ? Promise.resolve(scope.error) : Promise.reject(new Error("no scope is open"));
  }
  report(kind: string, message: string): void {
    const scope = this.scopes.findLast((s) => s.kind === kind);
    if (scope) scope.error ??= { message } as GPUError;
    else this.event(message);
  }
  event(message: string): boolean {
    const event = new Event("uncapturederror", { cancelable: true });
    return this.dispatchEvent(Object.assign(event, { error: { message } }));
  }
}

function setting(): { fake: FakeDevice; health: Health; words: () => string } {
  const fake = new FakeDevice();
  const health = new Health(fake as unknown as GPUDevice);
  return { fake, health, words: () => assertThrows(() => health.check(), Error).message };
}

for (const kind of ["validation", "out-of-memory", "internal"]) {
  Deno.test(`Health.collect() takes in ${kind} errors, check() tells each once`, async () => {
    const { fake, health, words } = setting();
    for (const message of ["first", "second"]) {
      fake.report(kind, message);
      health.check(); // nobody has collected yet
      await health.collect();
      assertEquals(words(), `Cannot finish the work on WebGPU: ${message}`);
      health.check();
      assertEquals(fake.scopes.length, 3, "the scopes are open again");
    }
  });
}

Deno.test("Health.check() tells the cause first: memory that ran out, not what it made invalid", async () => {
  const { fake, health, words } = setting();
  fake.report("out-of-memory", "no memory");
  fake.report("validation", "Buffer is invalid");
  await health.collect();
  assertEquals(words(), "Cannot finish the work on WebGPU: no memory");
  health.check(); // what follows from it is dropped
});

Deno.test("Health.collect() sees errors of calls before it, a second one those after", async () => {
  const { fake, health, words } = setting();
  fake.report("validation", "before");
  const first = health.collect();
  fake.report("validation", "after");
  await first;
  assertEquals(words(), "Cannot finish the work on WebGPU: before");
  await health.collect();
  assertEquals(words(), "Cannot finish the work on WebGPU: after");
});

Deno.test("Health.check() tells of an error event, and keeps it from the console", () => {
  const { fake, health, words } = setting();
  assertEquals(fake.event("line one\n  line two  "), false, "its default is prevented");
  assertEquals(words(), "Cannot finish the work on WebGPU: line one line two");
  health.check();
});

Deno.test("Health.check() tells of a lost device for ever, with the first reason", async () => {
  const { fake, health, words } = setting();
  fake.event("an error on the way down");
  fake.lose({ message: "driver reset", reason: "unknown" });
  await fake.lost;
  health.lose("it was closed");
  const why =
    "Cannot use WebGPU: the device is lost (driver reset). Open it again and resume from the last checkpoint";
  assertEquals([words(), words()], [why, why]);
});

Deno.test("Health counts a device as lost that was destroyed, with or without a message", async () => {
  const { fake, words } = setting();
  fake.lose({ message: "", reason: "destroyed" });
  await fake.lost;
  assertEquals(words().includes("(no reason given)"), true);
});

Deno.test("Health.collect() of a lost device that rejects everything ends all the same", async () => {
  const { fake, health } = setting();
  fake.popErrorScope = () => Promise.reject(new Error("lost"));
  await health.collect();
  health.check();
});

Deno.test("Health.settle() counts the device as lost if a call before it failed that nobody waits for", async () => {
  const { fake, health, words } = setting();
  health.settle();
  await health.collect();
  health.check();
  fake.report("validation", "line one\n line two");
  health.settle();
  health.check(); // nobody knows yet
  fake.report("validation", "a consequence");
  await health.collect();
  const why =
    "Cannot use WebGPU: the device is lost (an earlier commit failed: line one line two). Open it again and resume from the last checkpoint";
  assertEquals([words(), words()], [why, why]);
});

Deno.test("Health.settle() leaves errors of calls after it to the one who collects them", async () => {
  const { fake, health, words } = setting();
  health.settle();
  fake.report("validation", "mine");
  await health.collect();
  assertEquals(words(), "Cannot finish the work on WebGPU: mine");
  health.check();
});

Deno.test("Health counts an error event as lost while a commit is out of which nothing was heard", async () => {
  const { fake, health, words } = setting();
  health.settle();
  fake.event("whose?");
  assertEquals(words().includes("(an earlier commit failed: whose?)"), true);
  const other = setting();
  other.health.settle();
  await other.health.collect();
  other.fake.event("mine");
  assertEquals(other.words(), "Cannot finish the work on WebGPU: mine");
});

Deno.test("oneLine() folds line breaks and the space around them", () => {
  assertEquals(oneLine("\n a\n\t b  c\r\n"), "a b c");
});
