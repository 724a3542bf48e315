import { annotateSetting, DEVICE, rowsOf } from "../../support/annotate_setting.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ANNOTATE } from "../../../cli/commands/annotate.ts";
import { EXPORT } from "../../../cli/commands/export.ts";
import { TRAIN } from "../../../cli/commands/train.ts";
import type { PairRecord } from "../../../scheduler/mod.ts";
import { jsonLines, runIn } from "../../support/command_run.ts";
import { filesBelow } from "../../support/tiny_run.ts";

Deno.test("ANNOTATE writes what won with ids and log-probs, counts the rest, and goes on where it stopped", async () => {
  const { work, args } = await annotateSetting();
  using _work = work;
  const out = `${work.dir}/pairs.jsonl`, log = `${out}.verdicts.jsonl`;
  const whole = await runIn(ANNOTATE, `${args} --out ${out}`);
  assertEquals(whole.code, 0, whole.errors.join("\n"));
  const [, pairs, ties, failed] = whole.out[0].match(
    /^(\d+) pairs in .*; left out: (\d+) ties?, (\d+) without a verdict/,
  )!.map(Number);
  assertEquals([pairs + ties + failed, failed], [20, 1]);
  const rows = await rowsOf(out) as {
    prompt: string;
    chosen: string;
    chosen_ids: number[];
    chosen_logps: number[];
    chosen_score: number;
    rejected_score: number;
    annotator: string;
  }[];
  assertEquals(rows.length, pairs);
  for (const row of rows) {
    assert(row.chosen_score > row.rejected_score);
    assertEquals(row.chosen_score, row.chosen.length % 7);
    assertEquals(row.chosen_ids.length, row.chosen_logps.length);
    assert(row.annotator.startsWith("rule:"));
  }

  const [finished, logged] = [await Deno.readTextFile(out), await Deno.readTextFile(log)];
  await Deno.remove(out); // as a kill after 16 prompts leaves it, in the middle of a line
  const lines = logged.split("\n");
  await Deno.writeTextFile(log, lines.slice(0, 16).join("\n") + "\n" + lines[16].slice(0, 40));
  const again = await runIn(ANNOTATE, `${args} --out ${out} --resume`);
  assertEquals([again.code, again.out], [0, whole.out], again.errors.join("\n"));
  assertEquals(await Deno.readTextFile(out), finished);
  assertEquals(await Deno.readTextFile(log), logged);
});

Deno.test("ANNOTATE draws anew for a prompt that stands there again", async () => {
  const { work, args } = await annotateSetting();
  using _work = work;
  await Deno.writeTextFile(`${work.dir}/p.txt`, "Tom sat.\n".repeat(17)); // two batches
  const out = `${work.dir}/pairs.jsonl`;
  const { code, errors } = await runIn(ANNOTATE, `${args} --out ${out}`);
  assertEquals(code, 0, errors.join("\n"));
  const lines = await jsonLines<{ a: { ids: number[] } }>(`${out}.verdicts.jsonl`);
  assertEquals(new Set(lines.map(({ a }) => a.ids.join())).size, 17);
});

