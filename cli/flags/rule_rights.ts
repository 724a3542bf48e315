// What a user's rule may do besides scoring: nothing, unless its user says more.
import { type FlagRow, given, number, text } from "./kinds.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { nearest } from "../../core/base/nearest.ts";

/** How a rule runs, as the flags say it. */
export interface RuleFlags {
  /** "none", "all", or rights with commas between; absent for none. */
  readonly rulePermissions?: string;
  /** Seconds of a call. */
  readonly ruleTimeout?: number;
  /** All rights of the program. */
  readonly trustRule?: boolean;
}

/** Rights of a worker, as Deno takes them. */
export type RulePermissions = "none" | Readonly<Record<string, "inherit" | readonly string[]>>;

const RIGHTS = ["read", "write", "net", "env", "sys", "import"] as const;

/** Seconds of a call where nobody says it. */
export const RULE_TIMEOUT = 30;

/** Flags of every command that takes `--annotator rule:FILE`. */
export const RULE_ROWS = [
  {
    name: "rule-permissions",
    to: "method.rulePermissions",
    value: "LIST",
    type: text,
    shownDefault: "none",
    help:
      `What rule:FILE may do besides scoring: none, or ${RIGHTS.join(", ")} with commas between; ` +
      "net=api.org and read=words.txt give no more than that",
  },
  {
    name: "rule-timeout",
    to: "method.ruleTimeout",
    free: true,
    value: "S",
    type: number(0.001, 1e6),
    default: RULE_TIMEOUT,
    help: "Seconds that rule:FILE has for an answer; after that the verdict is failed",
  },
  {
    name: "trust-rule",
    ...given,
    shownDefault: "off",
    help:
      "Give rule:FILE all rights of this program, and run the rule of a run that somebody else made",
  },
] as const satisfies readonly FlagRow[];

/**
 * The rights that `--rule-permissions` names.
 *
 * @throws {UsageError} If one is unknown.
 */
export function parsePermissions(list: string): RulePermissions {
  const parts = list.split(",").map((part) => part.trim()).filter((part) => part !== "");
  if (parts.length === 0 || (parts.length === 1 && parts[0] === "none")) return "none";
  const rights: Record<string, "inherit" | string[]> = {};
  for (const part of parts) {
    const [, name, value] = /^([^=]*)=?(.*)$/s.exec(part)!;
    if (!RIGHTS.some((right) => right === name) || (part.includes("=") && value === "")) {
      throw new UsageError({
        verb: "use",
        thing: `--rule-permissions ${quote(list)}`,
        found: `it has ${quote(part)}`,
        expected: `none, or ${RIGHTS.join(", ")} with commas between, each with =VALUE where ` +
          "it is for one thing alone",
        fix: `Did you mean ${nearest(name, ["none", ...RIGHTS])}?`,
      });
    }
    const before = rights[name];
    if (value === "") rights[name] = "inherit";
    else if (before !== "inherit") rights[name] = [...before ?? [], value];
  }
  // What is not named is not given; left out, Deno would pass it on.
  return {
    ...Object.fromEntries([...RIGHTS, "run", "ffi"].map((right) => [right, []])),
    ...rights,
  };
}

/** Rights of a rule that its user trusts: those of the program. */
const ALL = "all";

/** A run's config, which remembers that its rule was trusted. */
export function trustedConfig<Config extends RuleFlags>(
  config: Config,
  { trustRule }: Pick<RuleFlags, "trustRule">,
): Config {
  if (!trustRule) return config;
  refuseBoth(config.rulePermissions);
  return { ...config, rulePermissions: ALL };
}

/**
 * Refuses to go on with a rule that had all rights where nobody says so again: what a folder says is no permission.
 *
 * @throws {UsageError} If `--trust-rule` is missing.
 */
export function requireTrust(
  dir: string,
  { rulePermissions }: RuleFlags,
  { trustRule }: Pick<RuleFlags, "trustRule">,
): void {
  if (trustRule || rulePermissions !== ALL) return;
  throw new UsageError({
    verb: "resume",
    thing: dir,
    found: "--trust-rule is not given",
    expected: "it, as when the run began: its rule had all rights",
  });
}

function refuseBoth(rulePermissions: string | undefined): void {
  if (rulePermissions === undefined) return;
  throw new UsageError({
    verb: "use",
    thing: "the rule",
    found: "--trust-rule and --rule-permissions are both given",
    expected: "one of them",
  });
}

/**
 * The rights of a rule's thread; undefined for all that the program has.
 *
 * @param file For the message.
 * @param main Where the program is.
 * @throws {UsageError} If the rights cannot be cut and nobody trusts the rule.
 */
export async function rightsOf(
  file: string,
  { rulePermissions, trustRule }: RuleFlags,
  main: string = Deno.mainModule,
): Promise<RulePermissions | undefined> {
  if (trustRule) refuseBoth(rulePermissions);
  if (trustRule || rulePermissions === ALL) return undefined;
  if (rulePermissions !== undefined) return parsePermissions(rulePermissions);
  if (await cutsRights(main)) return "none";
  throw new UsageError({
    verb: "use",
    thing: `the rule ${quote(file)}`,
    found: "Deno's worker-options are off",
    expected: "them on: only then can a rule run without rights",
    fix: "Say --trust-rule to give it all rights of this program, or start the program by deno " +
      "run --unstable-worker-options and say --rule-permissions none",
  });
}

/**
 * Whether the program's deno.json turns on `worker-options`. (Asking Deno itself ends the process where it does not.)
 *
 * @param main Where the program is; remote programs have no deno.json.
 */
export async function cutsRights(main: string = Deno.mainModule): Promise<boolean> {
  if (!main.startsWith("file:")) return false;
  let isNearest = true;
  for (let folder = new URL(".", main);; folder = new URL("..", folder)) {
    for (const name of ["deno.json", "deno.jsonc"]) {
      const config = await Deno.readTextFile(new URL(name, folder)).catch(() => undefined);
      if (config === undefined) continue;
      const isRoot = /"workspace"\s*:/.test(config);
      const unstable = /"unstable"\s*:\s*\[([^\]]*)\]/.exec(config)?.[1];
      if ((isNearest || isRoot) && unstable?.includes('"worker-options"')) return true;
      isNearest = false;
    }
    if (folder.pathname === new URL("..", folder).pathname) return false;
  }
}
