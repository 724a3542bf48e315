import { assertEquals, assertThrows } from "@std/assert";
import { lossByName, lossNames } from "../../losses/parse.ts";

const options: Record<string, Record<string, number | string>> = {
  dpo: { beta: 0.2, labelSmoothing: 0.1 },
  ipo: { tau: 0.2, reduction: "mean" },
  slic: { beta: 0.2 },
  "slic-hf": { delta: 1, lambda: 0.2 },
};

Deno.test("lossByName() builds every loss of lossNames with the options it was given", () => {
  assertEquals(lossNames, Object.keys(options));
  for (const name of lossNames) {
    const loss = lossByName(name, options[name]);
    assertEquals([loss.name, loss.options], [name, options[name]]);
  }
});

Deno.test("lossByName() takes an undefined option as not given", () => {
  const loss = lossByName("dpo", { beta: 0.2, labelSmoothing: undefined, tau: undefined });
  assertEquals(loss.options, { beta: 0.2, labelSmoothing: 0 });
});

Deno.test("lossByName() names the nearest loss when there is none of that name", () => {
  const names = "expected one of dpo, ipo, slic, slic-hf";
  for (
    const [name, near] of [["dp0", "dpo"], ["IPO", "ipo"], ["slicHf", "slic-hf"], ["slim", "slic"]]
  ) {
    assertEquals(
      assertThrows(() => lossByName(name, {}), RangeError).message,
      `Cannot choose a loss: name is "${name}", ${names}. Did you mean "${near}"?`,
    );
  }
});

Deno.test("lossByName() names the nearest option when a loss has none of that name", () => {
  assertEquals(
    assertThrows(() => lossByName("dpo", { beta: 0.1, label_smoothing: 0.1 }), RangeError).message,
    'Cannot build the dpo loss: option name is "label_smoothing", ' +
      'expected one of beta, labelSmoothing. Did you mean "labelSmoothing"?',
  );
});

Deno.test("lossByName() passes on the loss's own errors", () => {
  assertEquals(
    assertThrows(() => lossByName("slic", { beta: 0 }), RangeError).message,
    "Cannot build the slic loss: beta is 0, expected a number from 0.000001 to 1000000",
  );
  assertThrows(() => lossByName("slic", {}), TypeError, "beta is undefined");
});
