// One noiseless point: its output, its signals, the potential, and the plane of s and q.
import { orbit } from "./point.js";
import {
  attainable,
  potential,
  STABLE_CYCLE_LIMIT,
  terminalWeakSignal,
  twoCycle,
  weakSignalCurve,
} from "./theory.js";
import { createPlayer, createSliders, createWords } from "./controls.js";
import { createPlot } from "./plot.js";
import { FIELDS, VIEW_FIELDS } from "./state.js";
import { extent, inWords, node } from "./svg.js";
import { describePoint } from "./words.js";

const cut = (values, until) => values.subarray(0, until + 1);

/** The two outputs of the 2-cycle beside each weak signal; NaN where there is none (chapter 7). */
function cycleBeside(weak, rate) {
  const low = new Float64Array(weak.length).fill(NaN);
  const high = low.slice();
  for (let t = 0; t + 1 < weak.length; t += 1) {
    const held = (weak[t] + weak[t + 1]) / 2; // it moves a little to and fro
    const room = 1 - held;
    if (rate * room <= 1) continue;
    const [a, b] = twoCycle(rate * room);
    low[t] = held + room * a;
    high[t] = held + room * b;
  }
  return [low, high];
}

/** The logistic curve of the weak signal from when the output reaches the label (chapter 7). */
export function predictedWeak({ f, weak }, kappa, nu) {
  const begin = f.findIndex((output) => output >= 0.9);
  if (begin < 0 || kappa <= 1 || kappa >= STABLE_CYCLE_LIMIT) return weak.map(() => NaN);
  return weak.map((_, t) => (t < begin ? NaN : weakSignalCurve(t - begin, weak[begin], kappa, nu)));
}

/** A run of one point with all that is drawn of it. */
export function pointRun({ kappa, nu, strong, weak, steps }) {
  const path = orbit({ kappa, nu, strong, weak, steps });
  const times = Float64Array.from({ length: steps + 1 }, (_, t) => t);
  const height = times.map((t) =>
    potential(Math.sqrt(path.strong[t]), Math.sqrt(path.weak[t]), nu),
  );
  const [low, high] = cycleBeside(path.weak, kappa);
  return { path, times, height, low, high, predicted: predictedWeak(path, kappa, nu) };
}

function marginPicture({ path, times, low, high }, state, until, wide) {
  const top = Math.min(3, Math.max(1.5, extent(path.f)[1] * 1.05));
  const mode = state.steps > wide / 3 ? "dots" : "line";
  const rate = state.kappa > 1 ? "" : " small";
  const theory = { kind: "plain theory", x: times };
  return {
    x: [0, state.steps],
    y: [0, top],
    xLabel: "step",
    curves: [
      { kind: `strong${rate}`, x: times, y: cut(path.f, until), mode },
      { kind: `weak${rate}`, x: times, y: cut(path.weak, until) },
      { ...theory, y: low },
      { ...theory, y: high },
    ],
    marks: [{ kind: "label-line", y: 1 }],
  };
}

function signalPicture({ path, times, predicted }, state, until, wide) {
  const edge = terminalWeakSignal(state.kappa, state.nu);
  const top = Math.min(3, Math.max(1.2, extent(path.strong)[1] * 1.05));
  const rate = state.kappa > 1 ? "" : " small";
  return {
    x: [0, state.steps],
    y: [Math.min(1e-4, path.weak[0] / 2), top],
    log: true,
    xLabel: "step",
    curves: [
      {
        kind: `strong${rate}`,
        x: times,
        y: cut(path.strong, until),
        mode: state.steps > wide / 3 ? "dots" : "line",
      },
      { kind: `weak${rate}`, x: times, y: cut(path.weak, until) },
      { kind: "plain theory", x: times, y: predicted },
    ],
    marks: attainable(edge) ? [{ kind: "weak theory", y: edge }] : [],
  };
}

function potentialPicture({ height, times }, state, until) {
  const [low, high] = extent(height);
  const room = Math.max(0.02, (high - low) * 0.08);
  return {
    x: [0, state.steps],
    y: [low - room, high + room],
    xLabel: "step",
    curves: [{ kind: state.kappa > 1 ? "plain" : "plain small", x: times, y: cut(height, until) }],
  };
}

