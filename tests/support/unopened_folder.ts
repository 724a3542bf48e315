// The folder of a run that is never opened: for what only reads and loads.
import type { RunSettings } from "../../cli/flags/run_config.ts";
import type { UnopenedFolder } from "../../cli/train/unopened_folder.ts";
import { storiesSettings } from "./run_settings.ts";
import { tinyFlags } from "./tiny_run.ts";

/** Flags of `tinyFlags` in a workspace, with changes, in a folder that is never made. */
export function tinyFolder(
  dir: string,
  changes: RunSettings = {},
  parts: Partial<UnopenedFolder> = {},
): UnopenedFolder {
  return {
    dir: `${dir}/run`,
    settings: { ...storiesSettings(tinyFlags(dir).join(" ")), ...changes },
    finished: false,
    isTyped: true,
    requireRule: () => {},
    settle: (now) => now,
    requireTrusted: () => Promise.resolve(),
    open: () => Promise.reject(new Error("Cannot open the folder: it is a test's")),
    [Symbol.dispose]: () => {},
    ...parts,
  };
}
