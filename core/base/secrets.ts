// What no message, log or file may say: the name and password of an address, and the keys in its query.

/** `https://user:password@host` up to the last @ before the path, and a password that has a slash. */
const USER = /(\b[a-z][a-z\d+.-]*:\/\/)(?:[^\s/?#"'<>]*|[^\s/?#:@"'<>]*:(?!\d+\/)[^\s"'<>@]*)@/gi;
/** Values of a query that open something. */
const KEY =
  /([?&][\w.-]*(?:token|key|sig|signature|secret|passw(?:or)?d|pwd|auth|credential|policy)[\w.-]*=)[^&\s#"'<>]+/gi;

/** A text whose addresses have no password and no key. */
export function withoutSecrets(text: string): string {
  if (!text.includes("://") && !text.includes("?")) return text;
  return text.replace(USER, "$1…@").replace(KEY, "$1…");
}
