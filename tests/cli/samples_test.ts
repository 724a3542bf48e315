import { assertEquals, assertStringIncludes } from "@std/assert";
import { samplesMarkdown } from "../../cli/samples.ts";

Deno.test("samplesMarkdown() shows texts as they are, whatever they hold", () => {
  const text = samplesMarkdown("bpo, seed 1", [{
    prompt: "Tom *ran*.",
    reference: " He fell.\nHe cried.",
    before: "<b>",
    after: "",
    greedyAfter: "He laughed.",
  }]);
  assertStringIncludes(text, "# Samples: bpo, seed 1\n\nThe first 1 evaluation prompts");
  assertStringIncludes(text, "## 1. Tom \\*ran\\*.");
  assertStringIncludes(text, "**Before**\n\n> \\<b\\>");
  assertStringIncludes(text, "**After**\n\n> (nothing)");
  assertStringIncludes(text, "> He fell.\n> He cried.");
  assertEquals(text.at(-1), "\n");
});
