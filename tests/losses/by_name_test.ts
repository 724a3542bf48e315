import { assertEquals, assertThrows } from "@std/assert";
import { lossByName, type LossName, lossNames } from "../../losses/by_name.ts";

const options: Record<LossName, Record<string, number | string>> = {
  dpo: { beta: 0.25, labelSmoothing: 0 },
  ipo: { tau: 0.25, reduction: "mean" },
  slic: { beta: 0.25 },
  "slic-hf": { delta: 4, lambda: 0.1 },
};

Deno.test("lossByName() builds every loss of lossNames with beta as its own option", () => {
  assertEquals(lossNames.toString(), Object.keys(options).toString());
  for (const name of lossNames) {
    const loss = lossByName(name, 0.25);
    assertEquals([loss.name, loss.options], [name, options[name]]);
  }
});

Deno.test("lossByName() refuses a name that is none, and what the loss refuses", () => {
  for (const name of ["dp0", "toString"]) {
    assertEquals(
      assertThrows(() => lossByName(name as LossName, 1), RangeError).message,
      `Cannot choose a loss: name is "${name}", expected one of dpo, ipo, slic, slic-hf`,
    );
  }
  assertEquals(
    assertThrows(() => lossByName("slic", 0), RangeError).message,
    "Cannot build the slic loss: beta is 0, expected a number from 0.000001 to 1000000",
  );
});
