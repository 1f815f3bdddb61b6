// SGD on the paper's network, eq. (3), in inner products: the reduced engine of appendix B.
//
// Every step lies in the span of u, v and the noise vectors, so the overlaps of the filters with
// these say all that happens. A visit to point i moves filter (j, r) by
//   w += (j eta/m) (y_i - f) sum_p 2 max(<w, x_i^(p)>, 0) x_i^(p),
// and its overlap with noise vector k by the same with x_i^(p) replaced by their inner product.
import { generator, permutation } from "./random.js";

const LIMIT = 1e6; // a run has diverged once |f| of a training point exceeds it, as in the library
const SAFE = 0.99; // the part of the limit up to which the bound of `moved` is trusted

/**
 * A run at its start, of a data set and a start from `draw`; `advance` carries it on.
 *
 * order: "cyclic", or "shuffled" anew in each epoch, from `seed`. Signals are recorded every
 * `recordEvery` steps. The run holds
 *   step         updates made
 *   margins      Float64Array, epochs x n: y f of point i in epoch e at [e n + i], before the update;
 *                NaN where it was not visited yet
 *   visits       Int32Array, the point of each visit
 *   strong, weak arrays of Float64Array(2m): <w_{j,r}, j u>, <w_{j,r}, j v> at `steps`
 *   divergedAt   the update after which it had diverged, 0 for the start, -1 for never; from there
 *                on the filters are frozen, and margins are those of the frozen filters
 *   u, v, noise  the overlaps now, <w, u>, <w, v> (2m) and <w, noise vector> (2m K)
 *   moved        coefficients of the filters along the noise vectors since the start (2m K)
 */
export function begin(start, { eta, order = "cyclic", seed = 0, recordEvery = 1, epochs = 64 }) {
  const { n, m } = start;
  const noises = start.gram.length ** 0.5;
  const first = new Int32Array(n).fill(-1); // the noise vector in the first patch of a weak point
  let next = n;
  for (let i = 0; i < n; i++) if (start.isWeak[i]) first[i] = next++;
  const run = {
    start, eta, order, recordEvery, first, noises,
    rng: generator(seed),
    step: 0,
    divergedAt: -1,
    margins: new Float64Array(epochs * n).fill(NaN),
    visits: new Int32Array(epochs * n),
    steps: [],
    strong: [],
    weak: [],
    u: start.strong.slice(),
    v: start.weak.slice(),
    noise: start.noise.slice(),
    moved: new Float64Array(2 * m * noises),
    largest: 0, // of |z_i| over the points, when all were last looked at
    drift: 0, // and by how much it can have grown since
    longest: 0,
  };
  for (let i = 0; i < n; i++) run.longest = Math.max(run.longest, squaredLength(run, i));
  run.longest **= 0.5;
  look(run);
  record(run);
  return run;
}

/** Make so many more updates; the run is changed and returned. */
export function advance(run, steps) {
  const { n } = run.start;
  makeRoom(run, run.step + steps);
  for (let last = run.step + steps; run.step < last; ) {
    if (run.step % n === 0) chooseOrder(run);
    visitPoint(run, run.visits[run.step]);
    if (run.step % run.recordEvery === 0) record(run);
  }
  return run;
}

/** A whole run: `begin`, then so many epochs. */
export function train(start, { epochs, ...options }) {
  return advance(begin(start, { ...options, epochs }), epochs * start.n);
}

