import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ensureFolder,
  exists,
  MANIFEST,
  readVerifiedFolder,
  removeFolderDurably,
  settleFolders,
  sha256Hex,
  splitPath,
  syncFolder,
  writeAll,
  writeFileDurably,
  writeFolderDurably,
} from "../../files/durable.ts";
import { Mistake } from "../../core/base/mistake.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content?: Uint8Array) => new TextDecoder().decode(content);
const names = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();

async function inTempDir(body: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const ID = "01234567-89ab-cdef-0123-456789abcdef";

Deno.test("writeFileDurably() makes folders, replaces, and leaves no temporary file", () =>
  inTempDir(async (root) => {
    await writeFileDurably(`${root}/a/b/file`, bytes("one"));
    await writeFileDurably(`${root}/a/b/file`, bytes("two"));
    assertEquals(await Deno.readTextFile(`${root}/a/b/file`), "two");
    assertEquals(await names(`${root}/a/b`), ["file"]);
  }));

Deno.test("writeFileDurably() keeps the old content when it cannot put the new in place", () =>
  inTempDir(async (root) => {
    await Deno.mkdir(`${root}/file`); // a folder cannot be replaced by a file
    await assertRejects(() => writeFileDurably(`${root}/file`, bytes("new")), Error);
    assertEquals(await names(root), ["file"]);
  }));

Deno.test("writeAll() goes on after a short write and refuses one of nothing", () => {
  const taken: number[] = [];
  const file = (most: number) => ({
    writeSync(part: Uint8Array) {
      const count = Math.min(most, part.length);
      taken.push(...part.subarray(0, count));
      return count;
    },
  } as unknown as Deno.FsFile);
  writeAll(file(3), Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  assertEquals(taken, [1, 2, 3, 4, 5, 6, 7]);
  assertEquals(
    assertThrows(() => writeAll(file(0), bytes("abc")), Error).message,
    "Cannot write: 3 bytes were not taken",
  );
});

Deno.test("writeFolderDurably() then readVerifiedFolder() gives every file, nested ones too", () =>
  inTempDir(async (root) => {
    await writeFolderDurably(`${root}/run`, async (dir) => {
      await Deno.writeTextFile(`${dir}/a`, "A");
      await writeFileDurably(`${dir}/sub/deep/b`, bytes("B"));
    });
    const files = await readVerifiedFolder(`${root}/run`);
    assertEquals([...files].map(([name, content]) => [name, text(content)]), [["a", "A"], [
      "sub/deep/b",
      "B",
    ]]);
    const manifest = JSON.parse(await Deno.readTextFile(`${root}/run/${MANIFEST}`));
    assertEquals(manifest.files.a, { // `printf A | sha256sum`
      sha256: "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd",
      size: 1,
    });
    assertEquals(await names(root), ["run"]);
  }));

Deno.test("writeFolderDurably() that throws half-way leaves the folder before it, or none", () =>
  inTempDir(async (root) => {
    const halfway = async (dir: string) => {
      await Deno.writeTextFile(`${dir}/a`, "new");
      throw new Error("out of paper");
    };
    await assertRejects(() => writeFolderDurably(`${root}/run`, halfway), Error, "out of paper");
    assertEquals(await names(root), []);
    await writeFolderDurably(`${root}/run`, (dir) => Deno.writeTextFile(`${dir}/a`, "old"));
    await assertRejects(
      () => writeFolderDurably(`${root}/run`, halfway, { replace: true }),
      Error,
      "paper",
    );
    assertEquals(text((await readVerifiedFolder(`${root}/run`)).get("a")), "old");
    assertEquals(await names(root), ["run"]);
  }));

Deno.test("writeFolderDurably() shows nothing under the final name before it is whole", () =>
  inTempDir(async (root) => {
    await writeFolderDurably(`${root}/run`, async (dir) => {
      await Deno.writeTextFile(`${dir}/a`, "A");
      assertEquals(await exists(`${root}/run`), false);
      assertEquals(dir.startsWith(`${root}/.run.`), true); // same file system: a rename is enough
    });
    assertEquals(await exists(`${root}/run`), true);
  }));

Deno.test("writeFolderDurably() replaces a folder only where it may, and can leave the manifest out", () =>
  inTempDir(async (root) => {
    const write = (content: string) => (dir: string) => Deno.writeTextFile(`${dir}/a`, content);
    await writeFolderDurably(`${root}/run/`, write("1"), { manifest: false });
    assertEquals(await names(`${root}/run`), ["a"]);
    const error = await assertRejects(
      () => writeFolderDurably(`${root}/run`, write("2")),
      Mistake,
    );
    assertEquals(
      error.message,
      `Cannot write ${root}/run: it is already there, expected a new name`,
    );
    await writeFolderDurably(`${root}/run`, write("3"), { replace: true });
    assertEquals(text((await readVerifiedFolder(`${root}/run`)).get("a")), "3");
    assertEquals(await names(root), ["run"]);
  }));

Deno.test("writeFolderDurably() refuses links and a manifest of the caller's", () =>
  inTempDir(async (root) => {
    const link = (dir: string) => Deno.symlink("/etc/passwd", `${dir}/a`);
    await assertRejects(() => writeFolderDurably(`${root}/run`, link), Mistake, '"a" is a link');
    const manifest = (dir: string) => Deno.writeTextFile(`${dir}/${MANIFEST}`, "{}");
    await assertRejects(() => writeFolderDurably(`${root}/run`, manifest), Mistake, "of its own");
    assertEquals(await names(root), []);
  }));

const DAMAGE: [what: string, damage: (dir: string) => Promise<unknown>, message: string][] = [
  [
    "a missing file",
    (dir) => Deno.remove(`${dir}/s/a`),
    "/s/a: it is missing, expected the 3 bytes",
  ],
  [
    "a cut file",
    (dir) => Deno.truncate(`${dir}/s/a`, 2),
    "/s/a: it is 2 bytes long, expected the 3 bytes",
  ],
  [
    "a changed byte",
    (dir) => Deno.writeTextFile(`${dir}/s/a`, "abd"),
    "/s/a: it is changed, expected the 3",
  ],
  [
    "a file that became a link",
    async (dir) => {
      await Deno.rename(`${dir}/s/a`, `${dir}/b`);
      await Deno.symlink("../b", `${dir}/s/a`);
    },
    "/s/a: it is a link or folder, expected a file",
  ],
  [
    "a folder that became a link",
    async (dir) => {
      await Deno.rename(`${dir}/s`, `${dir}/t`);
      await Deno.symlink("t", `${dir}/s`);
    },
    '/s" is a link, expected a folder',
  ],
  [
    "no manifest",
    (dir) => Deno.remove(`${dir}/${MANIFEST}`),
    `: ${MANIFEST} is missing, expected a folder that was written whole`,
  ],
  [
    "a manifest of nothing",
    (dir) => Deno.writeTextFile(`${dir}/${MANIFEST}`, "{}"),
    `/${MANIFEST}: files is undefined, expected an object`,
  ],
  [
    "a manifest that points out of the folder",
    (dir) => Deno.writeTextFile(`${dir}/${MANIFEST}`, '{"files":{"../x":{"sha256":"","size":0}}}'),
    `/${MANIFEST}: it lists "../x", expected paths within the folder`,
  ],
  [
    "a manifest without sizes",
    (dir) => Deno.writeTextFile(`${dir}/${MANIFEST}`, '{"files":{"a":1}}'),
    `/${MANIFEST}: "a" is 1, expected its sha256 and size`,
  ],
];
for (const [what, damage, message] of DAMAGE) {
  Deno.test(`readVerifiedFolder() refuses ${what}`, () =>
    inTempDir(async (root) => {
      await writeFolderDurably(
        `${root}/run`,
        (dir) => writeFileDurably(`${dir}/s/a`, bytes("abc")),
      );
      await damage(`${root}/run`);
      await assertRejects(() => readVerifiedFolder(`${root}/run`), Mistake, message);
    }));
}

Deno.test("settleFolders() removes half-written folders and brings back one without successor", () =>
  inTempDir(async (root) => {
    for (const name of [`.a.${ID}.tmp`, `.b.${ID}.old`, `.c.d.${ID}.old`, "b", ".keep", ".x.tmp"]) {
      await writeFileDurably(`${root}/${name}/who`, bytes(name));
    }
    await settleFolders(root);
    assertEquals(await names(root), [".keep", ".x.tmp", "b", "c.d"]);
    assertEquals(await Deno.readTextFile(`${root}/b/who`), "b");
    await settleFolders(`${root}/nowhere`);
  }));

Deno.test("removeFolderDurably() removes a folder and leaves nothing beside it", () =>
  inTempDir(async (root) => {
    await writeFileDurably(`${root}/a/b`, bytes("b"));
    await removeFolderDurably(`${root}/a`);
    assertEquals(await names(root), []);
  }));

Deno.test("ensureFolder() makes what is missing and keeps what is there", () =>
  inTempDir(async (root) => {
    await writeFileDurably(`${root}/a/file`, bytes("b"));
    await Promise.all([ensureFolder(`${root}/a/b/c`), ensureFolder(`${root}/a/b/c`)]);
    assertEquals(await names(`${root}/a`), ["b", "file"]);
    await syncFolder(`${root}/a/b/c`);
  }));

Deno.test("splitPath() is a folder and a name in it", () => {
  const rows = [["a", ".", "a"], ["/a", "/", "a"], ["a/b/", "a", "b"], ["/x/y", "/x", "y"]];
  for (const [path, parent, base] of rows) assertEquals(splitPath(path), { parent, base });
  for (const path of ["", "/", "a/..", "."]) {
    assertThrows(() => splitPath(path), Mistake, "names no");
  }
});

Deno.test("sha256Hex() is SHA-256", async () => {
  assertEquals(
    await sha256Hex(bytes("abc")), // FIPS 180-2, appendix B.1
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
