// Names: which repository, revision and file a user means, and which names of a repository may become paths.
import { quote } from "../../core/base/quote.ts";
import { Mistake } from "../../core/base/mistake.ts";

/** What a repository holds. */
export type RepoType = "model" | "dataset";

/** A repository at a revision. */
export interface RepoSpec {
  /** `org/name`, or an old model's bare `name`. */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** A file of it, where one is named after a colon. */
  readonly file: string | undefined;
}

const NAME = /^[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_-])?$/;

/** Reads `org/name`, `org/name@revision` and `org/name@revision:file`. */
export function parseRepoSpec(spec: string): RepoSpec {
  const wrong = (part: string, found: string, wanted: string): never => {
    throw new Mistake("usage", {
      verb: "download",
      thing: quote(spec),
      found: `${part} is ${quote(found)}`,
      expected: wanted,
    });
  };
  const [, repo, revision = "main", file] = spec.match(/^([^@:]*)(?:@([^:]*))?(?::(.*))?$/s) ??
    wrong("the name", spec, "org/name");
  const parts = repo.split("/");
  const named = parts.length <= 2 &&
    parts.every((part) => NAME.test(part) && !/--|\.\./.test(part));
  if (!named || repo.endsWith(".git")) wrong("the name", repo, "org/name, as the hub shows it");
  if (!isRevision(revision)) wrong("the revision", revision, "a branch, a tag or a commit");
  if (file !== undefined) checkRepoPath(file, repo);
  return { repo, revision, file };
}

function isRevision(revision: string): boolean {
  const parts = revision.split("/");
  return revision.length <= 255 && /^[\w.+=\-/]+$/.test(revision) && !revision.endsWith(".lock") &&
    parts.every((part) => part !== "" && !part.startsWith(".") && !part.startsWith("-")) &&
    !revision.includes("..");
}

/** Whether a revision is a whole commit id. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

const DEVICE = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** Throws for a file name that would leave its folder on any system, be it by `..`, a root, a drive or a device. */
export function checkRepoPath(path: string, repo: string): void {
  const parts = path.split("/");
  const why = path === "" || path.length > 1024 || parts.some((part) => part.length > 255)
    ? "of a usable length"
    : path.startsWith("/")
    ? "relative"
    // deno-lint-ignore no-control-regex
    : /[\u0000-\u001f\u007f]/.test(path)
    ? "without control characters"
    : path.includes("\\")
    ? "without backslashes"
    : parts.some((part) => /^[A-Za-z]:/.test(part))
    ? "without a drive"
    : parts.some((part) => part === "" || part === "." || part === "..")
    ? "within the repository"
    : parts.some((part) => DEVICE.test(part))
    ? "other than a Windows device"
    : undefined;
  if (why === undefined) return;
  throw new Mistake("usage", {
    verb: "download",
    thing: repo,
    found: `it has a file called ${quote(path)}`,
    expected: `a name that is ${why}`,
  });
}
