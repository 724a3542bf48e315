// deno-lint-ignore-file no-console -- a command prints
/**
 * Two implementations of WebGPU train the same: Deno's own (wgpu) on the adapter of this machine, and Dawn
 * (`npm:webgpu`) on SwiftShader, the software driver of Debian's `chromium`, which is installed where it is missing. Each
 * is a process of its own, takes the same three steps and generates; losses may differ by 1e-5. Without `--smoke` wgpu
 * goes through SwiftShader too, and every kernel test runs on both.
 *
 * Ends with `two WebGPUs: N passed, N failed, S s`; the exit code is 1 where something failed.
 */
import { initModel, keyOf, linearLayers, loadModel, parseModelConfig } from "../../core/mod.ts";
import {
  adapterLayout,
  generate,
  initTrainState,
  pairwise,
  preferenceBatch,
  trainStep,
} from "../../core/mod.ts";
import { Arena, openDevice, Slot } from "../../backend/mod.ts";
import { dpo } from "../../losses/mod.ts";
import { findAdapter, findFile, wgpuEnv } from "../adapter.ts";
import { denoCommand } from "../deno_command.ts";

/** The Dawn that is tried; later than 0.6.0, which asks for a newer C++ library than Debian 12 has. */
export const DAWN = "npm:webgpu@0.6.2";

/** SwiftShader's driver as Debian's chromium brings it. */
const SWIFTSHADER = {
  path: "/usr/lib/chromium/vk_swiftshader_icd.json",
  from: "chromium",
  what: "SwiftShader",
};

/** How far two implementations' losses may be apart, nats. */
const MOST_APART = 1e-5;

/** An implementation on a driver. */
interface Place {
  readonly name: string;
  /** What is imported for its `create`; absent for Deno's own. */
  readonly module?: string;
  readonly env: Record<string, string>;
}

/** What one of them came to. */
export interface Training {
  readonly adapter: string;
  /** Of each step: the losses of each member and pair, and the members' gradient norms. */
  readonly numbers: number[];
  /** Greedy answers after the steps. */
  readonly ids: number[][];
}

/** Three steps of two members on a model with a bit of everything; greedy answers before and after. */
export async function train(gpu: GPU | undefined): Promise<Training> {
  using device = await openDevice({ kind: "webgpu", gpu });
  const config = parseModelConfig({
    ...{ model_type: "llama", vocab_size: 97, hidden_size: 32, intermediate_size: 48 },
    ...{ num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, head_dim: 8 },
  }, "config.json");
  const model = loadModel(device, config, initModel(config, keyOf(1)));
  using _weights = model.weights;
  const layout = adapterLayout(linearLayers(config), { rank: 4, alpha: 8 });
  const objective = pairwise(dpo({ beta: 0.5 }));
  using state = new Slot(initTrainState(device, layout, 2, keyOf(2)));
  const batch = preferenceBatch([
    {
      prompt: [1, 5, 9],
      chosen: [6, 12, 2],
      rejected: [7, 40],
      referenceChosen: -14,
      referenceRejected: -9,
    },
    {
      prompt: [1, 33],
      chosen: [8],
      rejected: [71, 3, 96, 2],
      referenceChosen: -5,
      referenceRejected: -19,
    },
  ], { snapshotId: "s", referenceId: "s", requireSame: true });
  const numbers: number[] = [];
  for (let step = 0; step < 3; step++) {
    using arena = new Arena(device, `step ${step}`);
    const options = { step, learningRate: 1e-2 };
    const next = await trainStep(
      arena,
      { model, layout, objective },
      state.current,
      batch,
      options,
    );
    const { losses, normSquares } = await arena.readAll(next.metrics);
    numbers.push(...losses, ...Array.from(normSquares, Math.sqrt));
    state.set(next.state);
  }
  const params = state.current.borrow().params;
  const adapter = { layout, params: { ...params, shape: [1, layout.size] } };
  const drawn = await generate(device, model, [[1, 5, 9], [1]], {
    ...{ maxNew: 8, temperature: 0, key: keyOf(3), adapter },
  });
  return { adapter: device.info.name, numbers, ids: drawn.map(({ ids }) => [...ids]) };
}

/** The largest distance of two lists of numbers; infinite where one is longer or holds a number that is none. */
export function distance(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((most, x, i) => {
    const apart = Math.abs(x - b[i]);
    return Number.isFinite(apart) ? Math.max(most, apart) : Infinity;
  }, 0);
}

