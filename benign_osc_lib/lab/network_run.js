// A network of the paper's sizes, trained, with all that the laboratory draws of it.
import { draw } from "./draw.js";
import { accuracyOnFreshWeak, testSet } from "./fresh.js";
import { advance, begin } from "./network.js";
import { PAPER, PUBLISHED } from "./presets.js";
import { learningRate, potential, twoCycle } from "./theory.js";

const CHECKS = 16; // how often accuracy is looked at in a run
const FRESH = 200; // fresh weak points a look

/** The learning rate η of a state; κ is what it stores. */
export function rateOf({ kappa, m }) {
  return learningRate(kappa, PAPER.uNorm, m);
}

function startOf({ nu, noise_norm, n_weak, m, scale }, seed) {
  const sizes = { ...PAPER, vNorm: PAPER.uNorm * Math.sqrt(nu), noiseNorm: noise_norm };
  return draw({ ...sizes, nWeak: n_weak, m, sigma0: scale, seed });
}

/** The mean of σ over the filters of one sign: s_j, or q_j, of recorded overlaps. */
function signalOf(overlaps, m, first) {
  let sum = 0;
  for (let r = first; r < first + m; r += 1) sum += Math.max(overlaps[r], 0) ** 2;
  return sum / m;
}

/** The 2-cycle of the output beside a weak signal: [low, high], or NaN. */
function cycleAt(weak, rate) {
  const room = 1 - weak;
  if (!(rate * room > 1)) return [NaN, NaN];
  return twoCycle(rate * room).map((s) => weak + room * s);
}

/** Train; record signals once an epoch, accuracy on fresh weak points now and then. */
export function networkRun(state) {
  const { epochs, m, seed, kappa, nu } = state;
  const { n } = PAPER;
  const start = startOf(state, seed);
  const run = begin(start, { eta: rateOf(state), seed, recordEvery: n, epochs });
  const accuracy = { epochs: [], share: [], right: 0, tested: FRESH };
  for (let check = 0; check <= CHECKS; check += 1) {
    const until = Math.round((check / CHECKS) * epochs);
    advance(run, until * n - run.step);
    const { right } = accuracyOnFreshWeak(run, { draws: FRESH, seed: seed + check });
    accuracy.epochs.push(until);
    accuracy.share.push(right / FRESH);
    accuracy.right = right;
  }
  const both = (rows) =>
    [0, m].map((first) => Float64Array.from(rows, (row) => signalOf(row, m, first)));
  const [strong, weak] = [both(run.strong), both(run.weak)];
  const heights = [0, 1].map((k) =>
    strong[k].map((s, t) => potential(Math.sqrt(s), Math.sqrt(weak[k][t]), nu)),
  );
  const y = watchedLabel(start);
  const cycle = Array.from(weak[y > 0 ? 0 : 1], (q) => cycleAt(q, kappa));
  return { run, start, strong, weak, heights, accuracy, cycle, watched: pointsOf(start, y), y };
}

function watchedLabel({ y, isWeak }) {
  return y.some((label, i) => label > 0 && !isWeak[i]) ? 1 : -1;
}

function pointsOf({ y, isWeak }, label) {
  const points = [];
  y.forEach((own, i) => {
    if (own === label && !isWeak[i]) points.push(i);
  });
  return points;
}

/** What `describeNetwork` says. */
export function networkFound({ run, start, strong: signals, weak, accuracy }, { epochs }) {
  const { n } = PAPER;
  const strong = [...start.isWeak.keys()].filter((i) => !start.isWeak[i]);
  const miss = (from, to) => {
    let sum = 0;
    for (let k = from; k < to; k += 1)
      for (const i of strong) sum += Math.abs(1 - run.margins[k * n + i]);
    return sum / (to - from) / strong.length;
  };
  const mean = (t) => (weak[0][t] + weak[1][t]) / 2;
  return {
    n,
    epochs,
    divergedAt: run.divergedAt,
    lost: ["+1", "−1"].filter((_, k) => signals[k].at(-1) === 0),
    early: miss(10, 15),
    late: miss(epochs - 5, epochs),
    weak: [mean(0), mean(weak[0].length - 1)],
    right: accuracy.right,
    tested: accuracy.tested,
  };
}

/** Five networks as in the paper's table: {right of 160, shares of each network}. */
export function drawFive(state, firstSeed) {
  const shares = [];
  let right = 0;
  for (let k = 0; k < PUBLISHED.runs; k += 1) {
    const seed = firstSeed + k;
    const run = begin(startOf(state, seed), {
      eta: rateOf(state),
      seed,
      recordEvery: state.epochs * PAPER.n,
      epochs: state.epochs,
    });
    advance(run, state.epochs * PAPER.n);
    const found = testSet(run, { strong: PUBLISHED.strong, weak: PUBLISHED.weak, seed });
    right += found.right;
    shares.push(found.right / found.n);
  }
  return { right, shares };
}
