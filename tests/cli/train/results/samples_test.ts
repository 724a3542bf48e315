import { assertEquals, assertStringIncludes } from "@std/assert";
import { samplesMarkdown } from "../../../../cli/train/results/samples.ts";

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

Deno.test("samplesMarkdown() lets no text out of its frame", () => {
  const rows: readonly (readonly [text: string, wanted: string])[] = [
    ["```\n</blockquote>", "> \\`\\`\\`\n> \\</blockquote\\>"],
    ["~~~ x", "> \\~\\~\\~ x"],
    ["a\r# b", "> a\\\\r\\# b"], // a line's end to Markdown
    ["a\r\nb", "> a\n> b"],
    [
      "- a\n+ b\n1. c\n12) d\n=== e\n--- f",
      "> \\- a\n> \\+ b\n> 1\\. c\n> 12\\) d\n> \\=== e\n> \\--- f",
    ],
    ["&lt;b&gt; &#60;", "> \\&lt;b\\&gt; \\&\\#60;"],
    ["https://x.org www.x.org a@x.org", "> https\\://x.org www\\.x.org a\\@x.org"],
    ["[a](b) ![c](d)", "> \\[a\\](b) !\\[c\\](d)"],
    ["a\n\n    code $x$", "> a\n>\n> &nbsp;&nbsp;&nbsp;&nbsp;code \\$x\\$"],
    ["\x1b[2J\u202e", "> \\\\u001b\\[2J\\\\u202e"],
  ];
  const none = { prompt: "p", reference: "r", after: "a", greedyAfter: "g" };
  for (const [before, wanted] of rows) {
    const text = samplesMarkdown("bpo", [{ ...none, before }]);
    assertStringIncludes(text, `**Before**\n\n${wanted}\n\n**After**`);
  }
  const heading = samplesMarkdown("bpo <b>", [{ ...none, prompt: "one\n# two\u2028", before: "" }]);
  assertStringIncludes(heading, "\n## 1. one \\# two\\\\u2028\n");
  assertStringIncludes(heading, "# Samples: bpo \\<b\\>\n");
});
