/** What the page does: the run, whose result stands on the page for whoever drives the browser. */
import { storyRun } from "./story_run.ts";

const steps = Number(new URL(location.href).searchParams.get("steps"));
try {
  const run = await storyRun(new URL("./", import.meta.url), steps);
  document.title = JSON.stringify({ ...run, isolated: crossOriginIsolated });
} catch (error) {
  document.title = JSON.stringify({ error: String(error) });
}
