import { assertRejects } from "@std/assert";
import { writeFileDurably } from "../../../files/durable/file.ts";
import { writeFolderDurably } from "../../../files/durable/folder.ts";
import { MANIFEST, readVerifiedFolder } from "../../../files/durable/manifest.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { bytes } from "./temporary.ts";
import { inFolder } from "../../support/in_folder.ts";

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
    inFolder(async (root) => {
      await writeFolderDurably(
        `${root}/run`,
        (dir) => writeFileDurably(`${dir}/s/a`, bytes("abc")),
      );
      await damage(`${root}/run`);
      await assertRejects(() => readVerifiedFolder(`${root}/run`), Mistake, message);
    }));
}
