// Paths in a config are stored absolute, so that a run can be resumed from any folder. A hub id is no path, and what is
// not there stays as the user wrote it, for the message that says so.
import { isGlob } from "../../files/mod.ts";

/** Fields that name one file or folder. */
const PATHS = ["model", "prompts", "reference", "replay", "adapter", "data"] as const;

/** A path from the folder that a program runs in, without resolving links: a cache's names are links. */
export function absolutePath(path: string, cwd: string = Deno.cwd()): string {
  if (/^([\\/]|[A-Za-z]:[\\/])/.test(path)) return path;
  const parts = cwd.split("/");
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/** A config whose paths are absolute, where something is at them. */
export function withAbsolutePaths<
  T extends { readonly [name in typeof PATHS[number] | "annotator"]?: string },
>(config: T): T {
  const changed: Record<string, string> = {};
  for (const field of PATHS) {
    const path = config[field];
    if (path === undefined) continue;
    const isPattern = field === "data" && isGlob(path);
    if (isPattern || isLocal(path)) changed[field] = absolutePath(path);
  }
  const [, file, rest] = /^rule:([^,]*)(.*)$/s.exec(config.annotator ?? "") ?? [];
  if (file !== undefined && isLocal(file)) changed.annotator = `rule:${absolutePath(file)}${rest}`;
  return { ...config, ...changed };
}

function isLocal(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false; // whoever opens it says why
  }
}
