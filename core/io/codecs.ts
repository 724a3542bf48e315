// The files room's browser half: formats as bytes in and bytes out, and models over fetch. No file system.
export type { HostTensor, HostTensors } from "./host_tensor.ts";
export * from "./llama2c.ts";
export * from "./llama2c_tokenizer.ts";
export * from "./model_files.ts";
export * from "./peft.ts";
export * from "./safetensors.ts";
