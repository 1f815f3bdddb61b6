// Drag the residual e and try to make the potential fall: chapter 5 in the reader's hand.
import { potentialGain } from "./theory.js";
import { createButton, createSliders, createWords } from "./controls.js";
import { createPlot } from "./plot.js";
import { FIELDS, fitted } from "./state.js";
import { inWords, node } from "./svg.js";
import { describeStep, describeTaken } from "./words.js";

const RESIDUALS = Array.from({ length: 391 }, (_, k) => -0.95 + k / 200);

function gainPicture({ e, kappa, nu }) {
  const gains = RESIDUALS.map((at) => potentialGain(at, kappa, nu));
  const here = potentialGain(e, kappa, nu);
  const top =
    Math.max(potentialGain(1, kappa, nu), Math.min(3 * potentialGain(1, kappa, nu), here || 0)) *
    1.15;
  const turn = -1 / kappa;
  const marks = [{ kind: "label-line", y: 0 }];
  if (turn > -0.95) marks.push({ kind: "plain small", x: turn, label: "sign turns" });
  if (Number.isFinite(here)) marks.push({ kind: "weak", x: e, y: Math.min(here, top) });
  return {
    x: [-0.95, 1],
    y: [-0.25 * top, top],
    xLabel: "residual e",
    curves: [{ kind: "weak", x: RESIDUALS, y: gains }],
    marks,
    alt: Number.isFinite(here)
      ? `At e = ${inWords(e)} a step adds ${here.toFixed(4)}; the curve is nowhere below 0.`
      : "Φ has no value here.",
  };
}

function takenPicture(heights, gain, { kappa, nu }) {
  const now = heights[heights.length - 1];
  const next = Number.isFinite(gain) ? now + gain : now;
  const last = Math.max(8, heights.length + 1);
  const room = Math.max(next, now, 4 * potentialGain(1, kappa, nu));
  return {
    x: [0, last],
    y: [-0.15 * room, room * 1.1],
    xLabel: "step",
    xTicks: last < 12 ? Array.from({ length: last + 1 }, (_, k) => k) : undefined,
    curves: [
      { kind: "plain", x: heights.map((_, k) => k), y: heights },
      { kind: "weak theory", x: [heights.length - 1, heights.length], y: [now, next] },
    ],
    marks: [
      { kind: "plain", x: heights.length - 1, y: now },
      { kind: "weak", x: heights.length, y: next },
    ],
    alt: `Before the step ${now.toFixed(4)}, after it ${next.toFixed(4)}.`,
  };
}

/** The view; small: the gain alone, with e and κ. */
export function createPotentialView(store, { small = false } = {}) {
  const names = small ? ["e", "kappa"] : ["e", "kappa", "nu"];
  const sliders = createSliders(FIELDS, names, store);
  const gain = createPlot({ title: "What one step adds to Φ", ratio: small ? 0.46 : 0.62 });
  const taken = createPlot({
    title: "Φ over the steps you take",
    key: [
      { kind: "plain dots", label: "so far" },
      { kind: "weak dots", label: "after this step" },
    ],
  });
  const words = createWords();
  const takeStep = createButton("Take this step", () => {
    const added = currentGain();
    if (Number.isFinite(added)) heights.push(heights[heights.length - 1] + added);
    draw();
  });
  const again = createButton("Start again", () => {
    heights = [0];
    draw();
  });
  gain.drag((e) => store.set({ e: fitted("e", Number(e.toFixed(2))) }), store.settle);
  let heights = [0];
  let made = "";

  const currentGain = () => potentialGain(store.state.e, store.state.kappa, store.state.nu);

  function draw() {
    const { state } = store;
    const added = currentGain();
    gain.show(gainPicture(state));
    if (!small) taken.show(takenPicture(heights, added, state));
    takeStep.disabled = !Number.isFinite(added);
    words.say(describeStep(state) + describeTaken(heights));
  }

  return {
    root: node(
      "div",
      { class: "lab-view wordy" },
      sliders.root,
      words.root,
      node(
        "div",
        { class: small ? "lab-plots one" : "lab-plots" },
        gain.root,
        small ? null : taken.root,
      ),
      node("div", { class: "lab-player" }, takeStep, again),
    ),
    update(state) {
      const now = `${state.e},${state.kappa},${state.nu}`;
      sliders.show(state);
      if (now === made) return;
      made = now;
      draw();
    },
    stop() {
      words.stop();
      gain.stop();
      taken.stop();
    },
  };
}