Deno.test("ANNOTATE --resume tells the template the day on which the log began", async () => {
  const { work, args } = await annotateSetting();
  using _work = work;
  const path = `${work.dir}/model/chat_template.jinja`;
  const dated = "{{ strftime_now('%F') }} {% for m in messages %}{{ m.content }}{% endfor %}";
  await Deno.writeTextFile(path, dated);
  const out = `${work.dir}/pairs.jsonl`, log = `${out}.verdicts.jsonl`;
  const limited = `${args} --max-new 2 --limit 17 --out ${out}`;
  assertEquals((await runIn(ANNOTATE, `${limited} --date 2020-02-03`)).code, 0);
  const logged = await Deno.readTextFile(log);
  assertMatch(logged.split("\n")[0], /"prompt":"2020-02-03 Tom.*"date":"2020-02-03"/);
  await Deno.remove(out);
  await Deno.writeTextFile(log, logged.split("\n").slice(0, 16).join("\n") + "\n");
  const again = await runIn(ANNOTATE, `${limited} --resume`);
  assertEquals([again.code, await Deno.readTextFile(log)], [0, logged], again.errors.join("\n"));
  const other = await runIn(ANNOTATE, `${limited} --resume --date 2020-02-04`);
  assertEquals(other.code, 2);
});

Deno.test("ANNOTATE writes Parquet with the same pairs", async () => {
  const { work, args } = await annotateSetting();
  using _work = work;
  for (const name of ["a.jsonl", "b.parquet"]) {
    const { code, errors } = await runIn(ANNOTATE, `${args} --limit 6 --out ${work.dir}/${name}`);
    assertEquals(code, 0, errors.join("\n"));
  }
  assertEquals(await rowsOf(`${work.dir}/b.parquet`), await rowsOf(`${work.dir}/a.jsonl`));
});

Deno.test("ANNOTATE of which every verdict failed says why, exits 1 and writes no pair", async () => {
  const { work, args, base } = await annotateSetting();
  using _work = work;
  await Deno.writeTextFile(
    `${work.dir}/rule.js`,
    "export default (p, c) => {\n  if (c.length > 3) throw new Error('no key');\n  return 'x';\n};\n",
  );
  const pairs = [
    { prompt: "p", chosen: "long", rejected: "x" },
    ...["ab", "cd"].map((chosen) => ({
      ...{ prompt: "p", rejected: "abc" },
      chosen,
    })),
  ];
  await Deno.writeTextFile(`${work.dir}/g.jsonl`, pairs.map((p) => JSON.stringify(p)).join("\n"));
  const rule = `rule:${work.dir}/rule.js`;
  const reasons = `${rule} returned "x" (a string), expected a finite number`;
  const ran = await runIn(
    ANNOTATE,
    `${base} --pairs ${work.dir}/g.jsonl --out ${work.dir}/a.jsonl`,
  );
  assertEquals([ran.code, ran.out], [1, []]);
  assertEquals(
    ran.errors.at(-1),
    `Cannot annotate: all 3 verdicts failed (${reasons} (2 times); ${rule} threw: no key (once)), ` +
      `expected some. All are in ${work.dir}/a.jsonl.verdicts.jsonl; mend the cause and start anew with another --out`,
  );
  const prompts = await runIn(ANNOTATE, `${args} --limit 2 --out ${work.dir}/b.jsonl`);
  assertEquals(prompts.code, 1, prompts.errors.join("\n"));
  assertMatch(prompts.errors.at(-1)!, /^Cannot annotate: all 2 verdicts failed \(rule:/);
  const names = filesBelow(work.dir);
  assert(!names.some((name) => /\/?[ab]\.jsonl$/.test(name)), names.join());
});

for (
  const [args, message] of [
    ["--out DIR/o.jsonl", /--data and --pairs are not given, expected one of them$/],
    ["--data x", /^Cannot annotate: --out is not given, expected --out FILE$/],
    ["--data DIR/p.txt --out DIR/o.csv", /expected a name that ends in \.jsonl or \.parquet$/],
    ["--data DIR/p.txt --out DIR/p.jsonl", /p\.jsonl is already there, .* add --resume$/],
    [
      "--pairs DIR/p.txt --out DIR/o.jsonl",
      /has no pair.*it is a text, expected a pair: chosen and rejected.*p\.txt:1/,
    ],
  ] as const
) {
  Deno.test(`ANNOTATE ${args} is one line, exit code 2, and writes nothing`, async () => {
    const { work, base } = await annotateSetting();
    using _work = work;
    await Deno.writeTextFile(`${work.dir}/p.jsonl`, "{}\n");
    const before = filesBelow(work.dir);
    const { code, out, errors } = await runIn(
      ANNOTATE,
      `${base} --model ${work.dir}/model ${DEVICE} ${args.replaceAll("DIR", work.dir)}`,
    );
    assertEquals([code, out, errors.length], [2, [], 1], errors.join("\n"));
    assertMatch(errors[0], message);
    assertEquals(filesBelow(work.dir), before);
  });
}

Deno.test("ANNOTATE --resume refuses a log of other settings", async () => {
  const { work, args } = await annotateSetting();
  using _work = work;
  const out = `${work.dir}/pairs.jsonl`;
  await runIn(ANNOTATE, `${args} --limit 2 --out ${out}`);
  const { code, errors } = await runIn(ANNOTATE, `${args} --seed 9 --out ${out} --resume`);
  assertEquals(code, 2);
  assertMatch(errors.at(-1)!, /--seed is 9, expected 1 as \S+\.run\.json says$/);
  await Deno.writeTextFile(`${work.dir}/q.txt`, "Tom saw 9 dogs.\n");
  const moved = await runIn(ANNOTATE, `${args} --data ${work.dir}/q.txt --out ${out} --resume`);
  assertMatch(moved.errors.at(-1)!, /line 1 has place "\S+p\.txt:1", expected "\S+q\.txt:1"/);
  const types = await runIn(ANNOTATE, `${args} --base-dtype int8 --out ${out} --resume`);
  assertMatch(types.errors.at(-1)!, /--base-dtype is int8, expected f32 as/);
  await Deno.mkdir(`${work.dir}/folder.jsonl`);
  const folder = await runIn(ANNOTATE, `${args} --out ${work.dir}/folder.jsonl --resume`);
  assertMatch(folder.errors.at(-1)!, /folder\.jsonl is a folder, expected a file for --out$/);
  const fewer = await runIn(ANNOTATE, `${args} --limit 1 --out ${out} --resume`);
  assertMatch(fewer.errors.at(-1)!, /it has 2 lines, expected at most 1 for this --data$/);
});

Deno.test("ANNOTATE --resume refuses another rule, model or tokenizer under the same names, and no edited rule runs", async () => {
  const { work, args } = await annotateSetting();
  using _work = work;
  const { dir } = work;
  const out = `${dir}/pairs.jsonl`;
  const first = await runIn(ANNOTATE, `${args} --limit 2 --out ${out}`);
  assertEquals(first.code, 0, first.errors.join("\n"));
  const edits: [file: string, edit: (text: string) => string, message: RegExp][] = [
    ["rule.js", (t) => t + `Deno.writeTextFileSync("${dir}/ran", "");`, /the rule's fingerprint/],
    [
      "model/config.json",
      (t) => t.replace('"rms_norm_eps"', '"rms_norm_eps_"'),
      /model's settings/,
    ],
    ["model/tokenizer.json", (t) => t + " ", /the tokenizer's fingerprint is/],
  ];
  for (const [file, edit, message] of edits) {
    const text = await Deno.readTextFile(`${dir}/${file}`);
    await Deno.writeTextFile(`${dir}/${file}`, edit(text));
    const { code, errors } = await runIn(ANNOTATE, `${args} --out ${out} --resume`);
    assertEquals(code, 2, errors.join("\n"));
    assertMatch(errors.at(-1)!, message);
    await Deno.writeTextFile(`${dir}/${file}`, text);
  }
  assert(!filesBelow(dir).includes("ran"));
  await Deno.writeTextFile(`${dir}/rule.js`, "export default (_, c) => -c.length;");
  const { code, errors } = await runIn(
    ANNOTATE,
    `${args} --limit 4 --accept-change rule --out ${out} --resume`,
  );
  assertEquals(code, 0, errors.join("\n"));
  const { history } = JSON.parse(await Deno.readTextFile(`${out}.run.json`));
  assertEquals(history.map(({ step, field }: Record<string, unknown>) => [step, field]), [[
    2,
    "rule",
  ]]);
});

Deno.test("ANNOTATE writes dialogues as messages, which TRAIN and ANNOTATE --pairs read to the very ids", async () => {
  const { work, base } = await annotateSetting();
  using _work = work;
  const turns = (i: number) => [
    { role: "system", content: "Be short." },
    { role: "user", content: `Tom sat ${i}?` },
  ];
  const lines = Array.from({ length: 9 }, (_, i) => JSON.stringify({ prompt: turns(i) }));
  await Deno.writeTextFile(`${work.dir}/turns.jsonl`, lines.join("\n"));
  const chat = `--model ${work.dir}/chat ${DEVICE}`;
  const out = `${work.dir}/pairs.jsonl`;
  const first = await runIn(
    ANNOTATE,
    `${base} ${chat} --data ${work.dir}/turns.jsonl --out ${out}`,
  );
  assertEquals(first.code, 0, first.errors.join("\n"));
  // deno-lint-ignore no-explicit-any
  const rows = await rowsOf(out) as Record<string, any>[];
  assertEquals(rows[0].prompt, turns(0));
  assertMatch(rows[0].chosen[0].content, /\S/);

  const run = `${work.dir}/run`;
  const train = await runIn(
    TRAIN,
    `${chat} --data ${out} --steps 2 --pairs 3 --members 1 --eval-prompts 2 --out ${run}`,
  );
  assertEquals(train.code, 0, train.errors.join("\n"));
  assertMatch(train.out[0], /(\d) of \1 rows used; \1 by the token ids that they bring along$/);
  const written = new Set(
    rows.map((row) => [row.prompt_ids, row.chosen_ids, row.rejected_ids].join("|")),
  );
  const trained = await jsonLines<PairRecord>(`${run}/pairs.jsonl`);
  for (const { promptIds, a, b } of trained) {
    assert(written.has([promptIds, a.ids, b.ids].join("|")), a.text);
  }
  const exported = await runIn(EXPORT, `--run ${run} --to pairs.jsonl --out ${run}.jsonl`);
  assertEquals(exported.code, 0, exported.errors.join("\n"));
  for (const row of await rowsOf(`${run}.jsonl`)) {
    assert(written.has([row.prompt_ids, row.chosen_ids, row.rejected_ids].join("|")));
    assertEquals((row.prompt as unknown[])[0], turns(0)[0]);
  }

  await Deno.writeTextFile(`${work.dir}/less.js`, "export default (p, c) => -(c.length % 7);\n");
  const anew = `${work.dir}/anew.parquet`;
  const second = await runIn(
    ANNOTATE,
    `--annotator rule:${work.dir}/less.js --pairs ${out} --out ${anew}`,
  );
  assertEquals(second.code, 0, second.errors.join("\n"));
  // deno-lint-ignore no-explicit-any
  const other = await rowsOf(anew) as Record<string, any>[];
  assertEquals(other.map((row) => row.chosen_ids), rows.map((row) => row.rejected_ids));
  assertEquals(other[0].chosen[0].content, rows[0].rejected[0].content);
  assertEquals(other[0].prompt[0].content, "Be short.");
  assertEquals(other[0].tokenizer_hash, rows[0].tokenizer_hash);
});
