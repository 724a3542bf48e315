/** Who imports whom, by `deno info --json`, with paths relative to the repository. */
import { runDeno } from "./deno_command.ts";

/** One import between two files of the repository. */
export interface Edge {
  from: string;
  to: string;
  /** Whether only types pass, so that nothing is loaded at run time. */
  isTypeOnly: boolean;
  /** Whether it is loaded later, by `import()`. */
  isDynamic: boolean;
}

/** A package of npm that some file imports. */
export interface NpmPackage {
  name: string;
  version: string;
  /** Where its files are. */
  localPath: string;
}

/** The imports of a set of files. */
export interface Graph {
  edges: Edge[];
  /** What does not resolve, a sentence each. */
  broken: string[];
  packages: NpmPackage[];
}

interface Info {
  modules: {
    specifier: string;
    error?: string;
    dependencies?: {
      code?: { specifier?: string };
      type?: { specifier?: string };
      isDynamic?: boolean;
    }[];
  }[];
  npmPackages?: Record<string, NpmPackage>;
}

/**
 * Reads the graph of some files and of all that they import.
 *
 * @param root The folder of deno.json, absolute.
 * @param files Paths relative to `root`.
 * @throws {Error} If Deno cannot make a graph at all, as when deno.json is malformed.
 */
export async function importGraph(root: string, files: string[]): Promise<Graph> {
  const base = new URL(`file://${root.replace(/\/?$/, "/")}`);
  const imports = files.map((file) => `import ${JSON.stringify(new URL(file, base).href)};`);
  const source = `data:application/typescript,${encodeURIComponent(imports.join(""))}`;
  const { code, stdout, stderr } = await runDeno(["info", "--json", source], root);
  if (code !== 0) throw new Error(`Cannot read the import graph of ${root}: ${stderr.trim()}`);
  const info = JSON.parse(stdout) as Info;

  const local = (specifier: string) =>
    specifier.startsWith(base.href) ? decodeURIComponent(specifier.slice(base.href.length)) : null;
  const graph: Graph = { edges: [], broken: [], packages: Object.values(info.npmPackages ?? {}) };
  const missing = new Map(info.modules.filter((m) => m.error).map((m) => [m.specifier, m.error!]));
  for (const module of info.modules) {
    const from = local(module.specifier);
    if (from === null) continue;
    for (const { code, type, isDynamic = false } of module.dependencies ?? []) {
      const specifier = code?.specifier ?? type?.specifier;
      if (specifier === undefined) continue;
      const to = local(specifier);
      if (missing.has(specifier)) graph.broken.push(`${from} imports ${to ?? specifier}`);
      else if (to !== null) graph.edges.push({ from, to, isTypeOnly: !code, isDynamic });
    }
  }
  return graph;
}
