// What the tests of durable files share: a folder of their own, and what stands in it.

/** UTF-8 of a text. */
export const bytes = (text: string) => new TextEncoder().encode(text);

/** The text of UTF-8; "" where there is none. */
export const text = (content?: Uint8Array) => new TextDecoder().decode(content);

/** What a folder holds, in order. */
export const names = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();

/** Runs `body` on a folder that is gone afterwards. */
export async function inTempDir(body: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
