// What the environment says of the hub, by the names that Python's huggingface_hub reads.
import { quote } from "../../core/base/quote.ts";
import { Mistake } from "../../core/base/mistake.ts";

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
  /** Header of the name and password in HF_ENDPOINT, where no token is. */
  readonly authorization?: string;
  /** Other hosts that the hub may send us to. */
  readonly hosts?: readonly string[];
}

/** Looks a variable up. */
export type Lookup = (name: string) => string | undefined;

/** A variable of this process; none where the permission to look is not given. */
function processVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Reads HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_HUB_OFFLINE, HF_TOKEN and LEASH_HUB_HOSTS. */
export function hubEnvironment(lookup: Lookup = processVariable): HubEnvironment {
  const set = (name: string) => lookup(name) || undefined; // an empty variable is none
  const user = set("HOME") ?? set("USERPROFILE") ?? ".";
  const expand = (path: string) => path.replace(/^~(?=$|[/\\])/, () => user);
  const home = expand(
    set("HF_HOME") ?? `${set("XDG_CACHE_HOME") ?? `${user}/.cache`}/huggingface`,
  );
  const cache = expand(set("HF_HUB_CACHE") ?? set("HUGGINGFACE_HUB_CACHE") ?? `${home}/hub`);
  const { endpoint, authorization } = addressOf(set("HF_ENDPOINT") ?? "https://huggingface.co");
  const hosts = (set("LEASH_HUB_HOSTS") ?? "").split(",").map((host) => host.trim()).filter(
    Boolean,
  );
  return {
    ...{ endpoint, authorization, hosts },
    cache,
    offline: isTrue(set("HF_HUB_OFFLINE") ?? set("TRANSFORMERS_OFFLINE")),
    token: tokenOf(set),
  };
}

/** An address without its name and password, and what these are as a header. */
function addressOf(given: string): { endpoint: string; authorization: string | undefined } {
  const address = given.replace(/\/+$/, "");
  if (!/^https?:\/\/[^/?#]/.test(address) || !URL.canParse(address)) {
    throw new Mistake("usage", {
      verb: "reach",
      thing: "the hub",
      found: `HF_ENDPOINT is ${quote(address)}`,
      expected: "an http address",
    });
  }
  const { username, password } = new URL(address);
  if (username === "" && password === "") return { endpoint: address, authorization: undefined };
  const said = new TextEncoder().encode(
    `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
  );
  return {
    endpoint: address.replace(/\/\/[^/?#]*@/, "//"),
    authorization: `Basic ${btoa(String.fromCharCode(...said))}`,
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
    throw new Mistake("usage", {
      verb: "use",
      thing: "HF_TOKEN",
      found: "it has characters that no token has",
      expected: "one line of letters and digits",
    });
  }
  return token;
}
