// The cache's layout: links that stay within it, refs, listings.
import { assertEquals, assertRejects } from "@std/assert";
import { RepoCache } from "../../../files/hub/cache.ts";
import { parseRepoSpec } from "../../../files/hub/repo_spec.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const COMMIT = "b".repeat(40);
const FILE = { path: "d/x.txt", size: 2, hash: "a".repeat(40) };

async function withCache(test: (cache: RepoCache, root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  const cache = new RepoCache(root, "dataset", "org/name");
  await Deno.mkdir(`${cache.folder}/blobs`, { recursive: true });
  await Deno.writeTextFile(cache.blob(FILE), "hi");
  await test(cache, root);
  await Deno.remove(root, { recursive: true });
}

Deno.test("RepoCache.link() makes a relative link, again where one is, and find() checks its size", async () => {
  await withCache(async (cache, root) => {
    await cache.link(COMMIT, FILE);
    await cache.link(COMMIT, FILE);
    const path = `${root}/datasets--org--name/snapshots/${COMMIT}/d/x.txt`;
    assertEquals(await Deno.readLink(path), `../../../blobs/${FILE.hash}`);
    assertEquals(await cache.find(COMMIT, FILE.path, 2), path);
    assertEquals(await cache.find(COMMIT, FILE.path, 3), undefined);
    assertEquals(await cache.find(COMMIT, "none"), undefined);
    assertEquals(await cache.names(COMMIT), ["d/x.txt"]);
    await Deno.remove(cache.blob(FILE));
    assertEquals(await cache.find(COMMIT, FILE.path), undefined);
    assertEquals(await cache.names(COMMIT), []); // a link to nothing
  });
});

Deno.test("RepoCache.find() follows links into blobs that repositories share, and nowhere else", async () => {
  await withCache(async (cache, root) => {
    await cache.link(COMMIT, FILE);
    await Deno.remove(cache.blob(FILE));
    await Deno.mkdir(`${root}/blobs/aa`, { recursive: true }); // as huggingface_hub 2.4 shares Xet files
    await Deno.writeTextFile(`${root}/blobs/aa/aa`, "hi");
    await Deno.symlink("../../blobs/aa/aa", cache.blob(FILE));
    assertEquals(typeof await cache.find(COMMIT, FILE.path, 2), "string");
    await Deno.remove(cache.blob(FILE));
    await Deno.mkdir(`${root}/datasets--org--name-2`);
    await Deno.writeTextFile(`${root}/datasets--org--name-2/x`, "hi");
    await Deno.symlink("../../datasets--org--name-2/x", cache.blob(FILE)); // a sibling with our name in front
    await assertRejects(() => cache.find(COMMIT, FILE.path, 2), Mistake, "its links lead to");
    await Deno.remove(cache.blob(FILE));
    await Deno.mkdir(`${root}/datasets--org--nam2`); // as long as ours
    await Deno.writeTextFile(`${root}/datasets--org--nam2/x`, "hi");
    await Deno.symlink("../../datasets--org--nam2/x", cache.blob(FILE));
    await assertRejects(() => cache.find(COMMIT, FILE.path, 2), Mistake, "its links lead to");
    await assertRejects(
      () => cache.find(COMMIT, "../../refs/main"),
      Mistake,
      "within the repository",
    );
  });
});

Deno.test("RepoCache keeps refs and listings, and takes none that is damaged", async () => {
  await withCache(async (cache) => {
    const spec = parseRepoSpec("org/name@refs/pr/1");
    assertEquals(await cache.commit(spec), undefined);
    await cache.noteCommit(spec, COMMIT);
    assertEquals(await cache.commit(spec), COMMIT);
    await Deno.writeTextFile(`${cache.folder}/refs/refs/pr/1`, "../../x");
    assertEquals(await cache.commit(spec), undefined);
    assertEquals(await cache.commit(parseRepoSpec(`org/name@${COMMIT}`)), COMMIT);
    await cache.noteListing(COMMIT, [FILE]);
    assertEquals(await cache.listing(COMMIT), [FILE]);
    for (const bad of ["[", "{}", '[{"path":"a","size":1,"hash":"../x"}]']) {
      await Deno.writeTextFile(`${cache.folder}/listings/${COMMIT}.json`, bad);
      assertEquals(await cache.listing(COMMIT), undefined);
    }
  });
});
