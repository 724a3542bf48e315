// A rule of the user's own: a module whose default export scores an answer. What is wrong with it is one line.
import { quote, UsageError } from "./flag_parser.ts";
import { absolutePath } from "./paths.ts";

/** (prompt, completion) to a number, larger is better; equal numbers are a tie. */
export type Rule = (prompt: string, completion: string) => number;

/**
 * Loads a rule.
 *
 * @param file Path of a TypeScript or JavaScript module with the rule as its default export.
 * @throws {UsageError} If it is not there, cannot be loaded, or exports no function.
 */
export async function readRuleFile(file: string): Promise<Rule> {
  const refuse = (found: string, cause?: unknown): never => {
    throw new UsageError(
      `Cannot use the rule ${quote(file)}: ${found}, expected a module with ` +
        "export default (prompt: string, completion: string) => number",
      { cause },
    );
  };
  const stat = await Deno.stat(file).catch(() => undefined);
  if (stat === undefined) return refuse("it is not there");
  if (!stat.isFile) return refuse("it is a folder");
  let module: { readonly default?: unknown };
  try {
    module = await import(fileUrl(absolutePath(file)));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return refuse(`it cannot be loaded (${why.split("\n")[0].trim()})`, cause);
  }
  if (typeof module.default !== "function") {
    const found = module.default === undefined ? "missing" : `a ${typeof module.default}`;
    return refuse(`its default export is ${found}`);
  }
  return module.default as Rule;
}

function fileUrl(path: string): string {
  const slashes = path.replaceAll("\\", "/");
  const parts = slashes.split("/").map((part, i) =>
    i <= 1 && /^[A-Za-z]:$/.test(part) ? part : encodeURIComponent(part)
  );
  return `file://${slashes.startsWith("/") ? "" : "/"}${parts.join("/")}`;
}
