/**
 * Leash aligns language models with preferences, online, on WebGPU or on the CPU: BPO (Xu et al., EMNLP 2024)
 * with LoRA ensembles and any pairwise loss. Kernels are under `@leash/bpo/backend`.
 *
 * @module
 */
export {
  Arena,
  chooseDevice,
  Device,
  type DeviceInfo,
  type DeviceStats,
  openDevice,
  type OpenOptions,
  Owned,
  Slot,
  type Tensor,
  type TensorTree,
} from "./backend/mod.ts";
export * from "./core/mod.ts";
export * from "./losses/mod.ts";
export * from "./scheduler/mod.ts";
export * from "./training/mod.ts";
