// What TRL's own tokenisation makes of exported pairs; the ids are TRL's, by tools/fixtures/check_pairs_in_trl.py.
import { assert, assertEquals } from "@std/assert";
import { formOf, trlColumns } from "../../../../core/formats/datasets/trl_columns.ts";
import { TRL_SETS, trlRecords, trlRows } from "../../../support/trl_rows.ts";

const FIXTURE = new URL("../../../fixtures/trl_pairs.json", import.meta.url);
const { sets } = JSON.parse(await Deno.readTextFile(FIXTURE)) as {
  sets: Record<string, Record<string, number[]>[]>;
};
const WANTED: Record<string, string[]> = {
  text: ["same", "end", "end", "text"],
  messages: ["same", "same", "same", "text"],
};

for (const set of TRL_SETS) {
  Deno.test(`trlColumns() of ${set} give TRL the sampled ids where trl_ids says so`, async () => {
    const rows = await trlRows(set);
    assertEquals(rows.length, sets[set].length);
    rows.forEach((row, i) => {
      const { prompt_ids, chosen_ids, rejected_ids, trl_ids } = row;
      const same =
        JSON.stringify(sets[set][i]) === JSON.stringify({ prompt_ids, chosen_ids, rejected_ids });
      assertEquals(same, trl_ids === "same", `row ${i} is ${trl_ids}`);
      assertEquals(sets[set][i].prompt_ids, prompt_ids, `row ${i}`);
    });
    const form = set.split(" ")[1];
    assertEquals(rows.map(({ trl_ids }) => trl_ids), [...WANTED[form], ...WANTED[form]]);
  });
}

Deno.test("trlColumns() keep the dialogue, its system message and its tools, and the row's own rendering", async () => {
  const [row] = await trlRows("begins messages");
  const prompt = row.prompt as { role: string; content: string }[];
  assertEquals(prompt.map(({ role, content }) => `${role}: ${content}`), [
    "system: hell",
    "user: hello",
    "assistant: too",
    "user: wo\n  é",
  ]);
  assertEquals(row.chosen, [{ role: "assistant", content: "hello", rendered: "hello</s>" }]);
  assertEquals(JSON.parse(row.tools as string)[0].function.name, "too");
  const { rendered, end_token } = row.chat_template_kwargs as Record<string, string>;
  assert(rendered.startsWith("<s><|turn|>hell, tool<|stop|>\n"), rendered);
  assertEquals(end_token, "</s>");
});

Deno.test("trlColumns() write text with the template's special tokens, without the end token that TRL puts", async () => {
  const rows = await trlRows("begins text");
  const { prompt, chosen, rejected } = rows[0];
  assertEquals({ prompt, chosen, rejected }, {
    prompt: "hello wo",
    chosen: "hello",
    rejected: " too",
  });
  assertEquals(rows[4].prompt, "<|turn|>tool?<|stop|>\n<|turn|>");
  assertEquals(rows[2].chosen, "a<|stop|>"); // not the tokenizer's own end token
});

Deno.test("trlColumns() of a dialogue as text leave out the begin token that TRL puts", async () => {
  const [first] = await trlRecords("begins messages") as { spelled: string }[];
  const pair = {
    ...{ prompt: "for people", messages: [{ role: "user" }], spelled: first.spelled, begin: "<s>" },
    chosen: { text: "a", spelled: "a</s>", isExact: true },
    ...{ end: "</s>", rejected: { text: "b", spelled: "b</s>", isExact: true } },
  };
  assertEquals(formOf(pair), "messages");
  assertEquals(trlColumns(pair, "text").prompt, first.spelled.slice("<s>".length));
});

Deno.test("trlColumns() of an older line are its texts for people, and say nothing of TRL", () => {
  const pair = {
    prompt: "p",
    messages: [{ role: "user" }],
    chosen: { text: "a" },
    rejected: { text: "b" },
  };
  assertEquals(formOf(pair), "text");
  assertEquals(trlColumns(pair, "text"), {
    prompt: "p",
    chosen: "a",
    rejected: "b",
    trl_ids: null,
  });
});
