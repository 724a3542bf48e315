// SHA-256 of what is whole in memory, as the platform computes it.

/** SHA-256 as 64 hexadecimal digits; of text, that of its UTF-8. */
export async function sha256(data: Uint8Array<ArrayBuffer> | string): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
