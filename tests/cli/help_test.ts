import { assert, assertEquals, assertMatch } from "@std/assert";
import { FLAGS } from "../../cli/flag_table.ts";
import { helpText, wrap } from "../../cli/help.ts";

Deno.test("helpText() shows every flag with its default in one column, within 120 characters", () => {
  const lines = helpText().split("\n");
  const columns = new Set<number>();
  for (const flag of FLAGS) {
    const line = lines.find((line) => line.startsWith(`  --${flag.name} `));
    assert(line !== undefined, `Expected a line for --${flag.name}`);
    const shown = flag.shownDefault ?? String(flag.default);
    assert(line.includes(`  ${shown}`), `Expected the default ${shown} in: ${line}`);
    columns.add(line.indexOf(`  ${shown}  `));
  }
  assertEquals(columns.size, 1);
  for (const line of lines) assert(line.length <= 120, line);
  assertMatch(helpText(), /--help +Show this text\n$/);
});

Deno.test("wrap() breaks at spaces and leaves long words whole", () => {
  assertEquals(wrap("a bb ccc dddddd e", 6), ["a bb", "ccc", "dddddd", "e"]);
  assertEquals(wrap("unbreakable x", 4), ["unbreakable", "x"]);
  assertEquals(wrap("  ", 4), [""]);
});
