// A GGUF file in parts as llama-gguf-split cuts it is the whole file, from whichever part one begins.
import { assertEquals, assertRejects } from "@std/assert";
import { openGguf } from "../../../../core/formats/gguf/open.ts";
import { parsePartName, partNames, readGgufParts } from "../../../../core/formats/gguf/split.ts";
import { fileOfBytes, type RandomAccessFile } from "../../../../core/base/random_access.ts";
import { cutLlama, smallLlama } from "../../../malformed/gguf.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

/** A folder in memory that counts what is open. */
function folder(files: ReadonlyMap<string, Uint8Array>) {
  const state = { open: 0 };
  const open = (name: string): RandomAccessFile => {
    state.open++;
    return {
      ...fileOfBytes(files.get(name)!, `models/${name}`),
      [Symbol.dispose]: () => void state.open--,
    };
  };
  const beside = (name: string) => Promise.resolve(files.has(name) ? open(name) : undefined);
  return { state, open, beside };
}

Deno.test("parsePartName() and partNames() follow llama.cpp's names", () => {
  const name = parsePartName("m-00002-of-00003.gguf");
  assertEquals(name, { prefix: "m", part: 2, parts: 3 });
  assertEquals(partNames(name!)[2], "m-00003-of-00003.gguf");
  for (
    const other of ["m.gguf", "m-2-of-3.gguf", "m-00004-of-00003.gguf", "m-00000-of-00003.gguf"]
  ) {
    assertEquals(parsePartName(other), undefined, other);
  }
});

Deno.test("openGguf() reads the same from every part as from the whole file", async () => {
  const { state, open, beside } = folder(cutLlama());
  const whole = await openGguf(fileOfBytes(smallLlama(), "m.gguf"));
  for (const name of cutLlama().keys()) {
    const model = await openGguf(open(name), { beside });
    assertEquals([model.parts, state.open], [3, 3]);
    assertEquals([model.configJson, model.tokenizerJson], [whole.configJson, whole.tokenizerJson]);
    assertEquals(new Set(model.source.tensors.keys()), new Set(whole.source.tensors.keys()));
    for (const tensor of whole.source.tensors.keys()) {
      assertEquals(await model.source.read(tensor), await whole.source.read(tensor), tensor);
    }
    model.source[Symbol.dispose]();
    assertEquals(state.open, 0);
  }
});

const REFUSED: [what: string, change: (files: Map<string, Uint8Array>) => void, message: string][] =
  [
    [
      "missing parts",
      (files) => files.delete("m-00001-of-00003.gguf") && files.delete("m-00003-of-00003.gguf"),
      'Cannot read models/m-00002-of-00003.gguf: it is part 2 of 3 and "m-00001-of-00003.gguf", ' +
      '"m-00003-of-00003.gguf" are missing, expected all parts beside it. Fetch them, or join the parts ' +
      "with `llama-gguf-split --merge`",
    ],
    [
      "another file's part",
      (files) => files.set("m-00003-of-00003.gguf", smallLlama()),
      "Cannot read models/m-00003-of-00003.gguf: it is no part, expected part 3 of 3, as its name says",
    ],
    [
      "a tensor twice",
      (files) =>
        files.set(
          "m-00003-of-00003.gguf",
          cutLlama({ third: "token_embd.weight" }).get("m-00003-of-00003.gguf")!,
        ),
      'Cannot read models/m-00003-of-00003.gguf: tensor "token_embd.weight" is in another part too, expected each tensor once',
    ],
    [
      "fewer tensors than it had",
      (files) =>
        files.set("m-00001-of-00003.gguf", cutLlama({ count: 4 }).get("m-00001-of-00003.gguf")!),
      "Cannot read models/m-00001-of-00003.gguf: its 3 parts have 2 tensors, expected 4, as split.tensors.count says. " +
      "Fetch the parts again",
    ],
    [
      "a count that is none",
      (files) => files.set("m-00002-of-00003.gguf", smallLlama([["split.count", "string", "x"]])),
      "Cannot read models/m-00002-of-00003.gguf: split.count is no number, expected a count",
    ],
  ];
for (const [what, change, message] of REFUSED) {
  Deno.test(`readGgufParts() refuses ${what}, and leaves no file open`, async () => {
    const files = cutLlama();
    change(files);
    const { state, open, beside } = folder(files);
    const error = await assertRejects(
      () => readGgufParts(open("m-00002-of-00003.gguf"), beside),
      Mistake,
    );
    assertEquals(error.message, message);
    assertEquals(state.open, 0);
  });
}

Deno.test("readGgufParts() refuses a part whose name leads to no other", async () => {
  const bytes = cutLlama().get("m-00002-of-00003.gguf")!;
  await assertRejects(
    () => readGgufParts(fileOfBytes(bytes, "x/part2.gguf")),
    Mistake,
    'it is part 2 of 3 and its name is "part2.gguf", expected NAME-00002-of-00003.gguf',
  );
});
