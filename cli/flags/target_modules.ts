// `--target-modules` as the library takes it.
import type { ModuleTarget } from "../../core/mod.ts";

/** `--target-modules` as `selectModules` takes it: a pattern or `all-linear` as it is, else names between commas. */
export function targetsOf(text: string | undefined): ModuleTarget | undefined {
  if (text === undefined || text === "all-linear" || /[\\^$*+?()[\]{}|]/.test(text)) return text;
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "");
}
