import { assert, assertEquals, assertThrows } from "@std/assert";
import type { RunSettings } from "../../../cli/flags/run_config.ts";
import {
  completeSettings,
  requireOneFolder,
  requireResume,
  STORIES_PRESET,
  storiesRequest,
  trainValues,
  withDefaults,
} from "../../../cli/flags/train_request.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

const split = (text: string) => text === "" ? [] : text.split(" ");

function configOf(text: string): RunSettings {
  const request = storiesRequest("train", split(text));
  assert(request.kind === "start");
  return request.settings;
}

const BAD: readonly (readonly [args: string, line: string])[] = [
  [
    "--beta -1",
    "Cannot train: --beta is -1, expected a number from 0.000001 to 1000000. The nearest is 0.000001",
  ],
  ["--beta", "Cannot train: --beta has no value, expected a number from 0.000001 to 1000000"],
  ["--beta=", "Cannot train: --beta has no value, expected a number from 0.000001 to 1000000"],
  [
    "--beta --lr 1",
    "Cannot train: --beta has no value, expected a number from 0.000001 to 1000000",
  ],
  ["--lr 0x1", 'Cannot train: --lr is "0x1", expected a number from 1e-9 to 10'],
  [
    "--lr 1e400",
    "Cannot train: --lr is 1e400, expected a number from 1e-9 to 10. The nearest is 10",
  ],
  ["--lr NaN", 'Cannot train: --lr is "NaN", expected a number from 1e-9 to 10'],
  [
    "--steps 0",
    "Cannot train: --steps is 0, expected a whole number from 1 to 1000000. The nearest is 1",
  ],
  [
    "--members 2.4",
    "Cannot train: --members is 2.4, expected a whole number from 1 to 64. The nearest is 2",
  ],
  [
    "--members -3",
    "Cannot train: --members is -3, expected a whole number from 1 to 64. The nearest is 1",
  ],
  [
    "--loss dpp",
    'Cannot train: --loss is "dpp", expected dpo, ipo, slic or slic-hf. Did you mean dpo?',
  ],
  [
    "--device gpu",
    'Cannot train: --device is "gpu", expected auto, cpu or webgpu. Did you mean cpu?',
  ],
  [
    "--bta 0.1",
    'Cannot train: "--bta" is no flag, expected flags that --help lists. Did you mean --beta?',
  ],
  [
    "--no-loss",
    'Cannot train: "--no-loss" is no flag, expected flags that --help lists. Did you mean --loss?',
  ],
  [
    "stepz",
    'Cannot train: "stepz" belongs to no flag, expected flags that --help lists. Did you mean --steps?',
  ],
  [
    "-- --steps",
    "Cannot train: --steps has no value, expected a whole number from 1 to 1000000",
  ],
  [
    "--steps 4 --phases 9",
    "Cannot train: --phases is 9, expected at most the 4 of --steps. The nearest is 4",
  ],
  [
    "--phases 2 --refresh-every 3",
    "Cannot train: --phases and --refresh-every are both given, expected one of them",
  ],
  [
    "--resume a --out b",
    "Cannot train: --out is given beside --resume, expected one of them: a run stays in its folder",
  ],
];

for (const [args, line] of BAD) {
  Deno.test(`storiesRequest() refuses ${args} in one line`, () => {
    const error = assertThrows(() => storiesRequest("train", split(args)), UsageError);
    assertEquals(error.message, line);
    assert(!error.message.includes("\n"));
  });
}

Deno.test("storiesRequest() keeps a strange argument on one line", () => {
  const error = assertThrows(() => storiesRequest("train", ["--loss", "a\nb"]), UsageError);
  assert(error.message.includes('"a\\nb"'), error.message);
});

Deno.test("storiesRequest() without arguments has every default", () => {
  const { steps, phases, refreshEvery, evalEvery, loss, reference, device, seed } = configOf("");
  assertEquals({ loss, reference, device, seed }, {
    loss: "dpo",
    reference: "behaviour",
    device: "auto",
    seed: 1,
  });
  assertEquals([phases, refreshEvery], [10, undefined]);
  assertEquals(evalEvery, Math.ceil(steps! / 10));
});

Deno.test("storiesRequest() reads good values in every spelling", () => {
  const config = configOf("--steps=40 --lr 1e-3 --beta .5 --max-new 8 --refresh-every 4 --seed 0");
  assertEquals(
    [config.steps, config.lr, config.beta, config.maxNew, config.refreshEvery, config.seed],
    [40, 1e-3, 0.5, 8, 4, 0],
  );
  assertEquals(config.phases, undefined);
  assertEquals(configOf("--steps 3").phases, 3);
  assertEquals(configOf("--steps 3 --steps 5").steps, 5);
});

Deno.test("storiesRequest() tells start and resume apart", () => {
  const start = storiesRequest("train", ["--out", "x"]);
  assert(start.kind === "start" && start.out === "x");
  assertEquals(storiesRequest("train", ["--resume", "r", "--lr", "0.5"]), {
    kind: "resume",
    dir: "r",
    given: { lr: 0.5 },
  });
});

Deno.test("completeSettings() fills in what follows from other flags, and withDefaults() no more than the table", () => {
  const settings = completeSettings("try", { ...STORIES_PRESET, steps: 4 });
  assertEquals([settings.phases, settings.evalEvery, settings.reference], [4, 1, "behaviour"]);
  const { phases, reference, chat, emaRate } = withDefaults({ steps: 4, chat: "never" });
  assertEquals({ phases, reference, chat, emaRate }, {
    ...{ phases: undefined, reference: undefined },
    ...{ chat: "never", emaRate: 0.5 },
  });
  assertEquals(withDefaults({ extendedAt: "2" }).extendedAt, "2");
});

Deno.test("trainValues() takes what rows allow, and nothing else", () => {
  assertEquals(trainValues({ steps: 3, offline: true }), { steps: 3, offline: true });
  assertThrows(() => trainValues({ steps: "3" }), TypeError, "steps is");
});

Deno.test("requireOneFolder() and requireResume() let the rest pass", () => {
  requireOneFolder("try", { resume: "a" });
  requireResume("try", { out: "b" });
  assertThrows(() => requireResume("try", { acceptChange: "rule" }), UsageError, "Cannot try:");
});
