// WebGPU's flags as the specification's numbers: where an implementation is injected, the globals of that name may be
// missing (Node) or another's. https://gpuweb.github.io/gpuweb/#namespacedef-gpubufferusage

/** GPUBufferUsage. */
export const BufferUsage = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
} as const;

/** GPUMapMode. */
export const MapMode = { READ: 0x1 } as const;

/** GPUShaderStage. */
export const ShaderStage = { COMPUTE: 0x4 } as const;
