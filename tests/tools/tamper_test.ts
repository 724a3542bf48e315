import { assert, assertEquals } from "@std/assert";
import { makeKinds, type TamperKind } from "../../tools/tamper/kinds.ts";
import { countsLine } from "../../tools/tamper/main.ts";
import { placesOf, tamper, withOther } from "../../tools/tamper/tamper.ts";

Deno.test("a byte changed in each file of a stopped run, and a cut of each log: refused by name or the same bits", async () => {
  using made = await makeKinds(["sft"]);
  for (const kind of made.kinds) {
    const counts = await tamper(kind, { places: 1, cuts: 1, seed: 7 });
    assertEquals(counts.otherwise, [], kind.name);
    assert(counts.refused > 0 && counts.identical > 0, countsLine(kind.name, counts));
  }
});

/** A run of one file that goes on whatever is in it. */
async function careless(body: (kind: TamperKind) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/log`, "a\nb\n");
    await body({
      ...{ name: "careless", dir, appended: ["log"] },
      resume: () => Promise.resolve({ code: 0, lines: ["Done"] }),
      result: () => new Map([["log", Deno.readTextFileSync(`${dir}/log`)]]),
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("tamper() counts a run that does not look as otherwise, and a refusal that does not say what", () =>
  careless(async (kind) => {
    const options = { places: 3, cuts: 2, seed: 1 };
    const { changed, cut, otherwise } = await tamper(kind, options);
    assertEquals([changed, cut, otherwise.length], [3, 2, 5]);
    let first = true;
    const vague = {
      ...kind,
      resume: () => {
        const code = first ? 0 : 2;
        first = false;
        return Promise.resolve({ code, lines: ["Cannot go on"] });
      },
    };
    assertEquals((await tamper(vague, options)).otherwise.length, 5);
  }));

Deno.test("placesOf() spreads over a file, and withOther() changes one byte", () => {
  const places = placesOf(1000, 20, 3);
  places.forEach((at, i) => assert(at >= 50 * i && at < 50 * (i + 1)));
  const bytes = Uint8Array.from({ length: 9 }, (_, i) => i);
  for (let at = 0; at < 9; at++) {
    const other = withOther(bytes, at, at);
    assertEquals(bytes.filter((byte, i) => byte !== other[i]), bytes.subarray(at, at + 1));
  }
});
