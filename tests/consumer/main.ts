// deno-lint-ignore-file no-console -- a script prints
/** What a user of the package writes: a loss by its name on JSR, at the start and after learning. */
import { dpo, type PreferenceLoss } from "@leash/bpo/losses";

const loss: PreferenceLoss = dpo({ beta: 0.1 });
const pair = { nw: 12, nl: 9, lw: -30, ll: -25 };
const start = loss.value({ ...pair, dw: 0, dl: 0 });
const later = loss.value({ ...pair, dw: 2, dl: -3 });
console.log(JSON.stringify({ name: loss.name, start, later }));
