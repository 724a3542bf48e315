import { assert, assertEquals } from "@std/assert";
import {
  capabilitiesOf,
  FEATURES,
  LIMITS,
  wantedOf,
} from "../../../backend/webgpu/capabilities.ts";
import { deviceTest } from "../../support/devices.ts";

/** An adapter with these features, whose n-th limit is n, but for those it does not know. */
function adapter(features: string[], unknown: string[] = []): GPUAdapter {
  const limits = Object.fromEntries(
    [...LIMITS, "maxBindGroups"].map((name, i) => [name, unknown.includes(name) ? undefined : i]),
  );
  return { features: new Set(features), limits } as unknown as GPUAdapter;
}

Deno.test("wantedOf() asks for what the adapter has of what kernels can use", () => {
  const { requiredFeatures, requiredLimits } = wantedOf(
    adapter(["subgroups", "shader-f16", "texture-compression-bc"]),
  );
  assertEquals<string[]>(requiredFeatures, ["shader-f16", "subgroups"]);
  assertEquals(requiredLimits, Object.fromEntries(LIMITS.map((name, i) => [name, i])));
});

Deno.test("wantedOf() does not ask for a limit that the implementation does not know", () => {
  const { requiredFeatures, requiredLimits } = wantedOf(adapter([], ["maxComputeWorkgroupSizeZ"]));
  assertEquals(requiredFeatures, []);
  assertEquals(Object.keys(requiredLimits), LIMITS.filter((name) => !name.endsWith("Z")));
});

Deno.test("capabilitiesOf() names features in the order of the list", () => {
  const { features } = capabilitiesOf(adapter([...FEATURES].reverse()));
  assertEquals(features, FEATURES);
});

deviceTest("a device's info has the features and limits that it was opened with", ({ info }) => {
  if (info.runsTwins) return assertEquals([info.features, info.limits], [undefined, undefined]);
  assertEquals(Object.keys(info.limits!), [...LIMITS]);
  assert(info.limits!.maxStorageBufferBindingSize >= info.maxBindingBytes);
  assert(info.features!.every((name) => FEATURES.includes(name)));
});
