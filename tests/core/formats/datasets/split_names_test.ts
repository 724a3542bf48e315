import { assertEquals } from "@std/assert";
import { splitMeant, splitOf } from "../../../../core/formats/datasets/split_names.ts";

Deno.test("splitMeant() knows other words for a split, and leaves the rest", () => {
  const words = ["train", "training", "val", "valid", "dev", "testing", "eval", "constructor"];
  assertEquals(words.map(splitMeant), [
    ...["train", "train", "validation", "validation", "validation", "test", "test", "constructor"],
  ]);
});

Deno.test("splitOf() finds the split in a file's name, then in its folder's", () => {
  assertEquals(splitOf("data/train-00000-of-00001.parquet"), "train");
  assertEquals(splitOf("train/Dev_2.csv"), "validation");
  assertEquals(splitOf("test/a.csv"), "test");
  assertEquals(splitOf("evaluation.csv"), "test");
  assertEquals(splitOf("test/far/a.csv"), "");
  assertEquals(splitOf("contest/constructor.csv"), "");
});

Deno.test("splitOf() takes the word that is asked for before all others", () => {
  assertEquals(splitOf("special/train.csv", "special"), "special");
  assertEquals(splitOf("val/train.csv", "val"), "validation");
  assertEquals(splitOf("special/train.csv", "other"), "train");
});
