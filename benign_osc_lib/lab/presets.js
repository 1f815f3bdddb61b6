// What the laboratory starts from, and the published numbers that it draws beside its own.

/** The sizes of the paper's section 4.3, with sigma_0 as in chapter 12 (`sweeps.DEFAULTS`). */
export const PAPER = {
  d: 64,
  uNorm: 2,
  vNorm: 0.4,
  noiseNorm: 0.8,
  n: 16,
  nWeak: 2,
  m: 8,
  sigma0: 1 / 16,
  eta: 1.2,
  epochs: 200,
  order: "cyclic",
};

/** Changes to PAPER; at these sizes kappa = eta. Each with what there is to see. */
export const PRESETS = [
  { name: "paper", title: "The paper's large rate", change: {} },
  { name: "small", title: "A small rate", change: { eta: 0.1 } },
  { name: "chaos", title: "Chaos", change: { eta: 1.5 } },
  { name: "escape", title: "Escape", change: { eta: 1.8 } },
  { name: "noiseless", title: "No noise", change: { noiseNorm: 0 } },
];

/**
 * Right answers of 160: the totals of five networks on 32 test points each, 4 of them weak (paper,
 * section 4.3), and the mean of the book's 1000 networks (chapter 12, table of right answers), in
 * per cent with the half-width of its 95 % interval. A test compares them with the stored table.
 */
export const PUBLISHED = {
  runs: 5,
  strong: 28,
  weak: 4,
  large: { eta: 1.2, right: 159, book: { all: [99.5, 0.1], weak: [96, 0.8] } },
  small: { eta: 0.1, right: 150, book: { all: [94.6, 0.2], weak: [57, 1.5] } },
};
