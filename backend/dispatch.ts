// What a dispatch must be given: living tensors of the right dtypes, one memory for each that is written, numbers in range.
import type { Binding, Kernel, Numbers } from "./kernel.ts";
import type { Storage } from "./memory.ts";
import type { DType, Tensor } from "./tensor.ts";

/** What one dispatch is given. */
export interface DispatchArgs {
  /** A tensor for each binding of the kernel. */
  readonly bind: Readonly<Record<string, Tensor>>;
  /** A number for each param. */
  readonly params: Numbers;
  /** A whole number for each fixed name. */
  readonly fixed?: Numbers;
}

/** The dtype of the tensors that a binding takes. */
function dtypeOf({ type = "f32" }: Binding): DType {
  return type === "vec4<f32>" || type === "vec2<f32>" ? "f32" : type;
}

/**
 * Check a dispatch, and count what it binds.
 *
 * @returns The memory of its bindings, in order.
 * @throws {TypeError} If a tensor is missing or of another dtype, two share what one writes, or a number is out of range.
 * @throws {ReferenceError} If memory is dead: it says why.
 */
export function checkedStorages(
  kernel: Kernel,
  { bind, params, fixed = {} }: DispatchArgs,
): Storage[] {
  const storages = kernel.bindings.map((binding, i) => {
    const { name, type = "f32" } = binding;
    const tensor = bind[name];
    if (tensor === undefined) {
      throw new TypeError(`Cannot dispatch ${kernel.name}: binding "${name}" is missing`);
    }
    if (tensor.dtype !== dtypeOf(binding)) {
      throw new TypeError(
        `Cannot dispatch ${kernel.name}: "${name}" is ${tensor.dtype}, expected ${type}`,
      );
    }
    if (tensor.storage.ended !== undefined) {
      throw new ReferenceError(
        `Cannot bind "${tensor.storage.label}" as ${name} (binding ${i}) of ${kernel.name}: ${tensor.storage.ended}`,
      );
    }
    tensor.storage.binds++;
    return tensor.storage;
  });
  kernel.bindings.forEach(({ name, access }, i) => {
    if (access === "read") return;
    const j = storages.findIndex(({ block }, k) => k !== i && block === storages[i].block);
    if (j >= 0) {
      throw new TypeError(
        `Cannot dispatch ${kernel.name}: "${name}", which it writes, and "${
          kernel.bindings[j].name
        }" are one memory ("${storages[i].label}"), expected two`,
      );
    }
  });
  const check = (what: string, name: string, x: number, whole: boolean) => {
    if (whole ? Number.isInteger(x) && x >= 0 && x < 2 ** 32 : Number.isFinite(x)) return;
    throw new TypeError(
      `Cannot dispatch ${kernel.name}: ${what} ${name} is ${x}, expected a ${
        whole ? "u32" : "finite number"
      }`,
    );
  };
  for (const [name, type] of kernel.params) check("param", name, params[name], type === "u32");
  for (const name of kernel.fixed) check("fixed", name, fixed[name], true);
  return storages;
}
