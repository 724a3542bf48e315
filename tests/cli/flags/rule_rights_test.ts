import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import {
  cutsRights,
  parsePermissions,
  requireTrust,
  rightsOf,
  type RuleFlags,
  trustedConfig,
} from "../../../cli/flags/rule_rights.ts";

const NOTHING = {
  ...{ read: [], write: [], net: [], env: [], sys: [], import: [], run: [], ffi: [] },
};

Deno.test("parsePermissions() gives what is named and nothing else", () => {
  assertEquals(parsePermissions("none"), "none");
  assertEquals(parsePermissions(""), "none");
  assertEquals(parsePermissions("read, net=a.org:443,net=b.org"), {
    ...NOTHING,
    read: "inherit",
    net: ["a.org:443", "b.org"],
  });
  assertEquals(parsePermissions("env=A,env,env=B"), { ...NOTHING, env: "inherit" });
});

for (const [list, nearest] of [["raed", "read"], ["run", ""], ["net=", "net"], ["all", ""]]) {
  Deno.test(`parsePermissions() refuses ${list} in one line`, () => {
    const { message } = assertThrows(() => parsePermissions(list), UsageError);
    assertEquals(message.startsWith(`Cannot use --rule-permissions "${list}": it has`), true);
    if (nearest !== "") assertEquals(message.endsWith(`Did you mean ${nearest}?`), true, message);
  });
}

Deno.test("rightsOf() is none unless more is said", async () => {
  assertEquals(await rightsOf("r.ts", {}), "none");
  assertEquals(await rightsOf("r.ts", { rulePermissions: "sys" }), { ...NOTHING, sys: "inherit" });
  assertEquals(await rightsOf("r.ts", { trustRule: true }), undefined);
  assertEquals(await rightsOf("r.ts", { rulePermissions: "all" }), undefined);
  await assertRejects(
    () => rightsOf("r.ts", { trustRule: true, rulePermissions: "read" }),
    UsageError,
    "are both given",
  );
});

Deno.test("rightsOf() refuses where rights cannot be cut, and says both ways out", async () => {
  const main = "https://example.org/main.ts";
  const { message } = await assertRejects(() => rightsOf("r.ts", {}, main), UsageError);
  assertEquals(/--trust-rule .* --rule-permissions none$/.test(message), true, message);
  assertEquals(await rightsOf("r.ts", { rulePermissions: "none" }, main), "none");
  assertEquals(await rightsOf("r.ts", { trustRule: true }, main), undefined);
});

Deno.test("cutsRights() finds the nearest deno.json, and its workspace", async () => {
  const dir = await Deno.makeTempDir();
  const main = `file://${dir}/a/b/main.ts`;
  await Deno.mkdir(`${dir}/a/b`, { recursive: true });
  const write = (path: string, config: unknown) =>
    Deno.writeTextFile(`${dir}/${path}`, JSON.stringify(config));
  assertEquals(await cutsRights(main), false);
  const on = { unstable: ["kv", "worker-options"] };
  await write("deno.json", on);
  assertEquals(await cutsRights(main), true);
  await write("a/deno.json", {}); // hides it
  assertEquals(await cutsRights(main), false);
  await write("deno.json", { ...on, workspace: ["./a"] });
  assertEquals(await cutsRights(main), true);
  await write("a/b/deno.jsonc", { unstable: ["kv"] });
  await write("deno.json", {});
  assertEquals(await cutsRights(main), false);
  assertEquals(await cutsRights("https://example.org/main.ts"), false);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("trustedConfig() remembers trust, and requireTrust() asks for it again", () => {
  assertEquals(trustedConfig({ ruleTimeout: 3 }, {}), { ruleTimeout: 3 });
  const config = trustedConfig<RuleFlags>({ ruleTimeout: 3 }, { trustRule: true });
  assertEquals(config, { ruleTimeout: 3, rulePermissions: "all" });
  assertThrows(
    () => trustedConfig<RuleFlags>({ rulePermissions: "read" }, { trustRule: true }),
    UsageError,
  );
  assertThrows(
    () => requireTrust("runs/x", config, {}),
    UsageError,
    "Cannot resume runs/x: --trust",
  );
  requireTrust("runs/x", config, { trustRule: true });
  requireTrust("runs/x", { rulePermissions: "read" }, {});
});
