/**
 * Devices, memory and kernels: WebGPU, and a CPU device with the same ops. Knows no language models.
 *
 * @module
 */
export * from "./tensor.ts";
export * from "./quantise.ts";
export * from "./matrix.ts";
export * from "./memory.ts";
export * from "./kernel.ts";
export { grid, WORKGROUP, WORKGROUP_SUM } from "./workgroup.ts";
export * from "./device.ts";
export * from "./device_error.ts";
export * from "./arena.ts";
export type { DispatchArgs } from "./dispatch.ts";
export type { AnyHostArray } from "./host_array.ts";
export { Owned, Slot } from "./owned.ts";
export * from "./counting_device.ts";
export * from "./open.ts";
export { CpuDevice, type CpuOptions } from "./cpu/device.ts";
export type { WasmKernels } from "./cpu/wasm.ts";
export { GpuDevice, type GpuOptions } from "./webgpu/device.ts";
export * from "./kernels/rms_norm.ts";
export * from "./kernels/layer_norm.ts";
export * from "./kernels/matmul/matmul.ts";
export * from "./kernels/activation.ts";
export * from "./kernels/bias.ts";
export * from "./kernels/columns.ts";
export * from "./kernels/matmul/matrix_matmul.ts";
export * from "./kernels/elementwise.ts";
export * from "./kernels/embedding.ts";
export * from "./kernels/reduce.ts";
export * from "./kernels/rope.ts";
export * from "./kernels/attention/attention.ts";
export * from "./kernels/attention/backward.ts";
export * from "./kernels/attention/decode.ts";
export * from "./kernels/kv_cache.ts";
export * from "./kernels/token_logps.ts";
export * from "./kernels/token_logps_weight_grad.ts";
export * from "./kernels/preference_loss.ts";
export { BLOCKS } from "./kernels/block_wgsl.ts";
export * from "./kernels/finite.ts";
export * from "./kernels/adamw.ts";
export * from "./kernels/merge.ts";
export * from "./kernels/softcap.ts";
export * from "./kernels/sample.ts";
