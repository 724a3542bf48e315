// A folder for the length of a test.

/** Runs `body` on a folder that is gone afterwards. */
export async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Runs `body` on the path of a run's folder, which is not there yet; what becomes of it is gone afterwards. */
export const inRunFolder = (body: (dir: string) => Promise<void>): Promise<void> =>
  inFolder((dir) => body(`${dir}/run`));
