// What a flag of any command is: a row with a name, a kind and one line of help.

/** What a flag's value may be. */
export type FlagKind =
  /** A whole number within bounds. */
  | { readonly kind: "whole"; readonly least: number; readonly most: number }
  /** A number within bounds. */
  | { readonly kind: "number"; readonly least: number; readonly most: number }
  /** One of several words. */
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** Text that whoever uses it checks. */
  | { readonly kind: "text" }
  /** Given or not; it has no value. */
  | { readonly kind: "flag" };

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
  /** One line. */
  readonly help: string;
}

/** A row of a table before it has its heading. */
export type FlagRow = Omit<Flag, "group">;

/** A whole number within bounds. */
export const whole = (least: number, most: number): FlagKind => ({ kind: "whole", least, most });

/** A number within bounds. */
export const number = (least: number, most: number): FlagKind => ({ kind: "number", least, most });

/** Any text but the empty one. */
export const text: FlagKind = { kind: "text" };

/** One of several words, and how `--help` shows them. */
export function choice(...choices: string[]): { value: string; type: FlagKind } {
  return { value: choices.join("|"), type: { kind: "choice", choices } };
}

/** Given or not. */
export const given: { readonly value: string; readonly type: FlagKind } = {
  value: "",
  type: { kind: "flag" },
};

/** Puts rows under a heading. */
export const under = (group: string, rows: readonly FlagRow[]): Flag[] =>
  rows.map((row) => ({ ...row, group }));

/** A flag's name as a field: `max-new` is `maxNew`. */
export function fieldOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A field as a flag's name: `maxNew` is `max-new`. */
export function flagOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
