import { assertEquals, assertThrows } from "@std/assert";
import {
  moduleFilter,
  nearestModules,
  selectModules,
  targetNames,
} from "../../../core/lora/target_modules.ts";
import { families } from "../../support/peft_cases.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const { llama, gpt2 } = families;
const names = (chosen: readonly { name: string }[]) => chosen.map(({ name }) => name);
const short = (chosen: readonly { name: string }[]) =>
  names(chosen).map((name) => name.replace(/^.*?\.(\d+)\./, "$1 "));

Deno.test("selectModules() all-linear is every layer, in any case of letters", () => {
  assertEquals(selectModules(llama, "all-linear"), llama);
  assertEquals(selectModules(llama, "ALL-Linear"), llama);
});

Deno.test("selectModules() takes PEFT's choices", () => {
  const rows: [string, ReturnType<typeof selectModules>, string[]][] = [
    ["an ending", selectModules(llama, ["q_proj"]), ["0 self_attn.q_proj", "1 self_attn.q_proj"]],
    ["a longer ending", selectModules(gpt2, ["attn.c_proj"]), ["0 attn.c_proj", "1 attn.c_proj"]],
    ["a whole name", selectModules(llama, ["model.layers.1.mlp.up_proj"]), ["1 mlp.up_proj"]],
    ["a pattern", selectModules(llama, ".*\\.1\\..*_attn\\.[qk]_proj"), [
      "1 self_attn.q_proj",
      "1 self_attn.k_proj",
    ]],
    ["Python's groups", selectModules(llama, "(?P<m>.*)\\.0\\..*(?:up)_proj\\Z"), [
      "0 mlp.up_proj",
    ]],
    ["Python's flags", selectModules(llama, "(?i).*0.*UP_PROJ"), ["0 mlp.up_proj"]],
    ["a RegExp", selectModules(llama, /.*\.0\.mlp\.(up|down)_proj/g), [
      "0 mlp.up_proj",
      "0 mlp.down_proj",
    ]],
    [
      "a list without some",
      selectModules(llama, ["q_proj", "up_proj"], { exclude: ["model.layers.0.self_attn.q_proj"] }),
      ["0 mlp.up_proj", "1 self_attn.q_proj", "1 mlp.up_proj"],
    ],
    [
      "all without a pattern",
      selectModules(llama, "all-linear", { exclude: ".*(self_attn|gate|down).*" }),
      ["0 mlp.up_proj", "1 mlp.up_proj"],
    ],
    ["some layers", selectModules(gpt2, ["c_fc"], { layersToTransform: [1] }), ["1 mlp.c_fc"]],
    [
      "some layers by name",
      selectModules(gpt2, ["c_fc"], { layersToTransform: [0], layersPattern: ["layers", "h"] }),
      ["0 mlp.c_fc"],
    ],
    [
      "some layers without some modules",
      selectModules(llama, ["up_proj", "q_proj"], { layersToTransform: [1], exclude: ["q_proj"] }),
      ["1 mlp.up_proj"],
    ],
    [
      "a whole name, whatever its layer",
      selectModules(llama, ["model.layers.0.mlp.up_proj", "q_proj"], { layersToTransform: [1] }),
      ["0 mlp.up_proj", "1 self_attn.q_proj"],
    ],
  ];
  for (const [what, found, wanted] of rows) assertEquals(short(found), wanted, what);
});

Deno.test("selectModules() matches whole parts of names only", () => {
  const layers = ["a.my_q_proj", "a.q_proj.b", "a.q_proj"].map((name) => ({
    name,
    inDim: 1,
    outDim: 1,
  }));
  assertEquals(names(selectModules(layers, ["q_proj"])), ["a.q_proj"]);
  assertEquals(names(selectModules(layers, "a.*q_proj")), ["a.my_q_proj", "a.q_proj"]);
});

Deno.test("selectModules() says what matched nothing and what is near", () => {
  const rows: [() => unknown, string][] = [
    [
      () => selectModules(llama, ["q_proj", "k_prj"]),
      '"k_prj" matches none of 14 linear layers, expected a module name as k_proj, q_proj, v_proj',
    ],
    [
      () => selectModules(gpt2, ["h.0.atn.c_proj"]),
      '"h.0.atn.c_proj" matches none of 8 linear layers, expected a module name as ' +
      "transformer.h.0.attn.c_proj, transformer.h.1.attn.c_proj, transformer.h.0.mlp.c_proj",
    ],
    [
      () => selectModules(llama, "q_proj"),
      'the pattern "q_proj" matches none of 14 linear layers, expected names as ' +
      "model.layers.0.self_attn.q_proj, model.layers.1.self_attn.q_proj, model.layers.0.mlp.up_proj. " +
      "A pattern must match the whole name",
    ],
    [
      () => selectModules(gpt2, ["c_fc"], { layersToTransform: [7] }),
      '["c_fc"] with what is left out matches none of 8 linear layers, expected names as ' +
      "transformer.h.0.mlp.c_fc, transformer.h.1.mlp.c_fc, transformer.h.0.mlp.c_proj",
    ],
    [
      () => selectModules(llama, "(q_proj"),
      '"(q_proj" is no pattern, expected a regular expression for whole module names, or a list of names',
    ],
    [
      () => selectModules(llama, ".*q_proj", { layersToTransform: [0] }),
      'layers_to_transform is there with the pattern ".*q_proj", expected a list of names. ' +
      "Put the layers' numbers into the pattern",
    ],
  ];
  for (const [act, message] of rows) {
    assertEquals(assertThrows(act, Mistake).message, `Cannot select modules: ${message}`);
  }
});

Deno.test("moduleFilter() does not mind names that match nothing", () => {
  assertEquals(llama.filter(moduleFilter(["q_proj", "c_attn"])).length, 2);
});

Deno.test("targetNames() are endings where they are exact, and choose the same again", () => {
  assertEquals(targetNames(llama, names(selectModules(llama, ["q_proj"]))), ["q_proj"]);
  for (const target of [["attn.c_proj"], ["c_proj"], ["transformer.h.0.mlp.c_fc"]]) {
    const chosen = selectModules(gpt2, target);
    assertEquals(selectModules(gpt2, targetNames(gpt2, names(chosen))), chosen);
  }
});

Deno.test("nearestModules() gives at most three different names", () => {
  assertEquals(nearestModules(llama, "up"), ["up_proj", "q_proj", "k_proj"]);
  assertEquals(nearestModules(llama.slice(0, 1), "x".repeat(100_000)), ["q_proj"]);
});
