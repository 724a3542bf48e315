import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Checkpoint,
  checkpointDir,
  type JsonValue,
  latestCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  pruneCheckpoints,
  saveCheckpoint,
} from "../../files/checkpoint.ts";
import { writeFolderDurably } from "../../files/durable/folder.ts";
import { readVerifiedFolder } from "../../files/durable/manifest.ts";
import { Mistake } from "../../core/base/mistake.ts";
import { inFolder } from "../support/in_folder.ts";

const names = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
const at = (step: number): Checkpoint => ({
  arrays: new Map([["w", Float32Array.of(step)]]),
  meta: { step },
});

Deno.test("saveCheckpoint() then loadCheckpoint() keeps every bit", () =>
  inFolder(async (root) => {
    const patterns = Uint32Array.of(0x7fc00001, 0xffabcdef, 0x7f800001, 0x80000000, 1, 0xdeadbeef);
    const arrays = new Map<string, Float32Array | Uint32Array | Int32Array>([
      ["moments", new Float32Array(patterns.buffer)],
      ["key", patterns],
      ["ids", Int32Array.of(-1, 2 ** 31 - 1)],
      ["none", new Float32Array(0)],
      ["view", Float32Array.of(9, 1, 2, 9).subarray(1, 3)],
    ]);
    const meta: JsonValue = {
      step: 3,
      lr: 0.1 + 0.2,
      zero: -0,
      tiny: 5e-324,
      list: [null, true, "é\u2028"],
      nested: { "__proto__x": 1e21 },
      lost: [NaN, Infinity, -Infinity, "NaN", "Infinity"],
    };
    await saveCheckpoint(`${root}/c`, { arrays, meta });
    const loaded = await loadCheckpoint(`${root}/c`);
    assertEquals([...loaded.arrays.keys()], [...arrays.keys()]);
    for (const [name, array] of arrays) {
      const back = loaded.arrays.get(name)!;
      assertEquals(back.constructor, array.constructor);
      assertEquals(
        new Uint8Array(back.buffer),
        new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice(),
        name,
      );
    }
    assertEquals(loaded.meta, meta);
    assertEquals(Object.is((loaded.meta as { zero: number }).zero, -0), true);
  }));

Deno.test("saveCheckpoint() refuses meta that JSON would change, and says where", async () => {
  const rows: [unknown, string][] = [
    [{ a: [0, { b: Symbol("s") }] }, "meta.a[1].b is Symbol(s)"],
    [{ a: Float32Array.of(1) }, "meta.a is [object Float32Array]"],
    [{ a: new Map() }, "meta.a is [object Map]"],
    [[undefined], "meta[0] is undefined"],
    [{ a: 1n }, "meta.a is 1"],
  ];
  for (const [meta, message] of rows) {
    const save = () => saveCheckpoint("/nowhere/c", { arrays: new Map(), meta: meta as JsonValue });
    const error = await assertRejects(save, TypeError);
    assertEquals(
      error.message,
      `Cannot save the checkpoint: ${message}, expected a value that JSON keeps. ` +
        "Numbers in bulk belong in arrays",
    );
  }
});

Deno.test("saveCheckpoint() refuses arrays of other kinds", async () => {
  const arrays = new Map([["w", Float64Array.of(1) as unknown as Float32Array]]);
  await assertRejects(
    () => saveCheckpoint("/nowhere/c", { arrays, meta: null }),
    TypeError,
    'array "w" is [object Float64Array]',
  );
});

Deno.test("loadCheckpoint() names the file that a bit flipped in", () =>
  inFolder(async (root) => {
    await saveCheckpoint(`${root}/c`, at(1));
    for (const file of ["arrays.bin", "checkpoint.json"]) {
      const bytes = await Deno.readFile(`${root}/c/${file}`);
      bytes[2] ^= 1;
      await Deno.writeFile(`${root}/c/${file}`, bytes);
      await assertRejects(() => loadCheckpoint(`${root}/c`), Mistake, `c/${file}: it is changed`);
      bytes[2] ^= 1;
      await Deno.writeFile(`${root}/c/${file}`, bytes);
    }
    assertEquals(await loadCheckpoint(`${root}/c`), at(1));
  }));

Deno.test("loadCheckpoint() refuses a folder that is whole but no checkpoint", () =>
  inFolder(async (root) => {
    const index = (text: string, data: number[]) =>
      writeFolderDurably(`${root}/c`, async (dir) => {
        await Deno.writeTextFile(`${dir}/checkpoint.json`, text);
        await Deno.writeFile(`${dir}/arrays.bin`, Uint8Array.from(data));
      }, { replace: true });
    const whole = (arrays: unknown) =>
      JSON.stringify({ format: "leash-checkpoint-1", arrays, meta: 1 });
    const rows: [string, number[], string][] = [
      ['{"format":"x","arrays":[]}', [], 'format is "x", expected "leash-checkpoint-1"'],
      [whole([{ name: "a", type: "f64", length: 1 }]), [], "expected a name, a type and a length"],
      [whole([{ name: "a", type: "f32", length: -1 }]), [], "expected a name, a type and a length"],
      [
        whole([{ name: "a", type: "f32", length: 1 }]),
        [0, 0, 0],
        'it ends within array "a", expected all',
      ],
      [
        whole([{ name: "a", type: "f32", length: 1 }]),
        [0, 0, 0, 0, 0],
        "it is 5 bytes long, expected the 4",
      ],
    ];
    for (const [text, data, message] of rows) {
      await index(text, data);
      await assertRejects(() => loadCheckpoint(`${root}/c`), Mistake, message);
    }
    await writeFolderDurably(`${root}/d`, () => Promise.resolve());
    await assertRejects(() => loadCheckpoint(`${root}/d`), Mistake, "expected a checkpoint");
  }));

