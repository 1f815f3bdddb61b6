// A network on 16 points: margins, filters, signals, potential, accuracy, and draws of five seeds.
import { PAPER } from "./presets.js";
import { attainable, terminalWeakSignal } from "./theory.js";
import {
  createButton,
  createPlayer,
  createSlider,
  createSliders,
  createWords,
} from "./controls.js";
import { createHistogram } from "./histogram.js";
import { networkFound, networkRun, rateOf } from "./network_run.js";
import { createPlot } from "./plot.js";
import { FIELDS, fitted, VIEW_FIELDS } from "./state.js";
import { extent, inWords, node } from "./svg.js";
import { describeNetwork, rateSaid } from "./words.js";

const upTo = (values, until) => values.slice(0, until + 1);
const MOST = 3; // plots of margins and overlaps end here where a run leaves

/** All visits to some points, epoch by epoch, broken between points. */
function visitsOf(margins, points, until, apart) {
  const [x, y] = [[], []];
  for (const i of points) {
    for (let epoch = 0; epoch < until; epoch += 1) {
      x.push(epoch + i / PAPER.n);
      y.push(margins[epoch * PAPER.n + i]);
    }
    if (apart) [x, y].forEach((list) => list.push(NaN));
  }
  return { x, y };
}

export function marginsPicture({ run, start, cycle, watched }, { epochs }, until, rate) {
  const weakPoints = [...start.isWeak.keys()].filter((i) => start.isWeak[i]);
  const times = cycle.map((_, t) => t);
  const [low, high] = extent(run.margins);
  return {
    x: [0, epochs],
    y: [Math.max(-1.5, Math.min(-0.1, low)), Math.min(MOST, Math.max(1.5, high))],
    xLabel: "epoch",
    curves: [
      { kind: "strong", ...visitsOf(run.margins, watched, until, false), mode: "dots" },
      { kind: `weak${rate}`, ...visitsOf(run.margins, weakPoints, until, true) },
      { kind: "plain theory", x: times, y: cycle.map((pair) => pair[0]) },
      { kind: "plain theory", x: times, y: cycle.map((pair) => pair[1]) },
    ],
    marks: [{ kind: "label-line", y: 1 }],
    alt: `Until epoch ${until}.`,
  };
}

/** The overlaps of all filters, one broken line. */
function overlapsOf(rows, until) {
  const [x, y] = [[], []];
  for (let r = 0; r < rows[0].length; r += 1) {
    for (let t = 0; t <= Math.min(until, rows.length - 1); t += 1) {
      x.push(t);
      y.push(rows[t][r]);
    }
    [x, y].forEach((list) => list.push(NaN));
  }
  return { x, y };
}

function filtersPicture({ run }, { epochs }, until, rate) {
  const [low, high] = extent(...run.strong, ...run.weak);
  return {
    x: [0, epochs],
    y: [Math.max(-MOST, Math.min(-0.2, low * 1.05)), Math.min(MOST, Math.max(0.5, high * 1.05))],
    xLabel: "epoch",
    curves: [
      { kind: `strong thin${rate}`, ...overlapsOf(run.strong, until) },
      { kind: `weak thin${rate}`, ...overlapsOf(run.weak, until) },
    ],
    alt: `Overlaps of ${run.strong[0].length} filters until epoch ${until}.`,
  };
}

function classCurves(kind, both, until) {
  return both.map((values) => ({
    kind,
    x: upTo(values, until).map((_, t) => t),
    y: upTo(values, until),
  }));
}

function classPicture({ strong, weak }, { epochs, kappa, nu }, until, rate) {
  const least = Math.min(...weak.map((values) => values.find((q) => q > 0) ?? 1e-4));
  const edge = terminalWeakSignal(kappa, nu);
  return {
    x: [0, epochs],
    y: [Math.max(1e-8, least / 2), Math.min(10, Math.max(1.5, extent(...strong)[1]))],
    log: true,
    xLabel: "epoch",
    curves: [
      ...classCurves(`strong${rate}`, strong, until),
      ...classCurves(`weak${rate}`, weak, until),
    ],
    marks: attainable(edge) ? [{ kind: "weak theory", y: edge }] : [],
    alt: `At epoch ${until}: s ${strong.map((s) => inWords(s[until])).join(" and ")}, q ${weak.map((q) => inWords(q[until])).join(" and ")}.`,
  };
}

function heightsPicture({ heights }, { epochs }, until, rate) {
  const [low, high] = extent(...heights);
  const room = Math.max(0.02, (high - low) * 0.08);
  return {
    x: [0, epochs],
    y: [low - room, high + room],
    xLabel: "epoch",
    curves: classCurves(`plain${rate}`, heights, until),
    alt: `From ${heights.map((h) => inWords(h[0])).join(" and ")} to ${heights.map((h) => inWords(h[until])).join(" and ")}.`,
  };
}

