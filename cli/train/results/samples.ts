// samples.md: answers before and after beside the reference texts, for people. The first prompts, not chosen ones.
import { visible } from "../../terminal/visible.ts";

/** One prompt with every text that belongs to it. */
export interface Sample {
  /** The opening. */
  readonly prompt: string;
  /** What answers were compared with. */
  readonly reference: string;
  /** Sampled from the SFT model. */
  readonly before: string;
  /** Sampled from the trained policy. */
  readonly after: string;
  /** Greedy answer of the trained policy. */
  readonly greedyAfter: string;
}

/** The file's text. */
export function samplesMarkdown(title: string, samples: readonly Sample[]): string {
  const sections = samples.map(({ prompt, reference, before, after, greedyAfter }, i) =>
    [
      `## ${i + 1}. ${inline(prompt.replace(/\s*\n\s*/g, " "))}`,
      section("Before", before),
      section("After", after),
      section("After, greedy", greedyAfter),
      section("Reference text", reference),
    ].join("\n\n")
  );
  return [
    `# Samples: ${inline(title)}`,
    `The first ${samples.length} evaluation prompts; nothing was chosen.`,
    ...sections,
  ].join("\n\n") + "\n";
}

function section(name: string, text: string): string {
  const quoted = text.trim() === ""
    ? ["> (nothing)"]
    : text.trim().split(/\r?\n/).map((line) => `> ${inline(line)}`.trimEnd());
  return [`**${name}**`, "", ...quoted].join("\n");
}

/** What begins a list, a rule, a heading or an address where Markdown sees it. */
const BEGINS = /^(?:[-+=]|\d+(?=[.)]))|:(?=\/\/)|(?<=\bwww)\./gi;

/**
 * A line that Markdown shows as it is: no markup, no link, no entity, no formula, no code by its indentation, and what a
 * terminal would obey as its escape.
 */
function inline(line: string): string {
  return visible(line)
    .replace(/[\\`*_{}[\]<>#|~&$@]/g, "\\$&")
    .replace(BEGINS, (found) => /\d/.test(found) ? `${found}\\` : `\\${found}`)
    .replace(/^[ \t]+/, (blanks) => "&nbsp;".repeat(blanks.replaceAll("\t", "    ").length));
}
