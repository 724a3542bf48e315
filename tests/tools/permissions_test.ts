import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };

Deno.test("every task names the programs that it may run, and what people run starts none", () => {
  for (const [name, { command }] of Object.entries(config.tasks)) {
    if (name !== "test:outside") { // which installs what it checks us against
      assertEquals(/(--allow-all|-A)\b/.test(command), false, name);
    }
    for (const [, , programs] of command.matchAll(/--allow-run(=(\S+))?/g)) {
      assertMatch(programs ?? "", /^[a-z-]+(,[a-z-]+)*$/, `${name} names no program`);
    }
  }
  for (const name of ["leash", "train", "compare", "fuzz"] as const) {
    assert(!config.tasks[name].command.includes("run="), name);
    assert(config.tasks[name].command.includes("--no-prompt"), name);
  }
  assert(config.tasks.leash.command.length < 130, "Deno prints it before whatever leash says");
});
