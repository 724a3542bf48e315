// Goes once through the table in a process of its own, and prints the most memory that any row took, as JSON.
// What making the files left behind is collected before a row is measured: run it with --v8-flags=--expose-gc.
// deno-lint-ignore-file no-console -- the test that runs it reads this
import { folderOf, PARSERS } from "./parsers.ts";
import { memory, resetPeak } from "./peak_memory.ts";

declare const gc: () => void;

let baseline = 0, largest = 0, peak = 0, worst = "";
for (const [i, parser] of PARSERS.entries()) {
  for (const row of parser.rows) {
    using made = await folderOf(parser, row);
    gc();
    largest = Math.max(largest, made.size);
    if (i === 0 && baseline === 0) baseline = memory().now; // all is loaded, nothing was read yet
    resetPeak();
    await parser.open(made.folder, row.file).catch(() => {});
    const most = memory().peak;
    if (most > peak) [peak, worst] = [most, `${parser.name}: ${row.name}`];
  }
}
console.log(JSON.stringify({ baseline, largest, peak, worst }));
