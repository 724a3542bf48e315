// Every malformed file that is known, through the reader that a program would use and through `leash inspect`: one line
// that names the file and the field, of the exact words, exit code 2, within 5 s, with nothing written and little memory.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { main } from "../cli/main.ts";
import { rows as hubs } from "./malformed/hub.ts";
import { folderOf, PARSERS, withoutFolder } from "./malformed/parsers.ts";
import { filesBelow } from "./support/tiny_run.ts";
import { processorMs } from "./support/cost.ts";
import { Mistake } from "../core/base/mistake.ts";

const LONGEST_MS = 5000;

for (const parser of PARSERS) {
  for (const row of parser.rows) {
    Deno.test(`${parser.name} refuses ${row.name} in one line`, async () => {
      using made = await folderOf(parser, row);
      const { folder } = made;
      const before = await contents(folder);
      let start = processorMs();
      const error = await assertRejects(() => parser.open(folder, row.file), Error);
      assertSoon(start);
      assertEquals(withoutFolder(error.message, folder), row.error);
      assert(error instanceof Mistake, error.name);

      if (parser.inspected === null) return assertEquals(await contents(folder), before);
      start = processorMs();
      const path = parser.inspected?.(folder) ?? [`${folder}/${row.file}`];
      const { code, lines, errors } = await inspect(path);
      assertSoon(start);
      assertEquals(errors.map((line) => withoutFolder(line, folder)), [row.error]);
      assertEquals({ code, lines }, { code: 2, lines: [] });
      assertEquals(await contents(folder), before, "files were written");
    });
  }
}

Deno.test("readers and leash inspect take the whole files that malformed ones lie among", async () => {
  for (const name of ["model_folder", "adapter", "checkpoint"]) {
    const parser = PARSERS.find((candidate) => candidate.name === name)!;
    const [file, bytes] = [...parser.beside!][0]; // in its own place
    using made = await folderOf(parser, { name: "whole", file, bytes, error: "" });
    await parser.open(made.folder, file);
    if (!parser.inspected) continue;
    const { code, errors } = await inspect(parser.inspected(made.folder));
    assertEquals({ code, errors }, { code: 0, errors: [] });
  }
});

Deno.test("the table has at least 80 rows, six or more of them a parser, each of its own message", () => {
  const tables = [...PARSERS, { name: "hub", rows: hubs }]; // download_test.ts opens those of the hub
  const count = tables.reduce((sum, { rows }) => sum + rows.length, 0);
  assert(count >= 80, `${count} rows`);
  for (const { name, rows } of tables) {
    const messages = new Set(rows.map(({ error }) => error));
    assert(messages.size >= 6, `${name}: ${messages.size} messages`);
    assertEquals(new Set(rows.map((row) => row.name)).size, rows.length, `${name}: a name twice`);
    for (const { name: what, error } of rows) {
      assert(/^Cannot [^\n\r\u2028\u2029]+$/.test(error), `${name}: ${what}: ${error}`);
    }
  }
});

Deno.test("the whole table takes at most 256 MiB more memory than its largest file", async () => {
  const script = new URL("./malformed/measure_memory.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", "--v8-flags=--expose-gc", script],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { baseline, peak, largest, worst } = JSON.parse(new TextDecoder().decode(stdout));
  const most = baseline + largest + 256 * 2 ** 20;
  assert(peak > baseline && peak <= most, `peak ${peak}, expected at most ${most}; ${worst}`);
});

function assertSoon(start: number): void {
  const took = processorMs() - start;
  assert(took <= LONGEST_MS, `it took ${took} ms, expected at most ${LONGEST_MS}`);
}

/** `leash inspect`, its exit code, and what it printed where. */
async function inspect(args: readonly string[]) {
  const lines: string[] = [], errors: string[] = [];
  const terminal = {
    ...{ isTty: false, columns: 100, status: () => {} },
    line: (text = "") => void lines.push(text),
    error: (text: string) => void errors.push(text),
  };
  const code = await main(["inspect", ...args], { terminal });
  return { code, lines, errors };
}

/** Digests of all files below a folder. */
async function contents(folder: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const file of filesBelow(folder)) {
    const bytes = await Deno.readFile(`${folder}/${file}`);
    digests[file] = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  }
  return digests;
}
