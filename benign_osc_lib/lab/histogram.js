// "Draw five seeds": a growing histogram of right answers beside the published totals.
import { PAPER, PUBLISHED } from "./presets.js";
import { createButton, createWords } from "./controls.js";
import { createPlot } from "./plot.js";
import { drawFive, rateOf } from "./network_run.js";
import { node } from "./svg.js";
import { describeDraws } from "./words.js";

const OF = PUBLISHED.runs * (PUBLISHED.strong + PUBLISHED.weak);

/** How often each total was drawn: [[total, times], …] in order. */
export function countTotals(totals) {
  const times = new Map();
  for (const total of totals) times.set(total, (times.get(total) ?? 0) + 1);
  return [...times].sort((a, b) => a[0] - b[0]);
}

function drawnPicture(totals) {
  const counted = countTotals(totals);
  const least = Math.min(140, ...totals);
  const most = Math.max(4, ...counted.map(([, times]) => times));
  const bars = (toX, toY) =>
    counted
      .map(([total, times]) => {
        const [left, right] = [toX(total - 0.4), toX(total + 0.4)];
        const newest = total === totals[totals.length - 1] ? " newest" : "";
        return `<rect class="lab-bar${newest}" x="${left}" y="${toY(times)}" width="${right - left}" height="${toY(0) - toY(times)}"/>`;
      })
      .join("");
  const published = (rate, kind) => ({ kind, x: PUBLISHED[rate].right });
  return {
    x: [least - 1, OF + 1],
    y: [0, most * 1.15],
    xLabel: `right answers of ${OF}`,
    yLabel: "draws",
    curves: [],
    under: bars,
    marks: [published("large", "noise"), published("small", "noise small")],
    alt: totals.length ? `Totals drawn: ${totals.slice(-20).join(", ")}.` : "Nothing drawn yet.",
  };
}

/** What is published at this state, in words, or "". */
export function publishedSaid(state) {
  const same = ["large", "small"].find(
    (rate) => Math.abs(PUBLISHED[rate].eta - rateOf(state)) < 1e-9,
  );
  const asPaper =
    state.m === PAPER.m &&
    state.n_weak === PAPER.nWeak &&
    state.epochs === PAPER.epochs &&
    state.noise_norm === PAPER.noiseNorm &&
    state.nu === 0.04 &&
    state.scale === PAPER.sigma0;
  if (!same || !asPaper) return "The published totals belong to the paper's settings.";
  const { right, book } = PUBLISHED[same];
  return `Published: ${right} of ${OF}. This book, 1000 networks: ${book.all[0]}\u00a0±\u00a0${book.all[1]}\u00a0%.`;
}

/** Gives {plot, root, update(state), stop()}: the plot, and its button with a line in words. */
export function createHistogram(store) {
  const plot = createPlot({
    title: "Five seeds, again and again",
    key: [
      { kind: "noise", label: "paper, η = 1.2" },
      { kind: "noise small", label: "paper, η = 0.1" },
    ],
  });
  const words = createWords();
  let totals = [];
  let shares = [];
  let made = "";
  const drawAgain = createButton("Draw five seeds", () => {
    const found = drawFive(store.state, 10000 + shares.length);
    totals.push(found.right);
    shares.push(...found.shares);
    show();
  });
  function show() {
    plot.show(drawnPicture(totals));
    words.say(`${describeDraws({ totals, of: OF, shares })} ${publishedSaid(store.state)}`);
  }
  return {
    plot: plot.root,
    root: node("div", { class: "lab-histogram" }, drawAgain, words.root),
    update(state) {
      const now = ["kappa", "nu", "noise_norm", "n_weak", "m", "scale", "epochs"]
        .map((name) => state[name])
        .join();
      if (now === made) return;
      made = now;
      totals = [];
      shares = [];
      show();
    },
    stop() {
      plot.stop();
      words.stop();
    },
  };
}
