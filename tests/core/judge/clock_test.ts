import { assert, assertRejects } from "@std/assert";
import { SYSTEM_CLOCK } from "../../../core/judge/clock.ts";

Deno.test("SYSTEM_CLOCK waits as long as it is told, or until it is aborted", async () => {
  const begin = SYSTEM_CLOCK.now();
  await SYSTEM_CLOCK.sleep(20, new AbortController().signal);
  assert(SYSTEM_CLOCK.now() - begin >= 15);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 5);
  await assertRejects(() => SYSTEM_CLOCK.sleep(60_000, controller.signal), Error, "enough");
  await assertRejects(() => SYSTEM_CLOCK.sleep(1, controller.signal), Error, "enough");
});
