import { assert, assertRejects } from "@std/assert";
import { pause, turn } from "../../../core/base/pause.ts";

Deno.test("pause() ends with its signal", async () => {
  const end = new AbortController();
  const waiting = pause(60_000, end.signal);
  end.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
});

Deno.test("pause() of a signal that is aborted already does not wait", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => pause(60_000, signal), Error, "enough");
});

Deno.test("turn() lets what waits be heard", async () => {
  let isHeard = false;
  setTimeout(() => isHeard = true, 0);
  await turn();
  assert(isHeard);
});
