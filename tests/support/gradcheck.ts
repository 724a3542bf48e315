// Central differences in f64: the first link of the chain of trust.
import { assertClose } from "./close.ts";

/** ⟨∇f(x), v⟩ against (f(x + εv) − f(x − εv)) / 2ε, relative 1e-7. */
export function checkGradient(
  f: (x: Float64Array) => number,
  gradient: ArrayLike<number>,
  x: ArrayLike<number>,
  what: string,
  { eps = 1e-5, rtol = 1e-7, atol = 1e-9, seed = 1 }: {
    eps?: number;
    rtol?: number;
    atol?: number;
    seed?: number;
  } = {},
): void {
  let s = seed;
  const v = Float64Array.from(x, () => {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0;
    return s / 2 ** 31 - 1;
  });
  const along = (t: number) => f(Float64Array.from(x, (xi, i) => xi + t * v[i]));
  const difference = (along(eps) - along(-eps)) / (2 * eps);
  let product = 0;
  for (let i = 0; i < v.length; i++) product += gradient[i] * v[i];
  assertClose([product], [difference], { rtol, atol }, what);
}

/** Σ a·b: turns a vector output into a scalar for {@linkcode checkGradient}. */
export function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
