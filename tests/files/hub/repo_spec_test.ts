// Names of repositories, revisions and files: what the hub knows passes, what would leave a folder does not.
import { assertEquals, assertThrows } from "@std/assert";
import { checkRepoPath, isCommit, parseRepoSpec } from "../../../files/hub/repo_spec.ts";
import { Mistake } from "../../../core/base/mistake.ts";

Deno.test("parseRepoSpec() reads name, revision and file", () => {
  const rows: [string, string, string, string | undefined][] = [
    ["org/name", "org/name", "main", undefined],
    ["gpt2", "gpt2", "main", undefined],
    ["org/na.me-1_b@v1.0", "org/na.me-1_b", "v1.0", undefined],
    ["org/name@refs/pr/3", "org/name", "refs/pr/3", undefined],
    ["org/name:dir/a b.gguf", "org/name", "main", "dir/a b.gguf"],
    ["org/name@main:ab:c.gguf", "org/name", "main", "ab:c.gguf"],
  ];
  for (const [spec, repo, revision, file] of rows) {
    assertEquals(parseRepoSpec(spec), { repo, revision, file });
  }
});

Deno.test("parseRepoSpec() refuses what is no name", () => {
  const bad = [
    "",
    "/",
    "org/",
    "/name",
    "a/b/c",
    "../x",
    "org/..",
    "org/a--b",
    "org/name.git",
    "org/-x",
    "org/na me",
    "org/name@",
    "org/name@../x",
    "org/name@a/../b",
    "org/name@-x",
    "org/name@/x",
    "org/name@a b",
    "org/name:",
    "org/name:../x",
    "https://huggingface.co/org/name",
    "org/name@x.lock",
    "org/\u0000",
  ];
  for (const spec of bad) {
    assertThrows(() => parseRepoSpec(spec), Mistake, "Cannot download", spec);
  }
});

Deno.test("checkRepoPath() lets odd names pass and refuses those that leave a folder on any system", () => {
  for (
    const path of [
      "a",
      "a/b.c",
      "..a",
      "a..",
      ".gitattributes",
      "ä b#?.txt",
      "a/.b/c",
      "console.txt",
    ]
  ) {
    checkRepoPath(path, "org/name");
  }
  const bad = [
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/..",
    "../a",
    "a/./b",
    "a\\b",
    "..\\a",
    "C:/a",
    "c:a",
    "a/C:b",
    "a\u0000",
    "a\n",
    "nul",
    "a/CON.txt",
    "x".repeat(256),
    "a/".repeat(600) + "b",
  ];
  for (const path of bad) {
    assertThrows(() => checkRepoPath(path, "org/name"), Mistake, "org/name", path);
  }
});

Deno.test("isCommit() knows 40 hexadecimal digits", () => {
  assertEquals([isCommit("a".repeat(40)), isCommit("a".repeat(39)), isCommit("A".repeat(40))], [
    true,
    false,
    false,
  ]);
});