function visitPoint(run, i) {
  const { start, eta, noises, u, v, noise, moved } = run;
  const { m, y: labels, gram, uNorm, vNorm } = start;
  const y = labels[i];
  const own = i; // the noise vector of the last patch
  const other = run.first[i]; // and of the first, in a weak point
  let plus = 0;
  let minus = 0;
  for (let r = 0, at = 0; r < 2 * m; r++, at += noises) {
    const a = other < 0 ? y * u[r] : noise[at + other];
    const b = y * v[r];
    const c = noise[at + own];
    const vote = (a > 0 ? a * a : 0) + (b > 0 ? b * b : 0) + (c > 0 ? c * c : 0);
    if (r < m) plus += vote;
    else minus += vote;
  }
  const f = (plus - minus) / m;
  run.margins[Math.floor(run.step / start.n) * start.n + i] = y * f;
  run.step++;
  if (run.divergedAt >= 0) return;
  const push = ((2 * eta) / m) * (y - f);
  const alongU = push * y * uNorm * uNorm;
  const alongV = push * y * vNorm * vNorm;
  for (let r = 0, at = 0; r < 2 * m; r++, at += noises) {
    const j = r < m ? 1 : -1;
    // The answers to all patches, before any of them changes.
    const a = other < 0 ? y * u[r] : noise[at + other];
    const b = y * v[r];
    const c = noise[at + own];
    if (a > 0) {
      if (other < 0) u[r] += j * alongU * a;
      else move(noise, moved, at, other, j * push * a, gram, noises);
    }
    if (b > 0) v[r] += j * alongV * b;
    if (c > 0) move(noise, moved, at, own, j * push * c, gram, noises);
  }
  // |z_k| of any point moves by at most longest^2 |push| |max(z_i, 0)| (`engine/divergence.py`).
  run.drift += Math.abs(push) * Math.sqrt(plus + minus) * run.longest * run.longest;
  const bound = run.largest + run.drift;
  if (!(bound * bound <= SAFE * LIMIT * m)) look(run);
}

/** Add `amount` times noise vector k to the filter whose row begins at `at`. */
function move(noise, moved, at, k, amount, gram, noises) {
  moved[at + k] += amount;
  for (let l = 0, g = k * noises; l < noises; l++, g++) noise[at + l] += amount * gram[g];
}

/** Look at all points: whether |f| of one exceeds the limit, and the largest |z_i|. */
function look(run) {
  const { n, m, y } = run.start;
  run.largest = run.drift = 0;
  for (let i = 0; i < n; i++) {
    let f = 0;
    let square = 0;
    for (let r = 0; r < 2 * m; r++) {
      for (const z of answers(run, i, r, y[i])) {
        square += z * z;
        if (!(z <= 0)) f += r < m ? z * z : -z * z;
      }
    }
    if (!(Math.abs(f / m) <= LIMIT)) run.divergedAt = run.step;
    run.largest = Math.max(run.largest, Math.sqrt(square));
  }
}

function answers(run, i, r, y) {
  const at = r * run.noises;
  const other = run.first[i];
  return [other < 0 ? y * run.u[r] : run.noise[at + other], y * run.v[r], run.noise[at + i]];
}

function squaredLength(run, i) {
  const { gram, uNorm, vNorm } = run.start;
  const own = (k) => gram[k * run.noises + k];
  return (run.first[i] < 0 ? uNorm ** 2 : own(run.first[i])) + vNorm ** 2 + own(i);
}

function record(run) {
  const { m } = run.start;
  const signed = (overlaps) => overlaps.map((z, r) => (r < m ? z : -z));
  run.steps.push(run.step);
  run.strong.push(signed(run.u));
  run.weak.push(signed(run.v));
}

function chooseOrder(run) {
  const { n } = run.start;
  const order = run.order === "shuffled" ? permutation(run.rng, n) : null;
  for (let k = 0; k < n; k++) run.visits[run.step + k] = order ? order[k] : k;
}

/** Room for whole epochs of margins and visits. */
function makeRoom(run, steps) {
  const { n } = run.start;
  const needed = Math.ceil(steps / n) * n;
  if (needed <= run.margins.length) return;
  const size = Math.max(needed, 2 * run.margins.length);
  const margins = new Float64Array(size).fill(NaN);
  margins.set(run.margins);
  const visits = new Int32Array(size);
  visits.set(run.visits);
  Object.assign(run, { margins, visits });
}
