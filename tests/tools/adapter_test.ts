import { assertEquals, assertStringIncludes } from "@std/assert";
import { findAdapter, findFile, type Run, run } from "../../tools/adapter.ts";

/** A machine in words: which commands succeed there, and what they print. */
interface Machine {
  /** Whether there is an adapter before and after the driver is installed. */
  adapters: [before: boolean, after: boolean];
  user?: string;
  sudo?: boolean;
  apt?: number;
}

/** Runs nothing: answers as the machine would, and keeps what was asked of it. */
function pretend({ adapters, user = "1000", sudo = false, apt = 0 }: Machine) {
  const asked: string[] = [];
  let isInstalled = false;
  const runner: Run = (command, args) => {
    const line = [command.split("/").at(-1), ...args].join(" ");
    const answer = (code: number, stdout = "") => Promise.resolve({ code, stdout });
    if (args[0] === "eval") return answer(0, adapters[isInstalled ? 1 : 0] ? "llvmpipe\n" : "");
    asked.push(line);
    if (line === "id -u") return answer(0, `${user}\n`);
    if (line === "sudo -n true") return answer(sudo ? 0 : 1);
    if (line.includes(" install ")) isInstalled = apt === 0;
    return answer(apt);
  };
  return { runner, asked };
}

async function search(machine: Machine) {
  const { runner, asked } = pretend(machine);
  const told: string[] = [];
  const found = await findAdapter((note) => told.push(note), runner);
  assertEquals(told, found.notes);
  return { ...found, asked };
}

Deno.test("findAdapter() installs nothing where there is one", async () => {
  assertEquals(await search({ adapters: [true, true] }), {
    adapter: "llvmpipe",
    notes: [],
    asked: [],
  });
});

Deno.test("findAdapter() installs a driver as root, in one clear line", async () => {
  const { adapter, notes, asked } = await search({ adapters: [false, true], user: "0" });
  assertEquals(adapter, "llvmpipe");
  assertEquals(notes, [
    "No WebGPU adapter here: installing a software one (apt-get install mesa-vulkan-drivers).",
  ]);
  assertEquals(asked.slice(-2), [
    "apt-get update -qq",
    "apt-get install -y -qq --no-install-recommends mesa-vulkan-drivers libvulkan1",
  ]);
});

Deno.test("findAdapter() uses sudo where it asks for no password", async () => {
  const { adapter, asked } = await search({ adapters: [false, true], sudo: true });
  assertEquals(adapter, "llvmpipe");
  assertStringIncludes(asked.at(-1)!, "sudo -n apt-get install");
});

Deno.test("findAdapter() says why there is none", async () => {
  const cases: [Machine, string][] = [
    [{ adapters: [false, true] }, "cannot be run without a password"],
    [{ adapters: [false, true], apt: 100 }, "cannot be run without a password"],
    [{ adapters: [false, false], user: "0" }, "still no adapter"],
  ];
  for (const [machine, words] of cases) {
    const { adapter, notes } = await search(machine);
    assertEquals(adapter, undefined);
    assertStringIncludes(notes.at(-1)!, words);
  }
});

Deno.test("findFile() installs the package of a missing file, and says what stays missing", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const file = { path: `${dir}/driver.json`, from: "chromium", what: "driver" };
    const cases: [user: string, brings: boolean, told: string[], missing: boolean][] = [
      ["1000", true, [], true],
      ["0", false, ["No driver here: installing Debian's chromium."], true],
      ["0", true, ["No driver here: installing Debian's chromium."], false],
      ["0", true, [], false], // it is there
    ];
    for (const [user, brings, notes, isMissing] of cases) {
      const { runner, asked } = pretend({ adapters: [false, false], user });
      const told: string[] = [];
      const missing = await findFile(file, (note) => told.push(note), async (command, args) => {
        if (brings && args.includes("install")) await Deno.writeTextFile(file.path, "{}");
        return await runner(command, args);
      });
      assertEquals(told, notes);
      assertEquals(
        missing,
        isMissing ? `${file.path} is not there, nor after apt-get install chromium.` : undefined,
      );
      assertEquals(
        asked.filter((line) => line.includes(" install ")),
        notes.map(() => "apt-get install -y -qq --no-install-recommends chromium"),
      );
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("run() gives exit code and output, and 127 for a command that is not there", async () => {
  assertEquals(await run(Deno.execPath(), ["eval", "console.log(1); Deno.exit(3)"]), {
    code: 3,
    stdout: "1\n",
  });
  assertEquals(await run("leash-has-no-such-command", []), { code: 127, stdout: "" });
});
