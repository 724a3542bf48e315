import { assert, assertEquals, assertMatch } from "@std/assert";
import { TRAIN_FLAGS } from "../../../cli/flags/train_table.ts";
import { flagLines, helpWidth } from "../../../cli/flags/help.ts";

/** Those whose defaults are short enough for a column of their own. */
const PLAIN = TRAIN_FLAGS.filter((flag) => flag.default !== undefined);

Deno.test("flagLines() shows every flag with its default in one column, within 120 characters", () => {
  const lines = flagLines(PLAIN);
  const columns = new Set<number>();
  for (const flag of PLAIN) {
    const line = lines.find((line) => line.startsWith(`  --${flag.name}`));
    assert(line !== undefined, `Expected a line for --${flag.name}`);
    const shown = String(flag.default);
    assert(line.includes(`  ${shown}`), `Expected the default ${shown} in: ${line}`);
    columns.add(line.indexOf(`  ${shown}  `));
  }
  assertEquals(columns.size, 1);
  for (const line of lines) assert(line.length <= 120, line);
  assertMatch(lines.at(-1)!, /--help +Show this text$/);
});

Deno.test("flagLines() fits 40 and 80 columns: what a flag is for stands below where there is no room", () => {
  for (const width of [40, 80]) {
    const lines = flagLines(TRAIN_FLAGS, width);
    for (const line of lines) {
      const [, longest] = /(\S+)$/.exec(line) ?? [];
      assert(
        line.length <= width || line.trim().split("  ").length > 1 || longest === line.trim(),
        line,
      );
    }
    for (const flag of TRAIN_FLAGS) {
      assert(lines.some((line) => line.startsWith(`  --${flag.name}`)));
    }
  }
  assertEquals(helpWidth({ isTty: true, columns: 60 }), 60);
  assertEquals(helpWidth({ isTty: true, columns: 300 }), 120);
  assertEquals(helpWidth({ isTty: false, columns: 100 }), 120);
});
