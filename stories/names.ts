// The children of the stories, and which pronoun goes with each.

/** A child's name and the pronouns that it takes. */
export interface ChildName {
  /** The name as written. */
  readonly name: string;
  /** "she" or "he". */
  readonly pronoun: "she" | "he";
}

const GIRLS = "Lily Lucy Mia Anna Sara Molly Jane Sue Sarah Daisy Amy Sally Jill Lila Emma Ella " +
  "Grace Lola Mary Kate Rosie Nora Emily Bella Polly Annie Sophie Mimi Claire Rachel";
const BOYS = "Tim Tom Ben Jack Max Sam Timmy Bob John Tommy Joe Jimmy Benny Billy Andy James " +
  "Charlie Oliver Danny Leo Pete Josh Jake Thomas Frank Stan Todd Gary Jim Finn";

/** Every name that the prompts use. */
export const NAMES: readonly ChildName[] = [
  ...GIRLS.split(" ").map((name) => ({ name, pronoun: "she" as const })),
  ...BOYS.split(" ").map((name) => ({ name, pronoun: "he" as const })),
];
