// The one way to another machine: an address is asked only where its host is known, each redirect anew, and what proves
// who we are goes to the host that it is meant for.
import { quote } from "../../core/base/quote.ts";
import { Mistake, type MistakeParts } from "../../core/base/mistake.ts";

/** Whom to ask, and as whom. */
export interface Guard {
  /** The host that is meant, as an address; its subdomains belong to it. */
  readonly home: string;
  /** Other hosts that it may send us to, each with its subdomains. */
  readonly hosts: readonly string[];
  /** Value of the header `authorization` for `home` alone: same scheme, host and port. */
  readonly authorization?: string;
}

/** How to ask. */
export interface GuardedOptions {
  /** Headers for every host. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** How long to wait for an answer, ms. */
  readonly timeout: number;
}

/** An address that is not asked. */
export class GuardError extends Mistake {
  override readonly name = "GuardError";

  /**
   * @param parts What it is and what is expected.
   * @param status Of the redirect; undefined for the first address.
   */
  constructor(
    parts: Omit<MistakeParts, "verb" | "thing">,
    readonly status: number | undefined,
  ) {
    super("network", { verb: "reach", thing: "the hub", ...parts });
  }
}

const MOST_REDIRECTS = 5;
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * A GET within the guard.
 *
 * @returns The answer, which is no redirect; its body is the caller's.
 * @throws {GuardError} If a host is unknown, an address is not https after one that is, or there are too many redirects.
 */
export async function guardedFetch(
  url: string,
  guard: Guard,
  options: GuardedOptions,
): Promise<Response> {
  const { headers = {}, fetch: ask = fetch, signal, timeout } = options;
  const home = new URL(guard.home);
  let at = allowed(new URL(url), guard, home, undefined);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const { authorization } = guard;
    const isHome = authorization !== undefined && at.origin === home.origin;
    const all = isHome ? { ...headers, authorization } : { ...headers };
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`nothing for ${timeout} ms`)), timeout);
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    const response = await ask(at.href, { headers: all, redirect: "manual", signal: either })
      .finally(() => clearTimeout(timer));
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, at.href) ? new URL(location, at.href) : undefined;
    const weaker = next?.protocol !== "https:" && at.protocol === "https:";
    if (next === undefined || !/^https?:$/.test(next.protocol) || weaker) {
      throw new GuardError(
        { found: `the hub sends us to ${quote(location)}`, expected: "an https address" },
        response.status,
      );
    }
    at = allowed(next, guard, home, response.status);
  }
  throw new GuardError(
    { found: `it is redirected more than ${MOST_REDIRECTS} times`, expected: "a file" },
    310,
  );
}

/** The address without name and password, where its host is known. */
function allowed(url: URL, { hosts }: Guard, home: URL, status: number | undefined): URL {
  const isLocal = LOOPBACK.includes(home.hostname) && LOOPBACK.includes(url.hostname);
  const known = isLocal || [home.hostname, ...hosts].some((host) => isWithin(url.hostname, host));
  if (!known) {
    throw new GuardError(
      {
        found: `the hub sends us to the host ${quote(url.hostname)}`,
        expected: [...new Set([home.hostname, ...hosts])].join(", "),
        fix: "Name it in LEASH_HUB_HOSTS if you trust it",
      },
      status,
    );
  }
  url.username = "";
  url.password = "";
  return url;
}

function isWithin(host: string, domain: string): boolean {
  const wanted = domain.toLowerCase();
  return host === wanted || host.endsWith(`.${wanted}`);
}
