import { assert, assertEquals, assertMatch } from "@std/assert";
import { FLAGS } from "../../../cli/flags/train_table.ts";
import { helpText, helpWidth } from "../../../cli/flags/help.ts";

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

Deno.test("helpText() fits 40 and 80 columns: what a flag is for stands below where there is no room", () => {
  for (const width of [40, 80]) {
    const lines = helpText(width).split("\n");
    for (const line of lines) {
      const [, longest] = /(\S+)$/.exec(line) ?? [];
      assert(
        line.length <= width || line.trim().split("  ").length > 1 || longest === line.trim(),
        line,
      );
    }
    for (const flag of FLAGS) assert(lines.some((line) => line.startsWith(`  --${flag.name} `)));
  }
  assertEquals(helpWidth({ isTty: true, columns: 60 }), 60);
  assertEquals(helpWidth({ isTty: true, columns: 300 }), 120);
  assertEquals(helpWidth({ isTty: false, columns: 100 }), 120);
});
