// What `leash --version` says: the version of deno.json, which a published module cannot be sure to find beside it.

/** Version of the package. */
export const VERSION = "0.1.0";
