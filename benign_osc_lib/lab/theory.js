// The formulas that the laboratory draws over its runs, with the names of `benign_osc_lib.theory`.

export const SIGN_LIMIT = Math.sqrt(27) / 2 - 1; // chapter 6, Proposition 6.4
export const STABLE_CYCLE_LIMIT = Math.sqrt(5) - 1; // chapter 6, Proposition 6.3
export const ALTERNATION_LIMIT = 3 / Math.SQRT2 - 1; // appendix G, Lemma G.3
export const ESCAPE = 2; // appendix F, Proposition F.3
export const MONOTONE_LIMIT = 2 * Math.SQRT2 - 2; // appendix F, Theorem F.1

/** kappa = 2 eta |u|^2 / m (chapter 4). */
export function kappa(lr, uNorm, m) {
  return (2 * lr * uNorm ** 2) / m;
}

/** The learning rate eta that makes a kappa. */
export function learningRate(kappaWanted, uNorm, m) {
  return (kappaWanted * m) / (2 * uNorm ** 2);
}

/** nu = |v|^2 / |u|^2 (chapter 2). */
export function nu(uNorm, vNorm) {
  return (vNorm / uNorm) ** 2;
}

/** [s_low, s_high], the 2-cycle of the strong signal, for kappa >= 1 (chapter 6, Prop. 6.2). */
export function twoCycle(k) {
  const halfGap = Math.sqrt((k + 1) ** 2 - 4) / 2;
  const middle = (k + 1) / 2;
  return [1 - (middle + halfGap - 1) / k, 1 - (middle - halfGap - 1) / k];
}

/** 9 - 2 (1 + kappa)^2, by which two steps multiply a distance from it (chapter 6, Prop. 6.3). */
export function twoCycleMultiplier(k) {
  return 9 - 2 * (1 + k) ** 2;
}

/** The mean of 1 - s over the 2-cycle (chapter 7, Proposition 7.2). */
export function meanResidual(k) {
  return (k - 1) / (2 * k);
}

/** The smaller |e| of the 2-cycle while the weak signal is held at q (chapter 7, Prop. 7.4). */
export function oscillationAmplitude(q, k) {
  const half = (Math.max(k * (1 - q), 1) + 1) / 2;
  const p = half + Math.sqrt(half ** 2 - 1);
  return (1 - 1 / p) / k;
}

/** The weak signal at which the oscillation can stop; 0 up to kappa = 1 (chapter 8, Prop. 8.1). */
export function terminalWeakSignal(k, n) {
  return Math.max(1 - 1 / k, 0) / (1 - n);
}

/** Whether there is such a weak signal: on the line s + q = 1 it is at most 1. */
export const attainable = (edge) => edge > 0 && edge <= 1;

/** Where the weak signal lands, up to O(nu^2), for kappa >= 1 (chapter 8). */
export function landingWeakSignal(k, n) {
  return ((1 - 1 / k) * (1 + n / 4)) / (1 - n);
}

/** eta lambda / 2 on the line s + q = 1: at most 1 where it is stable (chapter 8, Prop. 8.1). */
export function relativeSharpness(s, q, k, n) {
  return k * (s + n * q);
}

/** Phi = log<w, yv> - nu log<w', yu>; NaN where a filter does not answer (chapter 5, Thm. 5.1). */
export function potential(strong, weak, n) {
  return strong > 0 && weak > 0 ? Math.log(weak) - n * Math.log(strong) : NaN;
}

/** What one visit adds to Phi at the residual e; NaN where 1 + kappa e <= 0 (Lemma 5.1). */
export function potentialGain(e, k, n) {
  const z = k * e;
  return z > -1 ? Math.log1p(n * z) - n * Math.log1p(z) : NaN;
}

/** A lower bound of it, quadratic in e (chapter 5, Lemma 5.1 (c)). */
export function potentialGainBound(e, k, n) {
  const z = k * e;
  const above = Math.max(z, 0);
  return (n * (1 - n) * z ** 2) / (2 * (1 + n * above) * (1 + above));
}

/** The growth of log<w, yv> per step on the 2-cycle, for kappa >= 1 (chapter 7, Prop. 7.3). */
export function growthRate(k, n) {
  return Math.log1p(n * (1 - n) * (k - 1)) / 2;
}

/** The weak signal t steps after it was q0, for kappa > 1: a logistic curve (chapter 7). */
export function weakSignalCurve(t, q0, k, n) {
  const ceiling = 1 - 1 / k;
  return ceiling / (1 + (ceiling / q0 - 1) * Math.exp(-2 * growthRate(k, n) * t));
}

/** The cubic map z <- z (1 + kappa - kappa z^2) of z = sqrt(s), nu -> 0 (chapter 6). */
export function cubicStep(z, k) {
  return z * (1 + k - k * (z * z)); // as NumPy squares, to the last bit
}

/** The z > 0 from which the map steps highest (chapter 6, Proposition 6.4). */
export function criticalPoint(k) {
  return Math.sqrt((1 + k) / (3 * k));
}

/** The smallest factor 1 + kappa e after a start at e <= 1; signs are kept iff > 0 (Lemma G.1). */
export function smallestFactor(k) {
  return 1 + k * (1 - (4 * (1 + k) ** 3) / (27 * k));
}
