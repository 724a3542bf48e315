/** The types of `parseArgs`: which flags a result has, and of what kind. Dotted names stay unknown. */

/** What `boolean` takes: names, or `true` for every `--flag` without a value. */
export type BooleanType = boolean | string | undefined;
/** What `string` takes: names. */
export type StringType = string | undefined;
/** What `collect` takes: names. */
export type Collectable = string | undefined;
/** What `negatable` takes: names. */
export type Negatable = string | undefined;
/** What `alias` takes: other names of a name. */
export type Aliases<TNames = string, TAliasNames extends string = string> = Partial<
  Record<Extract<TNames, string>, TAliasNames | ReadonlyArray<TAliasNames>>
>;

type Id<T> = T extends Record<string, unknown> ? { [K in keyof T]: T[K] } : T;
type Names<T> = Extract<T, string>;
type Negated<K, N> = K extends N ? false : never;

type Flags<B, S, C, N> =
  & { [K in Exclude<Names<S>, C>]?: string | Negated<K, N> }
  & { [K in Extract<Names<S>, C>]: string[] | Negated<K, N> }
  & { [K in Exclude<Names<B>, C>]: boolean }
  & { [K in Extract<Names<B>, C>]: boolean[] }
  & {
    [K in Exclude<Names<C>, Names<S> | Names<B>>]: unknown[] | Negated<K, N>;
  };

type Filled<T, D> = D extends undefined ? T
  :
    & Omit<T, keyof D>
    & {
      [K in keyof D]: K extends keyof T ? D[K] | NonNullable<T[K]> : unknown;
    };

type WithAliases<T, A> = {
  [
    K in keyof T as
      | K
      | (K extends keyof A ? A[K] extends ReadonlyArray<infer Many extends string> ? Many
        : Names<A[K]>
        : never)
  ]: T[K];
};

/** The flags of a result; anything goes where the options name no string, boolean or collected flag. */
export type Values<
  B extends BooleanType,
  S extends StringType,
  C extends Collectable,
  N extends Negatable,
  D extends Record<string, unknown> | undefined,
  A extends Aliases | undefined,
> = undefined extends (false extends B ? undefined : B) & C & S
  // deno-lint-ignore no-explicit-any
  ? Record<string, any>
  : Record<string, unknown> & WithAliases<Filled<Flags<B, S, C, N>, D>, A>;

/** What `parseArgs` returns. */
export type Args<
  // deno-lint-ignore no-explicit-any
  TArgs extends Record<string, unknown> = Record<string, any>,
  TDoubleDash extends boolean | undefined = undefined,
> = Id<
  & TArgs
  & {
    /** What belongs to no flag. */
    _: Array<string | number>;
  }
  & (boolean extends TDoubleDash ? { "--"?: Array<string> }
    : true extends TDoubleDash ? { "--": Array<string> }
    : Record<never, never>)
>;

/** Options for `parseArgs`. */
export interface ParseOptions<
  TBooleans extends BooleanType = BooleanType,
  TStrings extends StringType = StringType,
  TCollectable extends Collectable = Collectable,
  TNegatable extends Negatable = Negatable,
  TDefault extends Record<string, unknown> | undefined =
    | Record<string, unknown>
    | undefined,
  TAliases extends Aliases | undefined = Aliases | undefined,
  TDoubleDash extends boolean | undefined = boolean | undefined,
> {
  /** Whether what follows `--` goes under `"--"` instead of `_`. */
  "--"?: TDoubleDash;
  /** Other names for a flag. */
  alias?: TAliases;
  /** Flags without a value; `true` means every `--flag` that has no `=`. */
  boolean?: TBooleans | ReadonlyArray<Extract<TBooleans, string>>;
  /** Values for flags that are not given. */
  default?: TDefault;
  /** Whether the first argument that is no flag ends the parsing. */
  stopEarly?: boolean;
  /** Flags whose values stay strings. */
  string?: TStrings | ReadonlyArray<Extract<TStrings, string>>;
  /** Flags that may be given many times and whose values make an array. */
  collect?: TCollectable | ReadonlyArray<Extract<TCollectable, string>>;
  /** Flags that `--no-flag` sets to false. */
  negatable?: TNegatable | ReadonlyArray<Extract<TNegatable, string>>;
  /** Called for what the options do not name; `false` drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
