// What is seen, in words: pure functions from numbers to sentences.
import { attainable, potentialGain, SIGN_LIMIT, terminalWeakSignal } from "./theory.js";
import { fixed, inWords } from "./svg.js";

/** How a stretch of outputs behaves: {kind: "rests" | "climbs" | "jumps" | "wanders", low, high}. */
export function behaviour(outputs) {
  let low = Infinity;
  let high = -Infinity;
  let drift = 0;
  let climbs = true;
  for (let t = 0; t < outputs.length; t += 1) {
    low = Math.min(low, outputs[t]);
    high = Math.max(high, outputs[t]);
    if (t > 0 && outputs[t] < outputs[t - 1] - 1e-9) climbs = false;
    if (t > 1) drift = Math.max(drift, Math.abs(outputs[t] - outputs[t - 2]));
  }
  const swing = high - low;
  const kind =
    swing < 0.02 ? "rests" : climbs ? "climbs" : drift < 0.2 * swing ? "jumps" : "wanders";
  return { kind, low, high };
}

const between = ({ low, high }) => `between ${inWords(low)} and ${inWords(high)}`;

function behaves({ kind, low, high }) {
  if (kind === "rests") return `rests at ${inWords((low + high) / 2)}`;
  return kind === "jumps"
    ? `jumps ${between({ low, high })}`
    : `moves ${between({ low, high })} without a fixed rhythm`;
}

const stepsSaid = (count) => `${count} ${count === 1 ? "step" : "steps"}`;

function timesSaid(factor) {
  if (factor < 10) return inWords(factor, 1);
  return factor < 1e5 ? String(Math.round(factor)) : inWords(factor);
}

function growthSaid(from, to) {
  if (from === 0 && to > 0) return `has come from 0 to ${inWords(to)}`;
  const factor = to / from;
  if (factor > 1.995) return `has grown ${timesSaid(factor)} times, to ${inWords(to)}`;
  if (factor > 1.005) return `has grown by ${Math.round(100 * (factor - 1))}\u00a0%, to ${inWords(to)}`;
  return `is ${inWords(to)}, ${to > from ? "hardly" : "no"} larger than at the start`;
}

/** The weak signal at which the oscillation can stop; beyond 1 none of the line s + q = 1 is stable. */
function goalSaid(edge) {
  if (edge <= 0) return "";
  return attainable(edge)
    ? `; at ${inWords(edge)} the oscillation can stop`
    : "; no weak signal is large enough for the oscillation to stop";
}

/** One point: what its output and its weak signal have done up to a step. */
export function describePoint({ kappa, nu }, path, until) {
  const head = `κ = ${kappa.toFixed(2)}: `;
  const outputs = path.f.subarray(0, until + 1);
  const lost = path.strong.subarray(0, until + 1).indexOf(0);
  const weak = path.weak[until];
  if (!Number.isFinite(outputs[until])) return `${head}the output has left every bound.`;
  if (lost >= 0) {
    return (
      `${head}at step ${lost} a jump was so long that the strong overlaps turned their sign. ` +
      `The strong feature is lost for good (possible beyond κ\u00a0=\u00a0${SIGN_LIMIT.toFixed(3)}); ` +
      `the output is now the weak signal, ${inWords(weak)}.`
    );
  }
  const climbed = outputs.findIndex((f) => f >= 0.9);
  const signal = `The weak signal ${growthSaid(path.weak[0], weak)}`;
  if (climbed < 0 || until < climbed + 4) {
    return `${head}after ${stepsSaid(until)} the output is ${inWords(outputs[until])}. ${signal}.`;
  }
  const early = behaviour(outputs.subarray(climbed + 1, climbed + 41));
  const late = behaviour(outputs.subarray(-40));
  const calm = (kind) => kind === "rests" || kind === "climbs";
  const first = calm(early.kind) ? "stays there" : behaves(early);
  const shrunk = late.high - late.low < 0.7 * (early.high - early.low);
  let then = "";
  if (until >= climbed + 80 && !calm(early.kind)) {
    if (calm(late.kind)) then = `; by step ${until} it has come to rest`;
    else if (shrunk || late.kind !== early.kind) then = `, at the end ${between(late)}`;
  }
  const goal = goalSaid(terminalWeakSignal(kappa, nu));
  return `${head}the output reaches the label at step ${climbed} and ${first}${then}. ${signal}${goal}.`;
}

