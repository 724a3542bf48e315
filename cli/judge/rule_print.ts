// The fingerprint of a rule: its file and every file of its own that it imports, read and not run.
import { sha256 } from "../../core/base/sha256.ts";
import { UsageError } from "../terminal/mistake.ts";
import { absolutePath } from "../flags/paths.ts";

/** `from "./a.ts"`, `import "./a.ts"`, `import("./a.ts")`: what is named by a relative path. */
const RELATIVE = /(?:\bfrom|\bimport)\s*\(?\s*(["'`])(\.{1,2}\/[^"'`\n]+)\1/g;

/**
 * Fingerprints a rule.
 *
 * @param file Path of the rule; undefined where nobody's file annotates, and so is the result.
 * @throws {UsageError} If it is not there.
 */
export async function rulePrint(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const root = new URL(`file://${absolutePath(file).split("/").map(encodeURIComponent).join("/")}`);
  const prints = new Map<string, string>();
  const visit = async (url: URL): Promise<void> => {
    if (prints.has(url.href)) return;
    const bytes = await Deno.readFile(url).catch(() => undefined);
    if (bytes === undefined && url === root) {
      throw new UsageError({
        verb: "use",
        thing: `the rule ${file}`,
        found: "it is not there",
        expected: "a module",
      });
    }
    prints.set(url.href, bytes === undefined ? "none" : await sha256(bytes));
    const source = new TextDecoder().decode(bytes);
    for (const [, , path] of source.matchAll(RELATIVE)) await visit(new URL(path, url));
  };
  await visit(root);
  const own = [...prints.values()];
  return own.length === 1 ? own[0] : await sha256(own.join("\n"));
}
