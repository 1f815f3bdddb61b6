// Accuracy on fresh test points, given the overlaps of a run alone.
//
// A fresh noise vector is N(0, sigma_p^2) along each direction orthogonal to u and v, independent of
// all that training has seen. So given the filters its overlaps with them are Gaussian, with mean 0
// and covariance sigma_p^2 <P w, P w'>, P taking away the parts along u and v: drawing 2m numbers is
// drawing the vector, in law, and exact. With w = w(0) + sum_k c_k xi_k (+ parts along u, v),
//   <P w, P w'> = <P w(0), P w'(0)> + sum_k c_k <xi_k, w'(0)> + sum_k c'_k <xi_k, w>.
import { generator, normal, uniform } from "./random.js";

/** The covariance <P w, P w'> of the filters now, Float64Array(2m 2m). */
export function restProducts(run) {
  const { start, noises: count, noise, moved } = run;
  const filters = 2 * start.m;
  const found = start.rest.slice();
  for (let a = 0; a < filters; a++) {
    for (let b = 0; b < filters; b++) {
      let sum = 0;
      for (let k = 0; k < count; k++) {
        sum += moved[a * count + k] * start.noise[b * count + k];
        sum += moved[b * count + k] * noise[a * count + k];
      }
      found[a * filters + b] += sum;
    }
  }
  return found;
}

/** The lower triangle L with L L' = matrix, of a matrix that may be singular. */
export function choleskyFactor(matrix, size) {
  const factor = new Float64Array(size * size);
  for (let c = 0; c < size; c++) {
    let pivot = matrix[c * size + c];
    for (let k = 0; k < c; k++) pivot -= factor[c * size + k] ** 2;
    if (!(pivot > 1e-12 * matrix[c * size + c])) continue; // depends on the filters before it
    const root = Math.sqrt(pivot);
    for (let r = c; r < size; r++) {
      let sum = matrix[r * size + c];
      for (let k = 0; k < c; k++) sum -= factor[r * size + k] * factor[c * size + k];
      factor[r * size + c] = sum / root;
    }
  }
  return factor;
}

/**
 * Right answers among fresh points: {right, n} with n = draws. kind: "weak" or "strong".
 *
 * An output of exactly 0 and one that is not finite count as wrong, as in `metrics.accuracy`.
 */
export function countRight(run, kind, draws, rng) {
  const { m, sigmaP } = run.start;
  const filters = 2 * m;
  const factor = choleskyFactor(restProducts(run), filters);
  const numbers = new Float64Array(filters);
  const noiseVotes = () => {
    for (let r = 0; r < filters; r++) numbers[r] = normal(rng);
    let sum = 0;
    for (let r = 0; r < filters; r++) {
      let z = 0;
      for (let k = 0; k <= r; k++) z += factor[r * filters + k] * numbers[k];
      if (z > 0) sum += r < m ? z * z : -z * z;
    }
    return sigmaP * sigmaP * sum;
  };
  const votes = (overlaps, y) => {
    let sum = 0;
    for (let r = 0; r < filters; r++) {
      const z = y * overlaps[r];
      if (z > 0) sum += r < m ? z * z : -z * z;
    }
    return sum;
  };
  const signal = (y) => votes(run.v, y) + (kind === "strong" ? votes(run.u, y) : 0);
  const known = { plus: signal(1), minus: signal(-1) };
  let right = 0;
  for (let k = 0; k < draws; k++) {
    const y = uniform(rng) < 0.5 ? 1 : -1;
    let f = y > 0 ? known.plus : known.minus;
    f += noiseVotes();
    if (kind === "weak") f += noiseVotes();
    if (Number.isFinite(f) && y * f > 0) right++;
  }
  return { right, n: draws };
}

/** Right answers among fresh weak points: {right, n}. */
export function accuracyOnFreshWeak(run, { draws, seed }) {
  return countRight(run, "weak", draws, generator(seed));
}

/** Right answers of a test set of fresh points: {strong: {right, n}, weak: {right, n}, right, n}. */
export function testSet(run, { strong, weak, seed }) {
  const rng = generator(seed);
  const found = {
    strong: countRight(run, "strong", strong, rng),
    weak: countRight(run, "weak", weak, rng),
  };
  return { ...found, right: found.strong.right + found.weak.right, n: strong + weak };
}
