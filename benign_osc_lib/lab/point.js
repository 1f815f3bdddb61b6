// One noiseless data point (chapter 4, Proposition 4.1). The overlaps that answer to one patch are
// all multiplied by the same number, so four sums of squares say all that training does, whatever
// the number of filters: s and q of the filters that vote for the point's class, and of the others.

/**
 * The signals at the times 0..steps, as `benign_osc_lib.one_point.orbit` computes them, to the bit.
 *
 * strong, weak: s and q at the start; strongOther, weakOther: those of the other class.
 * Returns Float64Arrays of steps + 1 numbers: f is the margin y f, e = 1 - y f. An orbit that leaves
 * the range of numbers ends in infinities or NaN. The label y changes nothing in these variables.
 */
export function orbit({ kappa, nu, strong, weak, steps, strongOther = 0, weakOther = 0 }) {
  const path = {};
  for (const name of ["f", "e", "strong", "weak", "strongOther", "weakOther"]) {
    path[name] = new Float64Array(steps + 1);
  }
  let now = { s: strong, q: weak, sOther: strongOther, qOther: weakOther };
  for (let t = 0; t <= steps; t++) {
    const e = residual(now);
    path.e[t] = e;
    path.f[t] = now.s + now.q - now.sOther - now.qOther;
    path.strong[t] = now.s;
    path.weak[t] = now.q;
    path.strongOther[t] = now.sOther;
    path.weakOther[t] = now.qOther;
    now = visit(now, kappa, nu);
  }
  return path;
}

/** 1 - y f of the signals {s, q, sOther, qOther}. */
export function residual({ s, q, sOther = 0, qOther = 0 }) {
  return 1 - s - q + sOther + qOther;
}

/** The signals after one visit. */
export function visit(now, kappa, nu) {
  const { s, q, sOther = 0, qOther = 0 } = now;
  const e = residual(now);
  const weakRate = kappa * nu;
  return {
    s: grown(s, kappa * e),
    q: grown(q, weakRate * e),
    sOther: grown(sOther, -kappa * e),
    qOther: grown(qOther, -weakRate * e),
  };
}

function grown(signal, change) {
  const bracket = Math.max(change + 1, 0); // NaN stays NaN
  return signal * (bracket * bracket);
}

/**
 * The filters of one noiseless point: the overlaps themselves, as they pass through the visits.
 *
 * strong, weak: <w_{j,r}, y u> and <w_{j,r}, y v> at the start, m of the point's class first, then m
 * of the other. Returns margins (steps + 1) and strong, weak: arrays (steps + 1) of Float64Array(2m).
 * A filter moves along a feature while that overlap is positive.
 */
export function pointNetwork({ kappa, nu, strong, weak, steps }) {
  const m = strong.length / 2;
  const path = { margins: new Float64Array(steps + 1), strong: [], weak: [] };
  let [a, b] = [Float64Array.from(strong), Float64Array.from(weak)];
  for (let t = 0; t <= steps; t++) {
    let sum = 0;
    for (let r = 0; r < 2 * m; r++) {
      const vote = Math.max(a[r], 0) ** 2 + Math.max(b[r], 0) ** 2;
      sum += r < m ? vote : -vote;
    }
    path.margins[t] = sum / m;
    path.strong.push(a);
    path.weak.push(b);
    const e = 1 - sum / m;
    const moved = (overlaps, rate) =>
      overlaps.map((z, r) => (z > 0 ? z * (1 + (r < m ? rate : -rate) * e) : z));
    [a, b] = [moved(a, kappa), moved(b, kappa * nu)];
  }
  return path;
}
