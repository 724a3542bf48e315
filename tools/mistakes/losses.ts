/** Mistakes in losses/: values, slopes, and the words that choose them. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const LOSSES: readonly MistakeRow[] = [
  [
    "dpo",
    "const z = beta * (dw - dl);\n      return keep",
    "const z = beta * (dl - dw);\n      return keep",
  ],
  ["dpo", "labelSmoothing * softplus(z)", "labelSmoothing * softplus(-z)"],
  ["dpo", "const keep = 1 - labelSmoothing", "const keep = 1"],
  ["dpo", "return { dw: slope, dl: -slope }", "return { dw: slope, dl: slope }"],
  ["dpo", "labelSmoothing * sigmoid(z) - keep", "labelSmoothing * sigmoid(z) + keep"],
  ["dpo", "rewardScale: beta", "rewardScale: 1"],
  ["dpo", "return vec2f(slope, -slope)", "return vec2f(-slope, slope)"],
  ["ipo", "1 / (2 * tau)", "1 / tau"],
  [
    "ipo",
    "x.dw / Math.max(x.nw, 1) - x.dl / Math.max(x.nl, 1)",
    "x.dw / Math.max(x.nw, 1) - x.dl / Math.max(x.nw, 1)",
  ],
  ["ipo", "const slope = 2 * residual(x)", "const slope = residual(x)"],
  ["ipo", "dl: -slope / Math.max(x.nl, 1)", "dl: -slope"],
  [
    "ipo",
    '["/ max(x.nw, 1.0f)", "/ max(x.nl, 1.0f)"]',
    '["/ max(x.nl, 1.0f)", "/ max(x.nw, 1.0f)"]',
  ],
  ["slic", "1 - beta * (dw - dl)", "beta * (dw - dl) - 1"],
  ["slic", "{ dw: -beta, dl: beta }", "{ dw: -1, dl: 1 }"],
  ["slic", "gap(x) > 0 ?", "gap(x) < 0 ?"],
  ["slicHf", "delta - lw + ll", "delta + lw - ll"],
  ["slicHf", "dw: -hinge - lambda / Math.max(x.nw, 1)", "dw: -hinge - lambda"],
  ["slicHf", "needsReference: false", "needsReference: true"],
  ["softplus", "Math.max(z, 0)", "Math.max(-z, 0)"],
  ["softplus", "Math.log1p(Math.exp(-Math.abs(z)))", "Math.log1p(Math.exp(z))"],
  ["sigmoid", "z >= 0 ? 1 : e", "z >= 0 ? e : 1"],
  ["logSigmoid", "-softplus(-z)", "-softplus(z)"],
  ["f32Literal", "value < 0", "value > 0"],
  ["sigmoidsWgsl", "1.0f / 3.0f", "1.0f / 5.0f"],
  ["lossesByName", "delta: 1 / beta", "delta: beta"],
];