/** Runs this file for one implementation, in a process of its own: a driver's crash is its failure alone. */
async function trainIn({ name, module = "", env }: Place): Promise<Training> {
  const { code, stdout, stderr } = await new Deno.Command(denoCommand(), {
    args: ["run", "-A", "-q", "--no-lock", import.meta.filename!, "--one", module],
    env: { ...wgpuEnv(), NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  const line = text.decode(stdout).split("\n").find((line) => line.startsWith("{"));
  if (line !== undefined) return JSON.parse(line);
  throw new Error(`Cannot train on ${name}: exit code ${code}\n${text.decode(stderr).trim()}`);
}

/** Runs the kernels' tests on one implementation; how many passed and failed. */
async function kernelTests(
  { name, module, env }: Place,
): Promise<[passed: number, failed: number]> {
  let passed = 0, failed = 0;
  // A process for each file: Dawn is an addon of Node's, which one isolate of a process may load.
  for (const file of kernelTestFiles()) {
    const { stdout, stderr } = await new Deno.Command(denoCommand(), {
      args: ["test", "-A", "-q", "--no-lock", "--no-check", file],
      env: {
        ...{ NO_COLOR: "1", LEASH_TEST_DEVICES: "webgpu", ...wgpuEnv(), ...env },
        ...(module === undefined ? {} : { LEASH_TEST_WEBGPU: module }),
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const output = new TextDecoder().decode(stdout);
    const found = output.match(/(\d+) passed.*?(\d+) failed/);
    passed += Number(found?.[1] ?? 0);
    failed += Number(found?.[2] ?? 1);
    if (found?.[2] !== "0") {
      console.error(`${file} on ${name}:\n${output}${new TextDecoder().decode(stderr)}`);
    }
  }
  return [passed, failed];
}

/** Kernel tests with a WebGPU half. */
function kernelTestFiles(): string[] {
  const dir = new URL("../../tests/backend/kernels/", import.meta.url).pathname;
  return [...Deno.readDirSync(dir)].map(({ name }) => dir + name)
    .filter((path) => path.endsWith("_test.ts"))
    .filter((path) => /deviceTest\(/.test(Deno.readTextFileSync(path))).sort();
}

/** Sees to it that SwiftShader and an adapter for wgpu are there; what is missing, a sentence each. */
async function install(tell: (note: string) => void): Promise<string[]> {
  const missing: string[] = [];
  const { adapter } = await findAdapter(tell);
  if (adapter === undefined) missing.push("There is no WebGPU adapter for wgpu.");
  const noDriver = await findFile(SWIFTSHADER, tell);
  if (noDriver !== undefined) missing.push(noDriver);
  return missing;
}

async function main(isSmoke: boolean): Promise<number> {
  const began = performance.now();
  let passed = 0, failed = 0;
  const count = (isFine: boolean, line: string) => {
    isFine ? passed++ : failed++;
    console.log(`${line} ... ${isFine ? "ok" : "FAILED"}`);
  };
  for (const sentence of await install((note) => console.log(note))) count(false, sentence);
  const swiftshader = { VK_ICD_FILENAMES: SWIFTSHADER.path };
  const wgpu: Place = { name: "wgpu", env: {} };
  const dawn: Place = { name: "Dawn on SwiftShader", module: DAWN, env: swiftshader };
  const others = isSmoke ? [dawn] : [dawn, { name: "wgpu on SwiftShader", env: swiftshader }];
  if (failed === 0) {
    const first = await trainIn(wgpu);
    count(first.numbers.every(Number.isFinite), `${wgpu.name}, ${first.adapter}: three steps`);
    for (const place of others) {
      const other = await trainIn(place).catch((error: Error) => error);
      if (other instanceof Error) {
        count(false, other.message);
        continue;
      }
      const apart = distance(first.numbers, other.numbers);
      count(
        apart <= MOST_APART && first.adapter !== other.adapter,
        `${place.name}, ${other.adapter}: ${first.numbers.length} losses and norms within ${
          apart.toExponential(1)
        }`,
      );
      count(
        distance(first.ids.flat(), other.ids.flat()) === 0,
        `${place.name}: the same greedy answers`,
      );
    }
  }
  for (const place of isSmoke || failed > 0 ? [] : [wgpu, dawn]) {
    const [good, bad] = await kernelTests(place);
    console.log(`${place.name}: ${good} kernel tests passed, ${bad} failed`);
    passed += good;
    failed += bad;
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`two WebGPUs: ${passed} passed, ${failed} failed, ${seconds} s`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) {
  const [flag, module] = Deno.args;
  if (flag === "--one") {
    const gpu = module ? (await import(module)).create([]) : undefined;
    console.log(JSON.stringify(await train(gpu)));
    Deno.exit(0); // whatever threads a driver has left
  }
  Deno.exit(await main(Deno.args.includes("--smoke")));
}
