// The settings and the config of a run of the stories model, from flags.
import { type RunConfig, runConfig, type RunSettings } from "../../cli/flags/run_config.ts";
import { storiesRequest } from "../../cli/flags/train_request.ts";

/** As config.json has them. */
export function storiesSettings(flags = ""): RunSettings {
  const request = storiesRequest("train", flags === "" ? [] : flags.split(" "));
  return request.kind === "start" ? request.settings : request.given;
}

/** In groups. @param changes Beside the flags. */
export function storiesConfig(flags = "", changes: RunSettings = {}): RunConfig {
  return runConfig({ ...storiesSettings(flags), ...changes });
}
