// Shape checks that every kernel wrapper makes before it allocates.
import { sizeOf, type Tensor } from "./tensor.ts";

/** Rows and columns of a tensor seen as a matrix (all axes but the last are rows), checked where given. */
export function matrix(
  op: string,
  name: string,
  tensor: Tensor,
  rows?: number,
  cols?: number,
): [rows: number, cols: number] {
  const c = tensor.shape.length === 0 ? 1 : tensor.shape[tensor.shape.length - 1];
  const r = sizeOf(tensor.shape) / c;
  if ((rows !== undefined && r !== rows) || (cols !== undefined && c !== cols)) {
    throw new TypeError(
      `Cannot run ${op}: ${name} is [${tensor.shape}], expected [${rows ?? r}, ${cols ?? c}]`,
    );
  }
  return [r, c];
}

/** Check the number of elements, whatever the axes. */
export function length(op: string, name: string, tensor: Tensor, expected: number): void {
  if (sizeOf(tensor.shape) !== expected) {
    throw new TypeError(
      `Cannot run ${op}: ${name} is [${tensor.shape}], expected ${expected} elements`,
    );
  }
}
