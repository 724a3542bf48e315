// What the tests of durable files share: bytes, texts, and what stands in a folder.

/** UTF-8 of a text. */
export const bytes = (text: string) => new TextEncoder().encode(text);

/** The text of UTF-8; "" where there is none. */
export const text = (content?: Uint8Array) => new TextDecoder().decode(content);

/** What a folder holds, in order. */
export const names = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
