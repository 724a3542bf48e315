import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { GENERATE } from "../../../cli/commands/generate.ts";
import {
  commandWorkspace,
  jsonLines,
  runIn,
  tinyMembers,
  writePeft,
} from "../../support/command_run.ts";
import { filesBelow } from "../../support/tiny_run.ts";

const DEVICE = ["--device", "cpu", "--threads", "1", "--max-new", "8"];

interface Line {
  readonly prompt: unknown;
  readonly completion: string;
  readonly adapter: string;
  readonly sample: number;
  readonly finish: string;
  readonly prompt_ids: number[];
  readonly completion_ids: number[];
  readonly logps: number[];
}

Deno.test("GENERATE streams what it would print, and the same seed prints the same", async () => {
  using work = await commandWorkspace();
  const args = ["--model", `${work.dir}/model`, "--prompt", "Lily saw a cat", ...DEVICE];
  const whole = await runIn(GENERATE, args);
  assertEquals([whole.code, whole.out.length], [0, 1], whole.errors.join("\n"));
  const streamed = await runIn(GENERATE, args, { streams: true });
  assert(streamed.pieces.length > 1);
  assertEquals(streamed.pieces.join(""), whole.out[0]);
  const other = await runIn(GENERATE, [...args, "--seed", "2"]);
  assertNotEquals(other.out, whole.out);
});

Deno.test("GENERATE --out has ids, log-probs and finish of every answer of every adapter", async () => {
  using work = await commandWorkspace();
  const [member] = await tinyMembers(1);
  await writePeft(`${work.dir}/lora`, member);
  await Deno.writeTextFile(`${work.dir}/p.txt`, "Tom sat.\nMia ran.\n");
  const out = `${work.dir}/answers.jsonl`;
  const { code, errors } = await runIn(GENERATE, [
    ...["--model", `${work.dir}/model`, "--adapter", "base", "--adapter", `${work.dir}/lora`],
    ...["--prompts", `${work.dir}/p.txt`, "--n", "2", "--out", out, ...DEVICE],
  ]);
  assertEquals(code, 0, errors.join("\n"));
  const lines = await jsonLines<Line>(out);
  assertEquals(
    lines.map(({ prompt, adapter, sample }) => [prompt, adapter.split("/").at(-1), sample]),
    ["base", "lora"].flatMap((adapter) =>
      ["Tom sat.", "Mia ran."].flatMap((prompt) => [0, 1].map((n) => [prompt, adapter, n]))
    ),
  );
  for (const { prompt_ids, completion_ids, logps, finish } of lines) {
    assertEquals(prompt_ids[0], 0, "Expected BOS first, as in training");
    assertEquals(logps.length, completion_ids.length);
    assert(logps.every((logp) => logp <= 0));
    assert(finish === "stop" || completion_ids.length === 8);
  }
  assertNotEquals(lines[0].completion_ids, lines[1].completion_ids);
  assertNotEquals(lines[0].logps[0], lines[4].logps[0]);
});

Deno.test("GENERATE puts a prompt through the chat template as --chat says", async () => {
  using work = await commandWorkspace();
  const idsOf = async (model: string, ...more: string[]) => {
    const out = `${work.dir}/${crypto.randomUUID()}.jsonl`;
    const args = ["--model", `${work.dir}/${model}`, "--prompt", "Hi", "--out", out, ...DEVICE];
    const { code, errors } = await runIn(GENERATE, [...args, ...more]);
    assertEquals(code, 0, errors.join("\n"));
    return (await jsonLines<Line>(out))[0].prompt_ids;
  };
  const plain = await idsOf("model");
  assertEquals(
    await idsOf("chat", "--chat", "never"),
    plain.slice(1),
    "no BOS that no file asks for",
  );
  const turn = await idsOf("chat");
  assertEquals(await idsOf("chat", "--chat", "always"), turn);
  assert(turn.length > plain.length);
  assert((await idsOf("chat", "--system", "Be kind")).length > turn.length);
});

for (
  const [args, message] of [
    ["", /^Cannot generate: --prompt and --prompts are not given, expected one of them$/],
    ["--prompt a --prompts b", /are both given, expected one of them$/],
    ["--prompt a --max-new 64", /^Cannot generate: --max-new is 64, .* The nearest is 63$/],
    [
      "--prompt a --adapter nowhere",
      /^Cannot use the adapter "nowhere": it is not there, expected a PEFT/,
    ],
    ["--prompts nowhere.txt", /^Cannot open nowhere.txt: it is missing, expected a data file/],
    ["--prompt a --chat always", /no chat template and --chat is always, expected one/],
    [
      "--prompt a --tmperature 1",
      /^Cannot generate: "--tmperature" is no flag, .* --temperature\?$/,
    ],
  ] as const
) {
  Deno.test(`GENERATE ${args} is one line, exit code 2, and writes nothing`, async () => {
    using work = await commandWorkspace();
    const before = filesBelow(work.dir);
    const { code, out, errors } = await runIn(
      GENERATE,
      `${DEVICE.join(" ")} --model ${work.dir}/model --out ${work.dir}/o.jsonl ${args}`,
    );
    assertEquals([code, out, errors.length], [2, [], 1], errors.join("\n"));
    assertMatch(errors[0], message);
    assertEquals(filesBelow(work.dir), before);
  });
}

Deno.test("GENERATE that is interrupted ends with 130 and writes nothing", async () => {
  using work = await commandWorkspace();
  const { code, errors } = await runIn(
    GENERATE,
    `--model ${work.dir}/model --prompt a --out ${work.dir}/o.jsonl ${DEVICE.join(" ")}`,
    { signal: AbortSignal.abort() },
  );
  assertEquals([code, errors.at(-1)], [130, "Interrupted"]);
  assert(!filesBelow(work.dir).includes("o.jsonl"));
});
