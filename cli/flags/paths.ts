// Paths of a run. In a config they are stored absolute, so that a run can be resumed from any folder. A hub id is no path,
// and what is not there stays as the user wrote it, for the message that says so.
import { isGlob } from "../../files/mod.ts";
import { fieldOf } from "./kinds.ts";
import { CONFIG_ROWS } from "./train_table.ts";

/** Fields that may name one file or folder. */
const PATHS: readonly string[] = CONFIG_ROWS.filter((row) => "path" in row && row.path)
  .map(({ name }) => fieldOf(name));

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
export function withAbsolutePaths<Config extends object>(config: Config): Config {
  const changed: Record<string, string> = {};
  for (const [field, value] of Object.entries(config)) {
    if (typeof value !== "string") continue;
    if (PATHS.includes(field)) {
      const isPattern = field === "data" && isGlob(value);
      if (isPattern || isLocal(value)) changed[field] = absolutePath(value);
    }
    const rule = field === "annotator" ? /^rule:([^,]*)(.*)$/s.exec(value) : null;
    if (rule !== null && isLocal(rule[1])) {
      changed[field] = `rule:${absolutePath(rule[1])}${rule[2]}`;
    }
  }
  return { ...config, ...changed };
}

/**
 * The folder of a run that nobody named: `runs/TIME-NAME-SEED`.
 *
 * @param name What the run does.
 */
export function datedFolder(name: string, seed: number): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return `runs/${time}-${name}-${seed}`;
}

function isLocal(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false; // whoever opens it says why
  }
}
