import { assertEquals } from "@std/assert";
import { encodeExamples } from "../../../../core/text/rows/encode_examples.ts";
import { toExamples } from "../../../../core/text/rows/examples.ts";
import { rowTokenIds, withOwnIds } from "../../../../core/text/rows/token_ids.ts";
import type { Example } from "../../../../core/text/rows/rows.ts";
import { TRL_SETS, trlRows, trlTokenizer } from "../../../support/trl_rows.ts";

type Row = Record<string, unknown>;

/** What a program reads that was given these rows. */
async function read(rows: readonly Row[], begins: boolean, budget = {}) {
  const tokenizer = await trlTokenizer(begins);
  const lines = (async function* () {
    for (const [i, row] of rows.entries()) {
      yield { row, file: "f", unit: "line" as const, number: i + 1 };
    }
  })();
  const examples = toExamples(lines);
  const render = () => "<|turn|>rendered<|stop|>";
  const encoded = encodeExamples(examples, tokenizer, { ...budget, render });
  const found = await Array.fromAsync(encoded) as unknown as Row[];
  const ids = found.map(({ prompt, chosen, rejected }) => ({ prompt, chosen, rejected }));
  return { ids, report: encoded.report, unread: examples.report.unread };
}

for (const set of TRL_SETS) {
  Deno.test(`rows of ${set} are read to the very ids that were written`, async () => {
    const rows = await trlRows(set);
    const { ids, report, unread } = await read(rows, set.startsWith("begins"));
    assertEquals(
      ids,
      rows.map(({ prompt_ids: prompt, chosen_ids: chosen, rejected_ids: rejected }) => {
        return { prompt, chosen, rejected };
      }),
    );
    assertEquals(report.ids, { own: 8, foreign: 0, changed: 0 });
    assertEquals([...unread], []);
  });
}

Deno.test("rows of another tokenizer are read as text, and counted", async () => {
  const rows = await trlRows("begins text");
  const { ids, report } = await read(rows, false);
  assertEquals(report.ids, { own: 0, foreign: 8, changed: 0 });
  const tokenizer = await trlTokenizer(false);
  assertEquals(ids[0].prompt, tokenizer.encode("hello wo")); // it puts no begin token
  assertEquals(ids[0].chosen, tokenizer.encode("hello</s>"));
});

Deno.test("rows whose text was edited are read as text, and counted", async () => {
  const [, row] = await trlRows("plain text");
  const edits: Row[] = [{ chosen: "wo!" }, { rejected: "tools" }, { prompt: "hello woo" }];
  const { ids, report } = await read([row, ...edits.map((edit) => ({ ...row, ...edit }))], false);
  assertEquals(report.ids, { own: 1, foreign: 0, changed: 3 });
  const tokenizer = await trlTokenizer(false);
  assertEquals(ids[0].chosen, tokenizer.encode(" wo")); // cut: no end token
  assertEquals(ids[1].chosen, tokenizer.encode("wo!</s>"));
  const [dialogue] = await trlRows("plain messages");
  const [system, ...turns] = dialogue.prompt as Row[];
  const edited = { ...dialogue, prompt: [{ ...system, content: "other" }, ...turns] };
  const answered = { ...dialogue, chosen: [{ role: "assistant", content: "wo" }] };
  assertEquals((await read([edited, answered], false)).report.ids, {
    own: 0,
    foreign: 0,
    changed: 2,
  });
});

Deno.test("a budget cuts ids that a row brings along", async () => {
  const [row] = await trlRows("plain text");
  const { ids, report } = await read([row], false, { maxPrompt: 1, maxCompletion: 1 });
  const [prompt, chosen] = [row.prompt_ids, row.chosen_ids].map((all) => all as number[]);
  assertEquals([ids[0].prompt, ids[0].chosen], [prompt.slice(-1), chosen.slice(0, 1)]);
  assertEquals([report.promptsCut, report.completionsCut], [1, 2]);
});

Deno.test("rowTokenIds() takes whole ids with a hash, and nothing else", () => {
  const row = {
    tokenizer_hash: "ab",
    prompt_ids: [1],
    chosen_ids: new Int32Array([2]),
    rejected_ids: [3],
  };
  assertEquals(rowTokenIds(row), { hash: "ab", prompt: [1], chosen: [2], rejected: [3] });
  assertEquals(rowTokenIds({ ...row, rejected_ids: undefined }), { hash: "ab", prompt: [1] });
  for (
    const bad of [{ tokenizer_hash: null }, { prompt_ids: [] }, { prompt_ids: [1.5] }, {
      prompt_ids: [-1],
    }, { prompt_ids: "1" }]
  ) {
    assertEquals(rowTokenIds({ ...row, ...bad }), undefined);
  }
});

Deno.test("withOwnIds() refuses ids past the vocabulary, and drops what another template wrote", async () => {
  const tokenizer = await trlTokenizer(false);
  const hash = await tokenizer.hash!();
  const answer = [{ role: "assistant", content: "a", rendered: "a</s>" }];
  const example: Example = {
    ...{ kind: "preference", place: "f:1", prompt: "hello", chosen: answer, rejected: answer },
    ids: { hash, prompt: [tokenizer.vocabSize], chosen: [1], rejected: [1] },
  };
  const counts = { own: 0, foreign: 0, changed: 0 };
  const [found] = await Array.fromAsync(withOwnIds([example], tokenizer, counts));
  const plain = [{ role: "assistant", content: "a" }];
  assertEquals(found, {
    ...{ kind: "preference", place: "f:1", prompt: "hello", chosen: plain, rejected: plain },
  } as Example);
  assertEquals(counts, { own: 0, foreign: 1, changed: 0 });
});
