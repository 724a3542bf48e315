// A small run of each kind that stopped in its middle, and one that is finished: train, sft and annotate.
import { ANNOTATE } from "../../cli/commands/annotate.ts";
import { SFT } from "../../cli/commands/sft.ts";
import { commandWorkspace, runIn } from "../../tests/support/command_run.ts";
import { recordingTerminal, runTrain, tinyFlags } from "../../tests/support/tiny_run.ts";
import { TINY_PROMPTS } from "../../tests/support/tiny_run.ts";
import { filesOf } from "./tamper.ts";

/** What a command did. */
export interface Ended {
  /** Its exit code. */
  readonly code: number;
  /** What it printed. */
  readonly lines: readonly string[];
}

/** A run to tamper with. */
export interface TamperKind {
  /** For people. */
  readonly name: string;
  /** Its folder, which holds it and nothing else. */
  readonly dir: string;
  /** Files that it appends to. */
  readonly appended: readonly string[];
  /** Goes on. */
  resume(): Promise<Ended>;
  /** The result, by file, without what a clock says. */
  result(): ReadonlyMap<string, string>;
}

/** Kinds and the folder that they are in. */
export interface Kinds extends Disposable {
  /** In the order in which they are tried. */
  readonly kinds: readonly TamperKind[];
}

const CLOCK = /"(seconds|tokensPerSecond|bytesPeak|dispatches|submits|readbacks)": [^\n]*/g;
const NO_RESULT = /^(\.lock|timing\.jsonl|MANIFEST\.json|config\.json|checkpoints\/.*)$/;

/** Hexadecimal digits of every file that a clock has no part in. */
function resultOf(dir: string): ReadonlyMap<string, string> {
  return new Map(
    filesOf(dir).filter((path) => !NO_RESULT.test(path)).map((path) => {
      const bytes = Deno.readFileSync(`${dir}/${path}`);
      const text = path === "summary.json" && new TextDecoder().decode(bytes).replace(CLOCK, "");
      return [path, text || bytes.toHex()];
    }),
  );
}

/** A signal that is raised at the n-th status line with this text. */
function stopAt(
  text: string,
  count: number,
): { signal: AbortSignal; status: (text: string) => void } {
  const controller = new AbortController();
  let seen = 0;
  return {
    signal: controller.signal,
    status: (line) => {
      if (line.includes(text) && ++seen === count) controller.abort(new Error("Interrupted"));
    },
  };
}

/** Names of the kinds. */
export const KINDS = ["train", "finished", "sft", "annotate"] as const;

/** Makes one of each that is named. */
export async function makeKinds(names: readonly string[] = KINDS): Promise<Kinds> {
  const work = await commandWorkspace();
  const { dir } = work;
  await Deno.writeTextFile(`${dir}/prompts.txt`, TINY_PROMPTS.join("\n"));
  const train = [...tinyFlags(dir), "--out"];
  const stop = stopAt("training", 3);
  if (names.includes("train")) {
    await runTrain([...train, `${dir}/train`], {
      signal: stop.signal,
      terminal: { ...recordingTerminal(), status: stop.status },
    });
  }
  if (names.includes("finished")) await runTrain([...train, `${dir}/finished`]);

  const row = (_: unknown, i: number) =>
    JSON.stringify({ prompt: `Tom saw a cat ${i}.`, completion: " He was kind." }) + "\n";
  await Deno.writeTextFile(`${dir}/rows.jsonl`, Array.from({ length: 6 }, row).join(""));
  const device = `--model ${dir}/model --device cpu --threads 1`;
  if (names.includes("sft")) {
    await runIn(
      SFT,
      `${device} --data ${dir}/rows.jsonl --batch-tokens 32 --eval-share 0.2 --steps 5 --rank 2 ` +
        `--checkpoint-every 1 --out ${dir}/sft`,
      stopAt("step 3/", 1),
    );
  }

  const annotate = `${device} --data ${dir}/prompts.txt --max-new 4 --annotator stories ` +
    `--out ${dir}/annotate/pairs.jsonl`;
  await Deno.mkdir(`${dir}/annotate`);
  if (names.includes("annotate")) await runIn(ANNOTATE, annotate, stopAt("prompt 16", 1));

  const inFolder = (name: string, command: typeof SFT, args: string) => ({
    ...{ name, dir: `${dir}/${name}`, result: () => resultOf(`${dir}/${name}`) },
    async resume(): Promise<Ended> {
      const { code, out, errors } = await runIn(command, args);
      return { code, lines: code === 0 ? out : errors };
    },
  });
  const trained = (name: string, appended: readonly string[]) => ({
    ...{ name, appended, dir: `${dir}/${name}`, result: () => resultOf(`${dir}/${name}`) },
    resume: () => runTrain(["--resume", `${dir}/${name}`]),
  });
  return {
    kinds: [
      trained("train", ["metrics.jsonl", "pairs.jsonl", "answers.jsonl", "timing.jsonl"]),
      trained("finished", []),
      {
        ...inFolder("sft", SFT, `--resume ${dir}/sft --device cpu --threads 1`),
        appended: ["metrics.jsonl"],
      },
      {
        ...inFolder("annotate", ANNOTATE, `${annotate} --resume`),
        appended: ["pairs.jsonl.verdicts.jsonl"],
      },
    ].filter(({ name }) => names.includes(name)),
    [Symbol.dispose]: () => work[Symbol.dispose](),
  };
}
