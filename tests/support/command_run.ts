// Commands of `leash` in this process: what they print and where, on models that are small enough for a test.
import {
  adapterLayout,
  type HostAdapter,
  keyOf,
  linearLayers,
  meanOfAdapters,
  normals,
  parseModelConfig,
  peftFiles,
} from "../../core/mod.ts";
import { saveCheckpoint, writeModelFolder } from "../../files/mod.ts";
import { type CliCommand, runCommand } from "../../cli/commands/command.ts";
import type { Interrupts } from "../../cli/terminal/interrupt.ts";
import type { Terminal } from "../../cli/terminal/terminal.ts";
import { tinyModel, writeTinyModel } from "./tiny_run.ts";

/** What a command did. */
export interface Ran {
  readonly code: number;
  /** Lines on stdout. */
  readonly out: readonly string[];
  /** Lines on stderr. */
  readonly errors: readonly string[];
  /** Pieces that were streamed. */
  readonly pieces: readonly string[];
}

/** How to run one. */
export interface RunOptions {
  /** What is typed. */
  readonly input?: string;
  /** Whether the terminal takes text bit by bit. */
  readonly streams?: boolean;
  readonly signal?: AbortSignal;
  /** Hears Ctrl-C. */
  readonly interrupts?: Interrupts;
  /** Hears the status line. */
  readonly status?: (text: string) => void;
  /** Hears what is streamed. */
  readonly write?: (text: string) => void;
}

/** Runs a command with the arguments of a line, or of a list where one has blanks. */
export async function runIn(
  command: CliCommand,
  args: string | readonly string[],
  { input, streams = false, signal, interrupts, status = () => {}, write }: RunOptions = {},
): Promise<Ran> {
  const out: string[] = [], errors: string[] = [], pieces: string[] = [];
  const terminal: Terminal = {
    ...{ isTty: false, columns: 100 },
    line: (text = "") => out.push(text),
    status,
    error: (text) => errors.push(text),
    ...(streams || write
      ? {
        write(text: string) {
          pieces.push(text);
          write?.(text);
        },
      }
      : {}),
  };
  const list = typeof args === "string" ? args.split(" ").filter((arg) => arg !== "") : args;
  const code = await runCommand(command, list, {
    ...{ terminal, signal, interrupts },
    ...(input === undefined ? {} : { input: new Blob([input]).stream() }),
  });
  return { code, out, errors, pieces };
}

/** A template that spells roles out. */
export const TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}" +
  "{% if add_generation_prompt %}assistant:{% endif %}";

/** A folder with the tiny model in `model/` and the same with a chat template in `chat/`. */
export async function commandWorkspace(): Promise<Disposable & { readonly dir: string }> {
  const dir = await Deno.makeTempDir({ prefix: "leash-command-" });
  await writeTinyModel(`${dir}/model`);
  const tiny = await tinyModel();
  const tokenizerJson = { ...tiny.tokenizerJson as object, post_processor: null }; // its template begins the text
  await writeModelFolder(`${dir}/chat`, { ...tiny, tokenizerJson });
  const special = { bos_token: "<|endoftext|>", eos_token: "<|endoftext|>" };
  await Deno.writeTextFile(
    `${dir}/chat/tokenizer_config.json`,
    JSON.stringify({ ...special, chat_template: TEMPLATE }),
  );
  return { dir, [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }) };
}

/** Members of rank 2 for the tiny model, none of them zero. */
export async function tinyMembers(count: number): Promise<HostAdapter[]> {
  const { config } = await tinyModel();
  const layout = adapterLayout(linearLayers(config), { rank: 2, alpha: 8 });
  return Array.from({ length: count }, (_, k) => {
    const params = new Float32Array(layout.size); // what lies between matrices stays 0, as in every file
    for (const { aOffset, bOffset, inDim, outDim } of layout.modules.values()) {
      for (const [offset, width] of [[aOffset, inDim], [bOffset, outDim]]) {
        const draws = normals(keyOf(1000 * k + offset), layout.rank * width);
        params.set(draws.map((x) => 0.2 * x), offset);
      }
    }
    return { layout, params };
  });
}

/** Writes a PEFT folder. */
export async function writePeft(dir: string, { layout, params }: HostAdapter): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  const { config } = await tinyModel();
  const files = peftFiles(layout, params, { baseModel: "model", layers: linearLayers(config) });
  for (const [name, bytes] of files) await Deno.writeFile(`${dir}/${name}`, bytes);
}

/** Writes a run's folder as a finished run of the tiny model leaves it, with one pair that has a winner and one tie. */
export async function writeRun(
  dir: string,
  model: string,
  members: readonly HostAdapter[],
): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  const config = {
    ...{ model, loss: "dpo", reference: "behaviour", members: members.length, rank: 2, alpha: 8 },
    ...{ steps: 4, seed: 1, annotator: "stories" },
  };
  const identity = { config, kernelPath: "cpu, no FMA", model: "m", prompts: "p" };
  const json = (value: unknown) => JSON.stringify(value) + "\n";
  await Deno.writeTextFile(`${dir}/config.json`, json({ format: "leash-run-1", ...identity }));
  const answer = (ids: number[], text: string) => ({
    ...{ ids, text, finish: "length", logps: ids.map(() => -1), referenceLogp: -ids.length },
  });
  const pair = (outcome: string) => ({
    ...{ phase: 0, step: 0, prompt: "One day", promptIds: [0, 5], snapshotId: "snapshot-0" },
    ...{ a: answer([7, 8], " yes"), b: answer([9], " no"), verdict: { outcome } },
    referenceId: "snapshot-0",
  });
  await Deno.writeTextFile(`${dir}/pairs.jsonl`, json(pair("b")) + json(pair("tie")));
  const { size } = members[0].layout;
  const params = new Float32Array(members.length * size);
  members.forEach((member, k) => params.set(member.params, k * size));
  await saveCheckpoint(`${dir}/checkpoints/step-00000004`, {
    arrays: new Map([["params", params]]),
    meta: { identity, step: 4 },
  });
  const sizes = parseModelConfig(
    JSON.parse(await Deno.readTextFile(`${model}/config.json`)),
    "config.json",
  );
  await writePeft(`${dir}/adapter`, meanOfAdapters(members, linearLayers(sizes)));
}

/** Lines of JSON of a file. */
export async function jsonLines<T = Record<string, unknown>>(path: string): Promise<T[]> {
  const text = await Deno.readTextFile(path);
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
