import { assert, assertEquals } from "@std/assert";
import { fieldOf, flagOf } from "../../../cli/flags/kinds.ts";
import { CONFIG_ROWS, TRAIN_FLAGS } from "../../../cli/flags/train_table.ts";

Deno.test("TRAIN_FLAGS has every flag that the issue names, once", () => {
  const names = TRAIN_FLAGS.map(({ name }) => name);
  const wanted = "loss reference phases refresh-every members steps pairs rank max-new beta lr " +
    "seed device annotator prompts model out resume replay";
  for (const name of wanted.split(" ")) assert(names.includes(name), `Expected --${name}`);
  assertEquals(new Set(names).size, names.length);
});

Deno.test("TRAIN_FLAGS defaults are values that the flag itself takes", () => {
  for (const { name, type, default: value } of TRAIN_FLAGS) {
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
  for (const { name } of TRAIN_FLAGS) assertEquals(flagOf(fieldOf(name)), name);
});

Deno.test("CONFIG_ROWS have a place of their own each, in the seven groups of a config", () => {
  const places = CONFIG_ROWS.flatMap((row) => "to" in row ? [row.to] : []);
  assertEquals(new Set(places).size, places.length);
  assertEquals(
    [...new Set(places.map((place) => place.split(".")[0]))].sort(),
    ["adapter", "data", "device", "files", "method", "optimiser", "sampling"],
  );
  const without = CONFIG_ROWS.flatMap((row) => "to" in row ? [] : [row.name]);
  assertEquals(without.sort(), ["accept-change", "out", "resume", "trust-rule"]);
});
