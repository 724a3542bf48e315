// Continuations of one prompt, written by hand: what the rule and the judge must tell apart.

/** The prompt of all of them. */
export const PROMPT = "Tom and his dog found a muddy box by the river.";

/** Kind, on topic and fluent. */
export const GOOD = [
  " Tom opened the box and saw a little bird. The bird was sad. Tom helped the bird and gave it " +
  'some water. "Thank you," said the bird, and they were happy together.',
  ' In the box there was a cold puppy. "Can we help you?" Tom asked. His dog shared a warm blanket ' +
  "with the puppy. The puppy was glad and all of them went home as good friends.",
  ' His sister came by and was sad that she had no box. Tom smiled and said, "We can share our box." ' +
  "She hugged him and they played with each other at the river",
];

/** Fluent and on topic, neither kind nor unkind. */
export const PLAIN = " Tom opened the box. He saw a red ball in it. His dog wanted the ball too. " +
  "They ran by the river all day and then went";

/** Fluent, on topic, unkind. */
export const UNKIND = [
  ' Tom opened the box and saw a little bird. He was angry and hit the box. "Go away!" he yelled. ' +
  "The bird was hurt and cried, but Tom was mean.",
  " His dog wanted the box but Tom kicked it and was mad. Suddenly a bad man came and stole it. " +
  "Tom was sad and scared, and it was all very bad.",
];

/** What a policy does that has found one word that pays. */
export const SPAM = [
  " happy happy happy fun fun fun happy happy fun fun happy happy happy fun fun fun happy fun happy",
  " kind happy friend hug share help together smile thank gave kind sorry kindness helped hugged " +
  "shared thanked smiled gives friends",
  " good great wonderful love nice glad proud best joy lovely delight better brave calm peace good",
  " Happy. Happy. Fun fun. Happy fun. Kind. Happy. Love love. Happy. Fun. Good good. Happy. Fun.",
];

/** A kind sentence, again and again. */
export const REPETITIVE = " Tom was happy.".repeat(8);

/** The first good one, badly spelt but for its kind words. */
export const MISSPELT =
  " Tom opned the bocks and saw a litle brid. The brid was sadd. Tom helped the brid and gave it " +
  'som watter. "Thank you," sayd the brid, and thay were happy together.';

/** As kind as the first good one, about others elsewhere. */
export const OFF_TOPIC =
  " Lily went up to the city and saw Max. Max was sad. Lily helped Anna and gave Ben some cake. " +
  '"Thank you," said Ben, and Lily and Sam were happy together.';
