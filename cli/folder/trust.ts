// Whether a run's folder was begun here. A folder that was mailed, copied or unzipped cannot know the inode and the
// birth time that its files get on this machine; so a run notes its folder's own, and another's folder does not fit.
import { member } from "../flags/values.ts";

/** A folder as this machine made it. */
export interface Origin {
  /** Its inode. */
  readonly inode: number;
  /** When it was made, milliseconds since 1970. */
  readonly born: number;
}

/** What a run notes of its folder; undefined where the file system does not say. */
export async function originOf(dir: string): Promise<Origin | undefined> {
  const { ino, birthtime } = await Deno.stat(dir);
  return ino === null || birthtime === null ? undefined : { inode: ino, born: birthtime.getTime() };
}

/** A run's identity with what it notes of its folder. */
export async function withOrigin<Noted extends object>(
  dir: string,
  identity: Noted,
): Promise<Noted & { readonly origin?: Origin }> {
  const origin = await originOf(dir);
  return { ...identity, ...(origin ? { origin } : {}) };
}

/**
 * Whether a folder is the one that a run noted, and belongs to who runs this program.
 *
 * @param dir The folder.
 * @param noted What its config.json says; what is no origin is nobody's.
 */
export async function isOwnFolder(dir: string, noted: unknown): Promise<boolean> {
  const now = await originOf(dir);
  if (now === undefined) return false;
  if (now.inode !== member(noted, "inode") || now.born !== member(noted, "born")) return false;
  const mine = await Deno.makeTempFile({ prefix: "leash-" });
  try {
    const { uid } = await Deno.stat(mine);
    const owners = await Promise.all([dir, `${dir}/config.json`].map((path) => Deno.lstat(path)));
    return owners.every((owner) => owner.uid === uid);
  } finally {
    await Deno.remove(mine);
  }
}
