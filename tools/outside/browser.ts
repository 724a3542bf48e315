// deno-lint-ignore-file no-console -- a command prints
/**
 * The same run in a browser: esbuild bundles a page, headless Chromium (Debian's, installed where it is missing) trains
 * the embedded model in it on the CPU device, and the adapter's hash must be that of Deno's run of the same steps.
 *
 * Ends with `browser: N passed, N failed, S s`; the exit code is 1 where something failed.
 */
import { findFile } from "../adapter.ts";
import { bundle } from "../bundle.ts";
import { type StoryRun, storyRun } from "./browser/story_run.ts";

/** What drives the browser. */
const PLAYWRIGHT = "npm:playwright-core@1.65.1";
const CHROMIUM = { path: "/usr/bin/chromium", from: "chromium", what: "Chromium" };
const FLAGS = [
  ...["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
  ...["--disable-sync", "--no-first-run", "--disable-quic"],
];
const STEPS = 12;
const MOST_MS = 120_000;
const ROOT = new URL("../../", import.meta.url);

/**
 * The strictest policy that a page of ours runs under: its script is a file, WebAssembly is compiled, the CPU device's
 * threads are modules of generated text, the model is fetched. Nothing is `eval`ed: there is no 'unsafe-eval'.
 */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self'";

/** What a page may do: no script but its own, no `eval`; shared memory and WebAssembly. */
const HEADERS: Readonly<Record<string, string>> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "content-security-policy": POLICY,
};

/** The part of playwright that is used. */
interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; args: string[] }): Promise<Browser>;
  };
}
interface Browser {
  newPage(): Promise<{
    goto(url: string): Promise<unknown>;
    on(event: "pageerror", listener: (error: Error) => void): void;
    waitForSelector(
      selector: string,
      options: { state: "attached"; timeout: number },
    ): Promise<unknown>;
    title(): Promise<string>;
  }>;
  close(): Promise<void>;
}

/** What a page answers with: the run, or why there is none. */
export type PageRun = StoryRun & { readonly isolated: boolean } | { readonly error: string };

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  json: "application/json",
};

/**
 * Answers a page's requests: the page itself, its script as `stories/page.js`, and the files of `stories/` around it.
 *
 * @param code The bundled script.
 */
export async function answer(request: Request, code: string): Promise<Response> {
  const { pathname } = new URL(request.url);
  const type = TYPES[pathname.split(".").at(-1)!] ?? "application/octet-stream";
  const headers = { ...HEADERS, "content-type": type };
  if (pathname === "/stories/index.html") {
    return new Response('<!doctype html><script type="module" src="page.js"></script>', {
      headers,
    });
  }
  if (pathname === "/stories/page.js") return new Response(code, { headers });
  if (!/^\/stories\/(assets|model)\/[\w.]+$/.test(pathname)) {
    return new Response("Not found", { status: 404 });
  }
  const file = await Deno.readFile(new URL(`.${pathname}`, ROOT)).catch(() => undefined);
  return file === undefined
    ? new Response("Not found", { status: 404, headers })
    : new Response(file, { headers });
}

/** The run of a page in Chromium. */
async function runInChromium(steps: number): Promise<PageRun> {
  const { code } = await bundle(Deno.realPathSync(ROOT), "tools/outside/browser/page.ts");
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => answer(request, code),
  );
  const { chromium }: Playwright = await import(PLAYWRIGHT);
  const browser = await chromium.launch({ executablePath: CHROMIUM.path, args: FLAGS });
  try {
    const page = await browser.newPage();
    const failed = new Promise<never>((_, reject) => page.on("pageerror", reject));
    await page.goto(`http://127.0.0.1:${server.addr.port}/stories/index.html?steps=${steps}`);
    // By a selector: code in a string is what the policy forbids.
    const done = page.waitForSelector("title", { state: "attached", timeout: MOST_MS });
    await Promise.race([done, failed]);
    return JSON.parse(await page.title());
  } finally {
    await browser.close();
    await server.shutdown();
  }
}

async function main(): Promise<number> {
  const began = performance.now();
  const lines: [isFine: boolean, line: string][] = [];
  const missing = await findFile(CHROMIUM, (note) => console.log(note));
  if (missing !== undefined) lines.push([false, missing]);
  else {
    const here = await storyRun(new URL("./stories/", ROOT), STEPS);
    const there = await runInChromium(STEPS).catch((error): PageRun => ({ error: String(error) }));
    if ("error" in there) lines.push([false, `Chromium: ${there.error}`]);
    else {
      const said = `${STEPS} steps in Chromium (${there.device})`;
      lines.push([there.isolated, `${said}: its threads share memory`]);
      lines.push([
        here.adapter === there.adapter,
        `${said}: adapter ${there.adapter.slice(0, 8)}, Deno's ${here.adapter.slice(0, 8)}`,
      ]);
    }
  }
  for (const [isFine, line] of lines) console.log(`${line} ... ${isFine ? "ok" : "FAILED"}`);
  const failed = lines.filter(([isFine]) => !isFine).length;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`browser: ${lines.length - failed} passed, ${failed} failed, ${seconds} s`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
