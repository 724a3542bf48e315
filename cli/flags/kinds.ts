// What a flag of any command is: a row with a name, a kind and one line of help. What its values are follows from it
// (values.ts), and where they go in a run's config (run_config.ts).

/** A whole number within bounds. */
export interface WholeKind {
  /** Which kind. */
  readonly kind: "whole";
  /** The least. */
  readonly least: number;
  /** The most. */
  readonly most: number;
}

/** A number within bounds. */
export interface NumberKind {
  /** Which kind. */
  readonly kind: "number";
  /** The least. */
  readonly least: number;
  /** The most. */
  readonly most: number;
}

/** One of several words. */
export interface ChoiceKind<Word extends string = string> {
  /** Which kind. */
  readonly kind: "choice";
  /** The words. */
  readonly choices: readonly Word[];
}

/** Text that whoever uses it checks. */
export interface TextKind {
  /** Which kind. */
  readonly kind: "text";
}

/** Given or not; it has no value. */
export interface GivenKind {
  /** Which kind. */
  readonly kind: "flag";
}

/** What a flag's value may be. */
export type FlagKind = WholeKind | NumberKind | ChoiceKind | TextKind | GivenKind;

/** One flag. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** Heading that `--help` puts it under. */
  readonly group: string;
  /** What stands for the value in `--help`; "" for a flag without one. */
  readonly value: string;
  /** What the value may be. */
  readonly type: FlagKind;
  /** Used where the flag is not given. */
  readonly default?: number | string;
  /** What `--help` says of the default where it is no plain value. */
  readonly shownDefault?: string;
  /** May be given several times; its value is then a list. */
  readonly repeatable?: boolean;
  /** May be given several times; its value is then one text with commas between. */
  readonly joined?: boolean;
  /** The command cannot do without. */
  readonly required?: boolean;
  /** Its default follows from other flags: whoever settles them gives it one. */
  readonly settled?: boolean;
  /** Where its value goes in a run's config, as `method.loss`; absent for what is no part of it. */
  readonly to?: string;
  /** It may change on `--resume`, since no bit of the result depends on it. */
  readonly free?: boolean;
  /** Its value may name a file or folder: a config has it absolute. */
  readonly path?: boolean;
  /** One line. */
  readonly help: string;
}

/** A row of a table before it has its heading. */
export type FlagRow = Omit<Flag, "group">;

/** A table of flags: rows under their headings, in the order of `--help`. */
export type FlagSections = Readonly<Record<string, readonly FlagRow[]>>;

/** A whole number within bounds. */
export const whole = (least: number, most: number): WholeKind => ({ kind: "whole", least, most });

/** A number within bounds. */
export const number = (least: number, most: number): NumberKind => ({
  kind: "number",
  least,
  most,
});

/** Any text but the empty one. */
export const text: TextKind = { kind: "text" };

/** One of several words, and how `--help` shows them. */
export function choice<Word extends string>(
  ...choices: readonly Word[]
): { readonly value: string; readonly type: ChoiceKind<Word> } {
  return { value: choices.join("|"), type: { kind: "choice", choices } };
}

/** Given or not. */
export const given: { readonly value: ""; readonly type: GivenKind } = {
  value: "",
  type: { kind: "flag" },
};

/** Puts rows under a heading. */
export const under = (group: string, rows: readonly FlagRow[]): Flag[] =>
  rows.map((row) => ({ ...row, group }));

/** Every flag of a table with its heading. */
export function flagsOf(sections: FlagSections): Flag[] {
  return Object.entries(sections).flatMap(([group, rows]) => under(group, rows));
}

/** A flag's name as a field: `max-new` is `maxNew`. */
export function fieldOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A field as a flag's name: `maxNew` is `max-new`. */
export function flagOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
