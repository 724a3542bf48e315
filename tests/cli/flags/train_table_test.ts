import { assert, assertEquals } from "@std/assert";
import { fieldOf, flagOf, FLAGS } from "../../../cli/flags/train_table.ts";

Deno.test("FLAGS has every flag that the issue names, once", () => {
  const names = FLAGS.map(({ name }) => name);
  const wanted = "loss reference phases refresh-every members steps pairs rank max-new beta lr " +
    "seed device annotator prompts model out resume replay";
  for (const name of wanted.split(" ")) assert(names.includes(name), `Expected --${name}`);
  assertEquals(new Set(names).size, names.length);
});

Deno.test("FLAGS defaults are values that the flag itself takes", () => {
  for (const { name, type, default: value } of FLAGS) {
    if (value === undefined || type.kind === "text" || type.kind === "flag") continue;
    const good = type.kind === "choice"
      ? type.choices.includes(String(value))
      : Number(value) >= type.least && Number(value) <= type.most &&
        (type.kind === "number" || Number.isInteger(value));
    assert(good, `--${name} ${value}`);
  }
});

Deno.test("fieldOf() and flagOf() are each other's inverse", () => {
  assertEquals(fieldOf("checkpoint-every"), "checkpointEvery");
  for (const { name } of FLAGS) assertEquals(flagOf(fieldOf(name)), name);
});
