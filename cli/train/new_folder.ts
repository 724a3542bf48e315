// The folder of a run that begins: free and writable, and not made before everything is known that goes into it.
import { runConfig } from "../flags/run_config.ts";
import { datedFolder, withAbsolutePaths } from "../flags/paths.ts";
import { trustedConfig } from "../flags/rule_rights.ts";
import type { StartRequest } from "../flags/train_request.ts";
import { FILES, requireNoRun, RunFolder, writeIdentity } from "../folder/run_folder.ts";
import { withOrigin } from "../folder/trust.ts";
import { requireWritable } from "../terminal/system_mistake.ts";
import type { UnopenedFolder } from "./unopened_folder.ts";

/**
 * The folder that a run is to begin in; it is made when it is opened.
 *
 * @throws {UsageError} If it holds something already, or cannot be written into.
 */
export async function newFolder(request: StartRequest): Promise<UnopenedFolder> {
  const settings = trustedConfig(withAbsolutePaths(request.settings), request);
  const { method: { loss }, sampling: { seed } } = runConfig(settings);
  const dir = request.out ?? datedFolder(loss, seed);
  await requireNoRun(dir);
  await requireWritable("train", `${dir}/${FILES.config}`);
  const owned = new DisposableStack();
  return {
    ...{ dir, settings, finished: false, isTyped: true },
    requireRule: () => {},
    settle: (now) => now,
    requireTrusted: () => Promise.resolve(), // who typed its name trusts it
    async open(identity, about) {
      const folder = owned.use(await RunFolder.own(dir));
      await requireNoRun(dir);
      const own = await withOrigin(dir, identity);
      await writeIdentity(dir, own, about);
      await folder.openLogs();
      return { folder, identity: own };
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}