function planePicture({ path }, state, until) {
  const across = Math.min(3, Math.max(1.4, extent(path.strong)[1] * 1.05));
  const up = Math.min(1.2, Math.max(0.3, extent(path.weak)[1] * 1.3));
  const edge = terminalWeakSignal(state.kappa, state.nu);
  const walked = { x: cut(path.strong, until), y: cut(path.weak, until) };
  const line = (from, to) => ({ x: [1 - from, 1 - to], y: [from, to] });
  return {
    x: [0, across],
    y: [0, up],
    xLabel: "strong signal s",
    yLabel: "weak signal q",
    curves: [
      { kind: "line-far", ...line(0, Math.min(1, edge)) },
      { kind: "line-near", ...line(Math.min(1, edge), 1) },
      ...(until < 60 ? [{ kind: "weak thin", ...walked }] : []),
      { kind: until < 60 ? "weak" : "weak fine", ...walked, mode: "dots" },
    ],
    marks: [{ kind: "noise", x: path.strong[until], y: path.weak[until] }],
  };
}

const KEYS = {
  margin: [
    { kind: "strong", label: "output y f" },
    { kind: "weak", label: "weak signal q" },
    { kind: "plain theory", label: "predicted 2-cycle" },
  ],
  signals: [
    { kind: "strong", label: "s" },
    { kind: "weak", label: "q" },
    { kind: "plain theory", label: "predicted q" },
    { kind: "weak theory", label: "q_edge" },
  ],
  plane: [
    { kind: "line-near", label: "label met, errors shrink" },
    { kind: "line-far", label: "errors grow" },
  ],
};

/** The view; small: one plot and two sliders. */
export function createPointView(store, { small = false } = {}) {
  const names = small ? ["kappa", "nu"] : VIEW_FIELDS.point;
  const sliders = createSliders(FIELDS, names, store, small ? [] : ["strong", "weak", "steps"]);
  const margin = createPlot({
    title: "Output at each step",
    key: KEYS.margin,
    ratio: small ? 0.46 : 0.62,
  });
  const signals = createPlot({ title: "Signals, on a log scale", key: KEYS.signals });
  const heights = createPlot({ title: "Potential Φ" });
  const plane = createPlot({ title: "Plane of s and q", key: KEYS.plane });
  const plots = small ? [margin] : [margin, signals, heights, plane];
  const words = createWords();
  let run = null;
  let made = "";

  // The store may be ahead of what is drawn, by a frame.
  let state = store.state;
  const player = createPlayer({ unit: "step", length: () => state.steps, onShow: draw });

  function draw(until = player.time(), speak = !player.playing()) {
    const [wide] = margin.size();
    margin.show({
      ...marginPicture(run, state, until, wide),
      alt: `Step ${until}: output ${run.path.f[until].toFixed(3)}.`,
    });
    if (!small) {
      signals.show({
        ...signalPicture(run, state, until, wide),
        alt: `Step ${until}: s ${run.path.strong[until].toPrecision(3)}, q ${run.path.weak[until].toPrecision(3)}.`,
      });
      heights.show({
        ...potentialPicture(run, state, until),
        alt: `From ${inWords(run.height[0])} to ${inWords(run.height[until])}.`,
      });
      plane.show({
        ...planePicture(run, state, until),
        alt: "The run moves to the line s + q = 1.",
      });
    }
    if (speak) words.say(describePoint(state, run.path, until));
  }

  return {
    root: node(
      "div",
      { class: "lab-view wordy" },
      sliders.root,
      words.root,
      player.root,
      node(
        "div",
        { class: small ? "lab-plots one" : "lab-plots" },
        ...plots.map((plot) => plot.root),
      ),
    ),
    update(next) {
      const now = VIEW_FIELDS.point.map((name) => next[name]).join();
      sliders.show(next);
      if (now === made) return;
      made = now;
      state = { ...next };
      run = pointRun(state);
      player.refresh();
      draw(player.time(), true);
    },
    stop() {
      player.stop();
      words.stop();
      for (const plot of plots) plot.stop();
    },
  };
}
