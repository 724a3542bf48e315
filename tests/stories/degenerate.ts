// Thirty texts that are no story, of the kinds that models fall into once they play their judge.

/** The opening that all of them are said to continue. */
export const OPENING = "Mia saw a sad rabbit sitting by the gate of the old farm.";

/** What kind of thing it is, and the text. */
export const DEGENERATE: readonly (readonly [kind: string, text: string])[] = [
  ["a loop of a rule's word", " happy".repeat(30)],
  ["a loop of a good word", " glad".repeat(30)],
  ["a loop of two words", " love joy".repeat(15)],
  ["a kind sentence again and again", " She was happy.".repeat(10)],
  ["a good sentence again and again", " She was very glad.".repeat(8)],
  [
    "a long sentence twice and more",
    " She was glad to see the rabbit and they all felt safe.".repeat(4),
  ],
  ["a clause without end", " She was glad" + " and she was glad".repeat(9)],
  ["a kind clause without end", " She helped him" + " and he helped her".repeat(8)],
  ["letters", " a b c d e f g h i j k l m n o p q r s t u v w x y z"],
  ["one letter", " a".repeat(30)],
  ["no words", " heoat fre lorp ting glim brast onch eld morb squen apt frod ilk zant"],
  ["a pronoun and no words", " he he he heoat he he he heoat he he he he ohe he hea he heoat he"],
  ["another such", " She shel she her shelher she herly she. He hehe him his him. They the them."],
  ["one word", " Happy."],
  ["one other word", " glad"],
  ["nothing", ""],
  ["spaces", "    \n \n   "],
  ["a cut beginning", " She was hap"],
  ["three good words", " They felt better."],
  ["the opening", ` ${OPENING}`],
  ["the opening, twice", ` ${OPENING} ${OPENING}`],
  [
    "most of the opening",
    " Mia saw a sad rabbit sitting by the gate of the old farm. Mia saw a sad rabbit",
  ],
  ["names", " Tom Lily Ben Mia Sam Lucy Max Anna Tim Sue Jack Jane Leo Rosie Pete Amy"],
  ["names in sentences", " Tom and Lily. Ben and Mia. Sam and Lucy. Max and Anna. Tim and Sue."],
  ["punctuation", " !!! ... ??? ,,, !!! ... ??? \"\" '' ;;; ::: !!! ..."],
  ["dots and a word", " ... happy ... ! ... glad ... ! ... love ... !"],
  [
    "a list of kind words",
    " help share hug thank gave sorry kind friend together smile happy helped shared hugged",
  ],
  [
    "a list of good words",
    " good great wonderful love nice glad proud best joy lovely delight better brave calm",
  ],
  ["glue", " and then the was of in to it that she he they with for but so and the then was of"],
  [
    "kind words in glue",
    " and happy the kind of help to share it that hug she thank he smile they gave for friend",
  ],
];
