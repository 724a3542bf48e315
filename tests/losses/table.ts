// One row a loss: a new loss gets every test of this folder by adding its row.

import {
  dpo,
  ipo,
  type LossInput,
  type LossSlopes,
  type PreferenceLoss,
  slic,
  slicHf,
} from "../../losses/mod.ts";

export interface LossRow {
  readonly title: string;
  readonly loss: PreferenceLoss;
  /** Value and slopes at the start, where policy and reference are one (dw = dl = 0). */
  readonly start: { readonly value: number; readonly slopes: LossSlopes };
  /** value(swapped) − value(x), in closed form, where it is one for every x. */
  readonly swap?: (x: LossInput) => number;
  /** A point exactly on the kink, and the slopes to each side of it (below, then above in dw). */
  readonly kink?: {
    readonly at: LossInput;
    readonly below: LossSlopes;
    readonly above: LossSlopes;
  };
  /** Size of the constant that the margin is compared with, in nats: it sets the rounding in f32. */
  readonly target: number;
  /** z of the e^−|z| within the loss, and β: WGSL's exp is only good to (3 + 2|z|) ulp. */
  readonly exponential?: { readonly beta: number; z(x: LossInput): number };
}

export const start: LossInput = { dw: 0, dl: 0, nw: 12, nl: 9, lw: -30, ll: -25 };

const dpoRow = (beta: number, labelSmoothing: number): LossRow => {
  const slope = -beta * (0.5 - labelSmoothing);
  return {
    title: `dpo beta ${beta} labelSmoothing ${labelSmoothing}`,
    loss: dpo({ beta, labelSmoothing }),
    start: { value: Math.LN2, slopes: { dw: slope, dl: -slope } },
    swap: (x) => (1 - 2 * labelSmoothing) * beta * (x.dw - x.dl), // softplus(z) − softplus(−z) = z
    target: 0,
    exponential: { beta, z: (x) => beta * (x.dw - x.dl) },
  };
};

export const lossTable: readonly LossRow[] = [
  dpoRow(0.1, 0),
  dpoRow(1, 0),
  dpoRow(0.1, 0.1),
  dpoRow(0.3, 0.5),
  {
    title: "ipo tau 0.1 sum",
    loss: ipo({ tau: 0.1, reduction: "sum" }),
    start: { value: 25, slopes: { dw: -10, dl: 10 } },
    swap: (x) => 20 * (x.dw - x.dl), // (h + 5)² − (h − 5)²
    target: 5,
  },
  {
    title: "ipo tau 0.25 mean",
    loss: ipo({ tau: 0.25, reduction: "mean" }),
    start: { value: 4, slopes: { dw: -4 / 12, dl: 4 / 9 } },
    swap: (x) => 8 * (x.dw / x.nw - x.dl / x.nl), // (h + 2)² − (h − 2)²
    target: 2,
  },
  {
    title: "slic beta 0.5",
    loss: slic({ beta: 0.5 }),
    start: { value: 1, slopes: { dw: -0.5, dl: 0.5 } },
    swap: (x) => { // both sides of the hinge are active while |βΔ| < 1
      const z = 0.5 * (x.dw - x.dl);
      return Math.max(0, 1 + z) - Math.max(0, 1 - z);
    },
    kink: {
      at: { ...start, dw: 1.5, dl: -0.5 },
      below: { dw: -0.5, dl: 0.5 },
      above: { dw: 0, dl: 0 },
    },
    target: 2,
  },
  {
    title: "slic-hf delta 1 lambda 0.5",
    loss: slicHf({ delta: 1, lambda: 0.5 }),
    start: { value: 6 + 1.25, slopes: { dw: -1 - 0.5 / 12, dl: 1 } },
    kink: {
      at: { ...start, lw: -24, ll: -25 },
      below: { dw: -1 - 0.5 / 12, dl: 1 },
      above: { dw: -0.5 / 12, dl: 0 },
    },
    target: 1,
  },
  {
    title: "slic-hf delta 2 lambda 0",
    loss: slicHf({ delta: 2, lambda: 0 }),
    start: { value: 7, slopes: { dw: -1, dl: 1 } },
    swap: (x) => Math.max(0, 2 + x.lw - x.ll) - Math.max(0, 2 - x.lw + x.ll),
    target: 2,
  },
];

/** Pairs with |nats| from 1e-3 to 2000, none within 1e-3 of a kink of the table. */
export const pairs: readonly LossInput[] = [-2000, -89, -5.3, -1e-3, 0, 1e-3, 0.7, 4.1, 89, 2000]
  .flatMap((dw, i) =>
    [0, 0.25, -89, 2000].map((dl, j) => {
      const nw = 1 + 7 * i, nl = 1 + 11 * j;
      return { dw, dl, nw, nl, lw: dw - 0.37 - 2.5 * nw, ll: dl - 0.11 - 3 * nl };
    })
  );

/** The same pair with chosen and rejected exchanged. */
export function swapped(x: LossInput): LossInput {
  return { dw: x.dl, dl: x.dw, nw: x.nl, nl: x.nw, lw: x.ll, ll: x.lw };
}

/** The pair after the policy's log-prob of one completion moved by h nats. */
export function moved(x: LossInput, side: "dw" | "dl", h: number): LossInput {
  return side === "dw"
    ? { ...x, dw: x.dw + h, lw: x.lw + h }
    : { ...x, dl: x.dl + h, ll: x.ll + h };
}