function accuracyPicture({ accuracy }, { epochs }, until, rate) {
  const shown = accuracy.epochs.filter((epoch) => epoch <= until).length;
  const points = { x: accuracy.epochs.slice(0, shown), y: accuracy.share.slice(0, shown) };
  return {
    x: [0, epochs],
    y: [0, 1.05],
    xLabel: "epoch",
    curves: [
      { kind: `weak${rate}`, ...points },
      { kind: "weak", ...points, mode: "dots" },
    ],
    marks: [{ kind: "label-line", y: 0.5 }],
    alt: `At epoch ${points.x[shown - 1]}: ${Math.round(100 * points.y[shown - 1])} % right.`,
  };
}

export const NETWORK_KEYS = {
  margins: [
    { kind: "strong dots", label: "strong points of one label" },
    { kind: "weak", label: "weak points" },
    { kind: "plain theory", label: "predicted 2-cycle" },
  ],
  filters: [
    { kind: "strong thin", label: "⟨w, ju⟩" },
    { kind: "weak thin", label: "⟨w, jv⟩" },
  ],
  signals: [
    { kind: "strong", label: "s" },
    { kind: "weak", label: "q" },
    { kind: "weak theory", label: "q_edge" },
  ],
};

/**
 * The slider for the rate: η, which says κ too, and moves by what is a step of κ. At another number
 * of filters κ stays, and η moves.
 */
function createRateSlider(store) {
  const { least, most, step } = FIELDS.kappa;
  const etaOf = (kappa) => rateOf({ kappa, m: store.state.m });
  const kappaOf = (eta) => fitted("kappa", Number((eta / etaOf(1)).toPrecision(6)));
  const slider = createSlider(
    { name: "learning rate, η", least, most, step },
    (eta) => store.set({ kappa: kappaOf(eta) }),
    (eta) => `η = ${rateSaid(eta)}, κ = ${kappaOf(eta).toFixed(2)}`,
  );
  slider.input.dataset.field = "eta";
  slider.input.addEventListener("change", store.settle);
  return {
    root: slider.root,
    show(state) {
      slider.input.min = etaOf(least);
      slider.input.max = etaOf(most);
      slider.input.step = etaOf(step);
      slider.show(etaOf(state.kappa));
    },
  };
}

/** The view; small: margins and five seeds, with η and the noise. */
export function createNetworkView(store, { small = false } = {}) {
  const others = VIEW_FIELDS.network.filter((name) => name !== "seed" && name !== "kappa");
  const names = small ? ["noise_norm"] : others;
  const sliders = createSliders(
    FIELDS,
    names,
    store,
    small ? [] : ["n_weak", "m", "scale", "epochs"],
  );
  const rate = createRateSlider(store);
  sliders.first.prepend(rate.root);
  const plots = {
    margins: createPlot({ title: "Margin y f at each visit", key: NETWORK_KEYS.margins }),
  };
  if (!small) {
    plots.filters = createPlot({ title: "Overlaps of all filters", key: NETWORK_KEYS.filters });
    plots.signals = createPlot({
      title: "Signals of both classes, log scale",
      key: NETWORK_KEYS.signals,
    });
    plots.accuracy = createPlot({ title: "Share of fresh weak points right" });
    plots.heights = createPlot({ title: "Potential Φ of both classes" });
  }
  const pictures = {
    margins: marginsPicture,
    filters: filtersPicture,
    signals: classPicture,
    accuracy: accuracyPicture,
    heights: heightsPicture,
  };
  const histogram = createHistogram(store);
  const words = createWords();
  let state = store.state; // the store may be ahead of what is drawn, by a frame
  const player = createPlayer({ unit: "epoch", length: () => state.epochs, onShow: show });
  const seedShown = node("span", { class: "lab-seed" });
  const newSeed = createButton("Another seed", () => {
    store.set({ seed: (store.state.seed + 1) % (FIELDS.seed.most + 1) });
    store.settle();
  });
  player.root.append(newSeed, seedShown);
  let found = null;
  let made = "";

  function show(until = player.time(), speak = !player.playing()) {
    const dashed = state.kappa > 1 ? "" : " small";
    for (const [name, plot] of Object.entries(plots)) {
      plot.show(pictures[name](found, state, until, dashed));
    }
    if (speak) {
      words.say(
        describeNetwork({ kappa: state.kappa, eta: rateOf(state) }, networkFound(found, state)),
      );
    }
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
        { class: "lab-plots" },
        ...Object.values(plots).map((plot) => plot.root),
        histogram.plot,
      ),
      histogram.root,
    ),
    update(next) {
      const now = VIEW_FIELDS.network.map((name) => next[name]).join();
      sliders.show(next);
      rate.show(next);
      if (now === made) return;
      made = now;
      state = { ...next };
      seedShown.textContent = `seed ${state.seed}`;
      found = networkRun(state);
      player.refresh();
      show(player.time(), true);
      histogram.update(state);
    },
    stop() {
      player.stop();
      words.stop();
      histogram.stop();
      for (const plot of Object.values(plots)) plot.stop();
    },
  };
}
