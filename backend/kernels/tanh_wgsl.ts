// tanh for shaders: WGSL's own may be off by 1e-5, and some drivers give NaN far out. Eigen's rational function of degree
// 13 by 6 (ptanh_float; MPL 2.0, as numbers): x clamped to ±7.9053, where tanh is 1 in f32; within 5 ulp everywhere.

const ODD = [
  4.89352455891786e-03,
  6.37261928875436e-04,
  1.48572235717979e-05,
  5.12229709037114e-08,
  -8.60467152213735e-11,
  2.00018790482477e-13,
  -2.76076847742355e-16,
];
const EVEN = [
  4.89352518554385e-03,
  2.26843463243900e-03,
  1.18534705686654e-04,
  1.19825839466702e-06,
];

/** Horner's rule in q; vectors and scalars are written alike. */
function horner(coefficients: readonly number[], type: string): string {
  return coefficients.reduceRight(
    (inner, c) => inner === "" ? `${type}(${c})` : `(${inner} * q + ${type}(${c}))`,
    "",
  );
}

/** WGSL `tanhOf(x)` for numbers of one type. */
export function tanhWgsl(type: "f32" | "vec4<f32>"): string {
  return /* wgsl */ `
fn tanhOf(number: ${type}) -> ${type} {
  let x = clamp(number, ${type}(-7.9053111), ${type}(7.9053111));
  let q = x * x;
  return x * ${horner(ODD, type)} / ${horner(EVEN, type)};
}`;
}
