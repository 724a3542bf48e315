// What a hub refuses, in one line, and whether the cache may stand in for it.
import { Mistake, type MistakeParts } from "../../core/base/mistake.ts";
import type { HubEnvironment } from "./environment.ts";
import type { RepoSpec, RepoType } from "./repo_spec.ts";
import { quote } from "../../core/base/quote.ts";

/** What the hub refuses, or that it is not there. */
export class HubError extends Mistake {
  /** What it is. */
  override readonly name = "HubError";
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;

  /** What could not be downloaded, why, and the status. */
  constructor(
    parts: Omit<MistakeParts, "verb">,
    status: number | undefined,
    options?: ErrorOptions,
  ) {
    super("network", { ...parts, verb: "download" }, options);
    this.status = status;
  }

  /** Whether the cache may stand in: no answer, or the hub's own trouble. */
  get isUnreachable(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}

/** A request that came to nothing. */
export interface FailedRequest {
  /** Of which repository. */
  readonly spec: RepoSpec;
  /** Which file of it; absent where it was asked for itself. */
  readonly path?: string;
  /** The last answer; undefined where there was none. */
  readonly response: Response | undefined;
  /** Tries before the last. */
  readonly attempt: number;
  /** What was thrown where there was no answer. */
  readonly cause: unknown;
}

/**
 * Why a request came to nothing.
 *
 * @param type What the hub was asked for.
 */
export function refusalOf(
  { endpoint, token }: HubEnvironment,
  type: RepoType,
  { spec, path, response, attempt, cause }: FailedRequest,
): HubError {
  const thing = path === undefined ? spec.repo : `${spec.repo}/${path}`;
  if (response === undefined) {
    const why = cause instanceof Error ? quote(cause.message).slice(1, -1) : "no answer";
    return new HubError(
      {
        thing,
        found: `${endpoint} does not answer (${why})`,
        expected: "the hub",
        fix: "Check the connection and HF_ENDPOINT",
      },
      undefined,
      { cause },
    );
  }
  const { status } = response;
  const code = response.headers.get("x-error-code");
  const page = `${endpoint}/${type === "dataset" ? "datasets/" : ""}${spec.repo}`;
  const login = token === undefined
    ? "Set HF_TOKEN to a token that may read it"
    : "Check that the token in HF_TOKEN may read it";
  if (code === "GatedRepo" || (status === 403 && code === null)) {
    return new HubError({
      thing,
      found: `it is gated (${status})`,
      expected: "access to it",
      fix: `Ask for it at ${page}. ${login}`,
    }, status);
  }
  if (code === "RevisionNotFound") {
    const found = `the hub has no revision ${quote(spec.revision)} of it (${status})`;
    return new HubError({ thing, found, expected: `one of ${page}` }, status);
  }
  if (code === "EntryNotFound") {
    return new HubError(
      { thing, found: `the hub has no such file (${status})`, expected: "it" },
      status,
    );
  }
  if (status === 401 || status === 404) {
    return new HubError({
      thing,
      found: `the hub has none that we may see (${status})`,
      expected: `a public ${type} or one of yours`,
      fix: `Check the name. ${login}`,
    }, status);
  }
  const tries = attempt === 0 ? "" : ` after ${attempt + 1} tries`;
  return new HubError({
    thing,
    found: `the hub answers ${status}${tries}`,
    expected: "200",
    fix: "Try later",
  }, status);
}
