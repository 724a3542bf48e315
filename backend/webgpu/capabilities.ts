// What a device is asked for when it is opened: every feature and limit of the adapter that a variant of a kernel may need.

/** Features that kernels can use: half-precision arithmetic, sums across a subgroup, times of passes. */
export const FEATURES: readonly string[] = ["shader-f16", "subgroups", "timestamp-query"];

/** Limits that kernels can use, by WebGPU's names: the rest keep their defaults. */
export const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupStorageSize",
] as const;

/** Features and limits, of an adapter or a device. */
type Capable = Pick<GPUAdapter, "features" | "limits">;

/** What an adapter is asked for: all of {@linkcode FEATURES} and {@linkcode LIMITS} that it has. */
export function wantedOf(
  adapter: Capable,
): { requiredFeatures: GPUFeatureName[]; requiredLimits: Record<string, number> } {
  const { features, limits } = capabilitiesOf(adapter);
  return { requiredFeatures: [...features] as GPUFeatureName[], requiredLimits: limits };
}

/** The features and limits among those that kernels can use; an older WebGPU may not know a limit's name. */
export function capabilitiesOf(
  { features, limits }: Capable,
): { features: readonly string[]; limits: Record<string, number> } {
  const known = LIMITS.filter((name) => typeof limits[name] === "number");
  return {
    features: FEATURES.filter((name) => features.has(name)),
    limits: Object.fromEntries(known.map((name) => [name, limits[name]])),
  };
}