/** One step of the potential at a chosen residual. */
export function describeStep({ e, kappa, nu }) {
  const strong = 1 + kappa * e;
  if (strong <= 0) {
    return (
      `e = ${inWords(e)}: the strong overlap is multiplied by ${inWords(strong)}. Its sign turns and its ` +
      "filters fall silent. Φ has no value then; the theorem asks that no sign turns."
    );
  }
  if (Math.abs(e) < 1e-9) return "e = 0: the label is met, nothing moves, and Φ stays.";
  const side = e > 0 ? "below" : "above";
  return (
    `e = ${fixed(e, 2)}, a miss ${side} the label: strong overlap × ${inWords(strong)}, ` +
    `weak × ${inWords(1 + kappa * nu * e, 3)}. Φ rises by ${inWords(potentialGain(e, kappa, nu))}.`
  );
}

/** The steps of the potential taken so far. */
export function describeTaken(heights) {
  const steps = heights.length - 1;
  if (steps === 0) return "";
  const fell = heights.filter((height, k) => k > 0 && height < heights[k - 1]).length;
  return ` Steps taken: ${steps}; Φ has risen by ${inWords(heights[steps])} and fell in ${fell} of them.`;
}

/** The cubic map after some steps. */
export function describeCobweb({ kappa }, path, until) {
  const head = `κ = ${kappa.toFixed(2)}: `;
  const now = path[until];
  if (now < 0) {
    return `${head}at step ${until} z would be ${inWords(now)}: below 0, the sign is lost, and the network is left at 0.`;
  }
  if (until < path.length - 1 || until < 40) {
    return `${head}step ${until}, z = ${inWords(now)}, so the output z² is ${inWords(now * now)}.`;
  }
  const late = behaviour(path.slice(-16).map((z) => z * z));
  return `${head}after ${stepsSaid(until)} the output z² ${behaves(late)}.`;
}

/** A learning rate: in hundredths, or in thousandths where it has them. */
export const rateSaid = (eta) =>
  eta.toFixed(Math.abs(100 * eta - Math.round(100 * eta)) < 1e-6 ? 2 : 3);

/** A network: margins at its last epochs, weak signal, accuracy on fresh weak points. */
export function describeNetwork({ kappa, eta }, found) {
  const head = `η = ${rateSaid(eta)}, κ = ${kappa.toFixed(2)}: `;
  if (found.divergedAt >= 0) {
    const epoch = Math.max(1, Math.ceil(found.divergedAt / found.n)); // 16 updates of 16 points: epoch 1
    return `${head}the run diverged in epoch ${epoch}: an output passed a million.`;
  }
  const { early, late, weak, right, tested, epochs, lost } = found;
  const small = (miss) => (miss < 0.001 ? "less than 0.001" : inWords(miss));
  const without = lost.length
    ? ` No filter of class ${lost.join(" and ")} answers to its strong feature.`
    : "";
  return (
    `${head}visits to strong points miss the label by ${small(early)} on average in epochs 11 to 15, ` +
    `by ${small(late)} at the end.${without} The weak signal ${growthSaid(...weak)}. ` +
    `After ${epochs} epochs ${Math.round((100 * right) / tested)}\u00a0% of ${tested} fresh weak points are right.`
  );
}

/** Draws of five seeds so far. */
export function describeDraws({ totals, of, shares }) {
  if (totals.length === 0) return "No draw yet.";
  const last = totals[totals.length - 1];
  const [mean, half] = meanAndHalf(shares);
  const n = `${shares.length} networks`;
  return (
    `Latest draw: ${last} right answers of ${of}. All draws so far, ${totals.length} (${n}): ` +
    `${(100 * mean).toFixed(1)}\u00a0±\u00a0${(100 * half).toFixed(1)}\u00a0%.`
  );
}

/** The mean of numbers and the half-width of its 95 % interval, from their spread. */
export function meanAndHalf(values) {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [mean, 1.96 * Math.sqrt(squares / Math.max(1, count - 1) / count)];
}
