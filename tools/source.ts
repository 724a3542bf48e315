/** The repository's source files, and what can be read off their text. */

/** A file of the repository. */
export interface SourceFile {
  /** Relative to the repository. */
  path: string;
  text: string;
}

const CODE = /\.(ts|tsx|js|mjs|cjs|py|sh|html|css)$/;
const NOT_OURS = new Set(["node_modules", "runs", "coverage", "vendor"]);

/**
 * Reads all code files below a folder; hidden folders, runs and packages are left out.
 *
 * @param root The repository, absolute.
 */
export async function sourceFiles(root: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(`${root}/${folder}`)) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.startsWith(".") || NOT_OURS.has(entry.name)) continue;
      if (entry.isDirectory) await walk(path);
      else if (entry.isFile && CODE.test(entry.name)) {
        files.push({ path, text: await Deno.readTextFile(`${root}/${path}`) });
      }
    }
  };
  await walk("");
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

const LITERAL_OR_COMMENT =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** The text without its comments; strings stay. */
export function withoutComments(text: string): string {
  return text.replace(LITERAL_OR_COMMENT, (part) => part.startsWith("/") ? " " : part);
}

/** Whether a TypeScript file holds nothing but types, so that there is nothing to run. */
export function isTypesOnly(text: string): boolean {
  const code = withoutComments(text);
  return !/^(export\s+)?(default\s+)?(abstract\s+|async\s+)*(function|class|const|let|var|enum)\b/m
    .test(code) && !/^export\s*(\*|\{|default)/m.test(code) && !/^[\w.]+\s*\(|^await\b/m.test(code);
}

/** The number of lines. */
export function lineCount(text: string): number {
  return text === "" ? 0 : text.replace(/\n$/, "").split("\n").length;
}