Deno.test("checkpointDir() sorts as the steps do", () => {
  assertEquals(checkpointDir("r", 12), "r/step-00000012");
  for (const step of [-1, 1.5, NaN]) {
    assertThrows(() => checkpointDir("r", step), RangeError, `${step}`);
  }
});

Deno.test("latestCheckpoint() is the highest step, whole or damaged, whatever else lies there", () =>
  inFolder(async (root) => {
    assertEquals(await latestCheckpoint(`${root}/none`), undefined);
    assertEquals(await latestCheckpoint(root), undefined);
    for (const step of [2, 10, 9]) await saveCheckpoint(checkpointDir(root, step), at(step));
    await Deno.mkdir(`${root}/.step-00000011.01234567-89ab-cdef-0123-456789abcdef.tmp`);
    await Deno.mkdir(`${root}/step-00000012`); // no manifest: damaged, and reading it says so
    await Deno.writeTextFile(`${root}/step-00000013`, "a file");
    await Deno.mkdir(`${root}/step-final`);
    assertEquals((await listCheckpoints(root)).map(({ step }) => step), [2, 9, 10, 12, 13]);
    assertEquals((await latestCheckpoint(root))?.step, 13);
    await assertRejects(() => loadCheckpoint(`${root}/step-00000013`), Mistake, "is missing");
  }));

Deno.test("saveCheckpoint() that fails half-way leaves the one before it for a resume", () =>
  inFolder(async (root) => {
    await saveCheckpoint(checkpointDir(root, 1), at(1));
    const broken = at(2);
    broken.arrays.set("gone", { // passes for an array until its bytes are asked for
      __proto__: Float32Array.prototype,
      get length() {
        return 1;
      },
    } as unknown as Float32Array);
    await assertRejects(() => saveCheckpoint(checkpointDir(root, 2), broken), TypeError);
    assertEquals(await names(root), ["step-00000001"]);
    const latest = await latestCheckpoint(root);
    assertEquals(await loadCheckpoint(latest!.dir), at(1));
  }));

Deno.test("pruneCheckpoints() keeps the newest and tidies leftovers", () =>
  inFolder(async (root) => {
    for (const step of [1, 2, 3, 4]) await saveCheckpoint(checkpointDir(root, step), at(step));
    await Deno.mkdir(`${root}/.step-00000005.01234567-89ab-cdef-0123-456789abcdef.tmp`);
    await pruneCheckpoints(root, 2);
    assertEquals(await names(root), ["step-00000003", "step-00000004"]);
    await pruneCheckpoints(root, 5);
    assertEquals((await names(root)).length, 2);
    for (const keep of [0, 1.5]) {
      await assertRejects(() => pruneCheckpoints(root, keep), RangeError);
    }
  }));

Deno.test("saveCheckpoint() killed with -9 at any moment leaves a newest checkpoint that loads", () =>
  inFolder(async (root) => {
    const module = new URL("../../files/checkpoint.ts", import.meta.url).href;
    const script = `${root}/save.ts`;
    await Deno.writeTextFile(
      script,
      `import { checkpointDir, pruneCheckpoints, saveCheckpoint } from "${module}";
       const root = Deno.args[0];
       const arrays = new Map([["w", new Float32Array(50_000)]]);
       for (let step = 1; ; step++) {
         arrays.get("w").fill(step);
         await saveCheckpoint(checkpointDir(root, step), { arrays, meta: { step } });
         await saveCheckpoint(checkpointDir(root, step), { arrays, meta: { step } }); // replaced
         await pruneCheckpoints(root, 2);
         if (step === 1) Deno.stdout.writeSync(new Uint8Array([1]));
       }`,
    );
    for (const pause of [0, 7, 23]) {
      const dir = `${root}/run-${pause}`;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--no-config", "-A", script, dir],
        stdout: "piped",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, pause));
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await pruneCheckpoints(dir, 2);
      const latest = await latestCheckpoint(dir);
      const { arrays, meta } = await loadCheckpoint(latest!.dir);
      assertEquals(meta, { step: latest!.step });
      assertEquals(arrays.get("w")!.every((value) => value === latest!.step), true);
      for (const name of await names(dir)) await readVerifiedFolder(`${dir}/${name}`);
    }
  }));
