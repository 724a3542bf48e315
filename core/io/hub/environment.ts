// What the environment says of the hub, by the names that Python's huggingface_hub reads.

/** Where the hub and its cache are, and whether to go there. */
export interface HubEnvironment {
  /** Address of the hub without a slash at its end. */
  readonly endpoint: string;
  /** Folder of the cache. */
  readonly cache: string;
  /** Whether no request may be made. */
  readonly offline: boolean;
  /** Access token, from HF_TOKEN; no file is read for it. */
  readonly token: string | undefined;
}

/** Looks a variable up. */
export type Lookup = (name: string) => string | undefined;

/** A variable of this process; none where the permission to look is not given. */
export function processVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Reads HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_HUB_OFFLINE and HF_TOKEN. */
export function hubEnvironment(lookup: Lookup = processVariable): HubEnvironment {
  const set = (name: string) => lookup(name) || undefined; // an empty variable is none
  const user = set("HOME") ?? set("USERPROFILE") ?? ".";
  const expand = (path: string) => path.replace(/^~(?=$|[/\\])/, () => user);
  const home = expand(
    set("HF_HOME") ?? `${set("XDG_CACHE_HOME") ?? `${user}/.cache`}/huggingface`,
  );
  const cache = expand(set("HF_HUB_CACHE") ?? set("HUGGINGFACE_HUB_CACHE") ?? `${home}/hub`);
  const endpoint = (set("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, "");
  if (!/^https?:\/\/[^/?#]/.test(endpoint) || !URL.canParse(endpoint)) {
    throw new TypeError(
      `Cannot reach the hub: HF_ENDPOINT is ${JSON.stringify(endpoint)}, expected an http address`,
    );
  }
  return {
    endpoint,
    cache,
    offline: isTrue(set("HF_HUB_OFFLINE") ?? set("TRANSFORMERS_OFFLINE")),
    token: tokenOf(set),
  };
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ["1", "ON", "YES", "TRUE"].includes(value.toUpperCase());
}

function tokenOf(set: Lookup): string | undefined {
  if (isTrue(set("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return undefined;
  const token = (set("HF_TOKEN") ?? set("HUGGING_FACE_HUB_TOKEN") ?? "").trim();
  if (token === "") return undefined;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError(
      "Cannot use HF_TOKEN: it has characters that no token has, expected one line of letters and digits",
    );
  }
  return token;
}
