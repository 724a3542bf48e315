import { assertEquals } from "@std/assert";
import { completionText } from "../../../core/mod.ts";
import { charTokenizer } from "../../support/tiny_task.ts";

Deno.test("completionText() leaves out only an end token that was sampled", () => {
  const logps = new Float32Array(2);
  const text = (ids: number[], finish: "stop" | "length") =>
    completionText(charTokenizer, { ids: Uint32Array.from(ids), logps, finish });
  assertEquals(text([5, 6], "stop"), "#"); // any id can be an end token, also one with text
  assertEquals(text([5, 6], "length"), "#$");
});
