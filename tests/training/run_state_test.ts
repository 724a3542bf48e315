import { assertEquals } from "@std/assert";
import { cadence } from "../../scheduler/mod.ts";
import { RunState } from "../../training/run_state.ts";

Deno.test("RunState has what its moment says, and is done after its last step or where it was stopped", () => {
  const plan = cadence({ steps: 2, phases: 2 });
  const state = new RunState(plan);
  assertEquals(state.moment({ a: 1 }), { step: 0, a: 1 });
  state.takeStep();
  assertEquals([state.step, state.phase, state.isOpen, state.done], [1, 1, true, false]);
  state.evaluations = [{ phase: 0, step: 0, numbers: { kl: 1 } }];
  state.stopped = "far";
  const moment = state.moment({});
  assertEquals(moment, { step: 1, evaluations: state.evaluations, isOpen: true, stopped: "far" });
  const again = new RunState(plan, moment);
  assertEquals([again.moment({}), again.done], [moment, true]);
  assertEquals(new RunState(plan, { step: 2 }).done, true);
});
