import { assertEquals, assertThrows } from "@std/assert";
import { choice, given, number, text, whole } from "../../../cli/flags/kinds.ts";
import {
  allValues,
  type CompleteValues,
  type GivenValues,
  givenValues,
  member,
  type NestedValues,
  nestedValues,
  rowsOf,
} from "../../../cli/flags/values.ts";

const SECTIONS = {
  "One": [
    { name: "loss", to: "method.loss", ...choice("dpo", "ipo"), default: "dpo", help: "" },
    { name: "max-new", to: "sampling.maxNew", value: "N", type: whole(1, 9), help: "" },
    { name: "lr", to: "method.rate", value: "R", type: number(0, 1), settled: true, help: "" },
  ],
  "Two": [
    { name: "out", value: "DIR", type: text, required: true, help: "" },
    { name: "adapter", to: "files.adapters", value: "D", type: text, repeatable: true, help: "" },
    { name: "json", to: "files.json", ...given, help: "" },
  ],
} as const;
const ROWS = rowsOf(SECTIONS);
type Row = typeof ROWS[number];

Deno.test("types of values follow from the rows", () => {
  const all: CompleteValues<Row> = {
    ...{ loss: "ipo", lr: 0.5, out: "a", adapter: ["b"], json: false },
  };
  const some: GivenValues<Row> = { maxNew: 3, adapter: ["b"] };
  const nested: NestedValues<Row> = {
    method: { loss: "dpo", rate: 0.5 },
    sampling: {},
    files: { adapters: [], json: true },
  };
  // @ts-expect-error: no such word
  const word: CompleteValues<Row>["loss"] = "kto";
  // @ts-expect-error: there always is one
  const none: NestedValues<Row>["method"] = { loss: "dpo" };
  // @ts-expect-error: a list
  const list: GivenValues<Row> = { adapter: "b" };
  assertEquals([all.lr, some.maxNew, nested.files.json, word, none.rate, list.adapter], [
    ...[0.5, 3, true, "kto", undefined, "b"],
  ]);
});

Deno.test("allValues() has every default, and refuses what is missing or of another kind", () => {
  assertEquals(allValues("try", ROWS, { lr: 0.5, out: "a" }), {
    ...{ loss: "dpo", lr: 0.5, out: "a", adapter: [], json: false },
  });
  assertThrows(() => allValues("try", ROWS, { lr: 0.5 }), Error, "--out is not given");
  assertThrows(() => allValues("try", ROWS, { out: "a" }), TypeError, "lr is missing");
  const bad = { lr: 0.5, out: "a" };
  assertThrows(
    () => allValues("try", ROWS, { ...bad, loss: "kto" }),
    TypeError,
    "expected a choice",
  );
  assertThrows(() => allValues("try", ROWS, { ...bad, maxNew: 1.5 }), TypeError, "max-new is");
  assertThrows(() => allValues("try", ROWS, { ...bad, adapter: [1] }), TypeError, "adapter is");
  assertThrows(() => allValues("try", ROWS, { ...bad, json: "yes" }), TypeError, "json is");
});

Deno.test("givenValues() are those that were given", () => {
  assertEquals(givenValues(ROWS, { maxNew: 3 }), { maxNew: 3 });
  assertThrows(() => givenValues(ROWS, { maxNew: "3" }), TypeError, "max-new is");
});

Deno.test("nestedValues() puts values where their rows say, and leaves out what has no place", () => {
  assertEquals(nestedValues(ROWS, { lr: 0.5, out: "a", maxNew: 3 }), {
    method: { loss: "dpo", rate: 0.5 },
    sampling: { maxNew: 3 },
    files: { adapters: [], json: false },
  });
  assertThrows(() => nestedValues(ROWS, { out: "a" }), TypeError, "lr is missing");
});

Deno.test("member() is a value's own, of anything", () => {
  assertEquals([member({ a: 1 }, "a"), member([2], "0"), member({ a: 1 }, "toString")], [
    ...[1, 2, undefined],
  ]);
  assertEquals(
    [undefined, null, 3, "a"].map((value) => member(value, "a")),
    Array(4).fill(undefined),
  );
});
