// deno-lint-ignore-file no-console -- a command prints
/** Bundles mod.ts for a browser with esbuild and checks that no Deno and no Node is left in it. */
import { createRequire } from "node:module";
import * as esbuild from "esbuild";
import { denoCommand } from "./deno_command.ts";
import { importGraph, type NpmPackage } from "./graph.ts";
import { withoutComments } from "./source.ts";

/** A module for browsers. */
export interface Bundle {
  /** The JavaScript, an ES module. */
  code: string;
  /** Its size in bytes, minified. */
  bytes: number;
  /** The files that went into it, relative to the root where they are ours. */
  inputs: string[];
}

/** Why a folder cannot be bundled; one line each. */
export class BundleError extends Error {
  override name = "BundleError";
}

/** `npm:@scope/name@^1/sub` as `@scope/name/sub`. */
function bareName(specifier: string): string {
  return specifier.replace(/^npm:\/?((?:@[^/]+\/)?[^@/]+)(@[^/]*)?/, "$1");
}

/** Resolves imports as Deno does: by the import map of deno.json, packages from Deno's cache. */
function asDeno(imports: Record<string, string>, packages: NpmPackage[]): esbuild.Plugin {
  const folders = new Map(packages.map(({ name, localPath }) => [name, localPath]));
  const refuse = (why: string) => ({ path, importer }: esbuild.OnResolveArgs) => ({
    errors: [{ text: `${importer} imports ${path}, which ${why}` }],
  });
  return {
    name: "as-deno",
    setup(build) {
      build.onResolve({ filter: /^(node:|jsr:|https?:)/ }, refuse("is not in this bundle"));
      build.onResolve({ filter: /^@std\// }, refuse("is for tools and tests only"));
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, pluginData }) => {
        if (pluginData === RESOLVED) return undefined;
        const bare = bareName(imports[path] ?? path);
        const name = /^(@[^/]+\/)?[^/]+/.exec(bare)![0];
        const folder = folders.get(name);
        if (folder === undefined) return undefined;
        const { exports } = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
        const target = exports === undefined ? `./${bare.slice(name.length + 1)}` : bare;
        return build.resolve(target, { resolveDir: folder, kind, pluginData: RESOLVED });
      });
    },
  };
}

/** Marks what the plugin has handed back to esbuild. */
const RESOLVED = "resolved";

/**
 * Bundles a module for browsers.
 *
 * @param root The folder of deno.json, absolute.
 * @param entry The module, relative to `root`.
 * @throws {BundleError} If it does not bundle, or Deno or Node is left in it.
 */
export async function bundle(root: string, entry = "mod.ts"): Promise<Bundle> {
  const { broken, packages } = await importGraph(root, [entry]);
  if (broken.length > 0) throw new BundleError(broken.join("\n"));
  const { imports = {} } = JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
  try {
    const options: esbuild.BuildOptions = {
      absWorkingDir: root,
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      platform: "browser",
      target: "esnext",
      logLevel: "silent",
      legalComments: "none",
      plugins: [asDeno(imports, packages)],
    };
    const plain = await esbuild.build({ ...options, write: false, metafile: true });
    const small = await esbuild.build({ ...options, write: false, minify: true });
    const code = plain.outputFiles[0].text;
    const inputs = Object.keys(plain.metafile.inputs);
    const left = /\bDeno\s*\??\.\w*|["']node:\w+["']/.exec(withoutComments(code))?.[0];
    if (left !== undefined) {
      const culprits = await filesThatSay(root, inputs, left.replace(/["']/g, ""));
      throw new BundleError(`${entry}: its bundle says ${left}, from ${culprits.join(", ")}`);
    }
    return { code, bytes: small.outputFiles[0].contents.length, inputs };
  } catch (error) {
    const { errors } = error as esbuild.BuildFailure;
    if (!Array.isArray(errors)) throw error;
    throw new BundleError(errors.map(describe).join("\n"));
  } finally {
    await esbuild.stop();
  }
}

function describe({ text, location }: esbuild.Message): string {
  return location ? `${location.file}:${location.line}: ${text}` : text;
}

async function filesThatSay(root: string, inputs: string[], word: string): Promise<string[]> {
  const found: string[] = [];
  for (const input of inputs) {
    const text = await Deno.readTextFile(input.startsWith("/") ? input : `${root}/${input}`);
    if (withoutComments(text).includes(word)) found.push(input);
  }
  return found.length > 0 ? found : ["a generated part"];
}

/** esbuild's own program, wherever this machine keeps what came from npm. */
function esbuildProgram(): string {
  const { os, arch } = Deno.build;
  const platform = `${os === "windows" ? "win32" : os}-${arch === "aarch64" ? "arm64" : "x64"}`;
  const name = os === "windows" ? "esbuild.exe" : "bin/esbuild";
  return createRequire(import.meta.resolve("esbuild")).resolve(`@esbuild/${platform}/${name}`);
}

/** Runs this file again as a child that may run esbuild: the task cannot name a path that differs by machine. */
async function again(program: string): Promise<number> {
  const { code } = await new Deno.Command(denoCommand(), {
    args: [
      ...["run", "--no-prompt", "--allow-read", "--allow-env"],
      ...[`--allow-run=${program},${denoCommand()}`, import.meta.url],
    ],
    stdin: "null",
  }).spawn().status;
  return code;
}

if (import.meta.main) {
  const program = esbuildProgram();
  const { state } = Deno.permissions.querySync({ name: "run", command: program });
  if (state !== "granted") Deno.exit(await again(program));
  try {
    const { bytes, inputs } = await bundle(Deno.cwd());
    console.log(`mod.ts for a browser: ${bytes} bytes minified, from ${inputs.length} files.`);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    console.error(`Cannot bundle mod.ts for a browser:\n${error.message}`);
    Deno.exit(1);
  }
}
