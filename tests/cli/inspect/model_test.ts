import { assertEquals } from "@std/assert";
import { type BaseDType, openDevice } from "../../../backend/mod.ts";
import { loadModel } from "../../../core/mod.ts";
import { deviceBytes, inspectModel } from "../../../cli/inspect/model.ts";
import { commandWorkspace } from "../../support/command_run.ts";
import { tinyModel } from "../../support/tiny_run.ts";

Deno.test("deviceBytes() is what loading takes on the device, but for the rotary table", async () => {
  const { config, tensors } = await tinyModel();
  const promised = deviceBytes(config);
  for (const baseDtype of ["f32", "f16", "int8", "int4"] as BaseDType[]) {
    using device = await openDevice({ kind: "cpu", threads: 1 });
    const model = loadModel(device, config, tensors, { baseDtype });
    using weights = model.weights;
    const bytes = Object.entries(weights.borrow())
      .filter(([name]) => !name.startsWith("rope"))
      .flatMap(([, weight]) =>
        "blocks" in weight ? weight.blocks.flatMap(({ data, scales }) => [data, scales]) : [weight]
      )
      .reduce(
        (sum, tensor) => sum + (tensor === undefined ? 0 : 4 * tensorLength(tensor.shape)),
        0,
      );
    assertEquals(promised[baseDtype], bytes, baseDtype);
  }
});

function tensorLength(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

Deno.test("inspectModel() shows the end of a turn, and what a user should know", async () => {
  using work = await commandWorkspace();
  const path = `${work.dir}/chat/tokenizer_config.json`;
  const config = JSON.parse(await Deno.readTextFile(path));
  const inspected = async (end: string) => {
    const chat_template = `{% for m in messages %}{{ m.content }}${end}{% endfor %}`;
    await Deno.writeTextFile(path, JSON.stringify({ ...config, chat_template }));
    const { endOfTurn, notes } = await inspectModel(`${work.dir}/chat`, { values: false });
    return [endOfTurn, (notes as string[] | undefined)?.length];
  };
  assertEquals(await inspected("<|endoftext|>"), ['0 "<|endoftext|>"', undefined]);
  assertEquals(await inspected("<end>"), ["plain text, which is no end token", 1]);
  assertEquals(await inspected("{{ raise_exception('no') if messages | length > 1 }}"), [
    "not known: the template renders other dialogues",
    undefined,
  ]);
  const asks = await inspected("{{ strftime_now('%F') }}<|endoftext|>");
  assertEquals(asks, ['0 "<|endoftext|>"', undefined]);
  const { date } = await inspectModel(`${work.dir}/chat`, { values: false });
  assertEquals(date, "asked for by the template: --date, or today");
});

Deno.test("inspectModel() of a GGUF file has its quantised types", async () => {
  const path = new URL("../../fixtures/gguf/llama.gguf", import.meta.url).pathname;
  const report = await inspectModel(path, { values: false });
  assertEquals([report.kind, report.family], ["GGUF model", "llama"]);
});
