// The phase diagrams of chapter 11: choose a cell, see one of its runs.
import { PHASE, REGIMES } from "./phase_grid.js";
import { ESCAPE, SIGN_LIMIT } from "./theory.js";
import { createChoice, createWords } from "./controls.js";
import { networkFound, networkRun, rateOf } from "./network_run.js";
import { marginsPicture, NETWORK_KEYS } from "./network_view.js";
import { createPlot } from "./plot.js";
import { FIELDS, fitted, presetValues, VIEW_FIELDS } from "./state.js";
import { inWords, node, tickLabel } from "./svg.js";
import { describeNetwork } from "./words.js";

const REGIME_WORDS = ["too small", "benign", "class lost", "diverged"];
const SIGNS = ["", "", "×", "∞"]; // not by colour alone
const DIAGRAM_TITLES = { nu: "κ and ν", rho: "κ and weak points", noise: "κ and noise" };

/** The place of the cell nearest to a state: {column, row}. */
export function cellOf(diagram, state) {
  const { kappa, y, of } = PHASE[diagram];
  const nearest = (values, wanted) =>
    values.reduce(
      (best, value, k) => (Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? k : best),
      0,
    );
  return { column: nearest(kappa, state.kappa), row: nearest(y, state[of]) };
}

/** The state of the cell nearest to a state: the sizes of the diagram, its κ and its second number. */
export function cellState(state) {
  const { kappa, y, of } = PHASE[state.diagram];
  const { column, row } = cellOf(state.diagram, state);
  return {
    ...state,
    ...presetValues({ change: {} }),
    kappa: kappa[column],
    [of]: fitted(of, y[row]),
  };
}

/** A cell in words. */
export function describeCell(diagram, { column, row }) {
  const { kappa, y, of, regime, share, accuracy, runs } = PHASE[diagram];
  const second =
    of === "n_weak"
      ? `weak points: ${fitted(of, y[row])}`
      : `${FIELDS[of].symbol} = ${inWords(y[row])}`;
  const right = accuracy[column][row];
  const known = right == null ? "" : `; ${right}\u00a0% of fresh weak points right`;
  const which = REGIME_WORDS[regime[column][row]];
  return `κ = ${kappa[column].toFixed(1)}, ${second}: ${which} in ${share[column][row]}\u00a0% of ${runs} runs${known}`;
}

function cells(diagram, measure, cursor, prefix, toX, toY) {
  const { kappa, y, regime, accuracy } = PHASE[diagram];
  const rows = y.map((_, row) => {
    const [top, bottom] = [toY(row + 0.5), toY(row - 0.5)];
    const inRow = kappa.map((rate, column) => {
      const [left, right] = [toX(rate - 0.05), toX(rate + 0.05)];
      const kind = regime[column][row];
      const share = accuracy[column][row];
      const look =
        measure === "regime" || share == null
          ? `class="lab-cell regime-${measure === "regime" ? kind : 3}"`
          : `class="lab-cell" style="--share: ${share}%"`;
      const chosen = column === cursor.column && row === cursor.row;
      const sign = measure === "regime" && right - left > 11 ? SIGNS[kind] : "";
      const text =
        sign &&
        `<text x="${(left + right) / 2}" y="${(top + bottom) / 2 + 4}" class="lab-sign" text-anchor="middle">${sign}</text>`;
      return (
        `<g role="gridcell" id="${prefix}-${column}-${row}" aria-selected="${chosen}" aria-label="${describeCell(diagram, { column, row })}" data-column="${column}" data-row="${row}">` +
        `<rect ${look} x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/>${text}</g>`
      );
    });
    return `<g role="row">${inRow.join("")}</g>`;
  });
  const frame = [
    toX(kappa[cursor.column] - 0.05),
    toY(cursor.row + 0.5),
    toX(kappa[cursor.column] + 0.05),
    toY(cursor.row - 0.5),
  ];
  const size = `x="${frame[0]}" y="${frame[1]}" width="${frame[2] - frame[0]}" height="${frame[3] - frame[1]}"`;
  return `${rows.join("")}<rect class="lab-cursor" ${size}/><rect class="lab-cursor core" ${size}/>`;
}

/** The view; small: the diagram of ν and the run. */
export function createPhaseView(store, { small = false } = {}) {
  const prefix = `lab-${Math.random().toString(36).slice(2, 9)}`;
  const map = createPlot({ title: "Phase diagram", ratio: 0.85, tallest: 360, role: "grid" });
  const margins = createPlot({
    title: "One run of this cell: margin y f",
    key: NETWORK_KEYS.margins,
    ratio: 0.7,
  });
  const words = createWords();
  const said = createWords();
  const run = node("div", { class: "lab-run" }, margins.root, said.root); // stale: of another cell
  let measure = "regime";
  let cursor = { column: 0, row: 0 };
  let made = "";
  const diagrams = createChoice("Axes", DIAGRAM_TITLES, (diagram) => {
    store.set({ diagram, ...presetValues({ change: {} }) });
    store.settle();
  });
  const measures = createChoice("Shown", { regime: "regime", accuracy: "accuracy" }, (next) => {
    measure = next;
    drawMap();
  });
  const legend = node("p", { class: "lab-regimes" });
  const keys = node("p", { class: "lab-keys" }, "Arrow keys move the cell, Enter trains it.");

  function drawMap() {
    const { diagram } = store.state;
    const { y, of } = PHASE[diagram];
    measures.show(measure);
    const every = Math.ceil(y.length / 8);
    map.show({
      x: [0.05, 2.25],
      y: [-0.5, y.length - 0.5],
      xLabel: "κ",
      yLabel: of === "n_weak" ? "weak points" : FIELDS[of].symbol,
      xTicks: [0.5, 1, 1.5, 2],
      yTicks: y.map((_, row) => row).filter((row) => row % every === 0),
      yText: (row) => tickLabel(Number(y[row].toPrecision(2))),
      curves: [],
      under: (toX, toY) => cells(diagram, measure, cursor, prefix, toX, toY),
      marks: Object.entries({ threshold: 1, sign: SIGN_LIMIT, escape: ESCAPE }).flatMap(
        ([label, x]) => [
          { kind: "halo", x, label },
          { kind: "halo core", x },
        ],
      ),
      alt: "Arrow keys move, Enter shows a run.",
    });
    map.svg.setAttribute("aria-activedescendant", `${prefix}-${cursor.column}-${cursor.row}`);
    words.say(`${describeCell(diagram, cursor)}.`);
    const { column, row } = cellOf(diagram, store.state);
    run.classList.toggle("stale", column !== cursor.column || row !== cursor.row);
    const entry = (text, patch, sign = "") =>
      node("span", {}, node("i", { "aria-hidden": "true", ...patch }, sign), text);
    const ofRegime = (k) => entry(REGIME_WORDS[k], { class: `lab-patch regime-${k}` }, SIGNS[k]);
    const ofShare = (share) =>
      entry(`${share}\u00a0% right`, { class: "lab-patch", style: `--share: ${share}%` });
    const diverged = entry("diverged", { class: "lab-patch regime-3" });
    legend.replaceChildren(
      ...(measure === "regime"
        ? REGIMES.map((_, k) => ofRegime(k))
        : [...[50, 75, 100].map(ofShare), diverged]),
    );
  }

  function choose(cell) {
    cursor = cell;
    const { diagram } = store.state;
    const { kappa, y, of } = PHASE[diagram];
    store.set({ ...presetValues({ change: {} }), kappa: kappa[cell.column], [of]: y[cell.row] });
    store.settle();
    drawMap();
  }

  map.svg.tabIndex = 0;
  map.svg.setAttribute("data-lm-suppress-shortcuts", "true"); // as in `node`
  map.svg.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-column]");
    if (cell) choose({ column: Number(cell.dataset.column), row: Number(cell.dataset.row) });
  });
  map.svg.addEventListener("keydown", (event) => {
    const { kappa, y } = PHASE[store.state.diagram];
    const { column, row } = cursor;
    const moves = {
      ArrowRight: { column: column + 1, row },
      ArrowLeft: { column: column - 1, row },
      ArrowUp: { column, row: row + 1 },
      ArrowDown: { column, row: row - 1 },
      Home: { column: 0, row },
      End: { column: kappa.length - 1, row },
    };
    if (event.key === "Enter" || event.key === " ") choose(cursor);
    else if (event.key in moves) {
      const next = moves[event.key];
      cursor = {
        column: Math.min(kappa.length - 1, Math.max(0, next.column)),
        row: Math.min(y.length - 1, Math.max(0, next.row)),
      };
      drawMap();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    root: node(
      "div",
      { class: "lab-view" },
      node("div", { class: "lab-choices" }, small ? null : diagrams.root, measures.root),
      words.root,
      node(
        "div",
        { class: "lab-plots top" },
        node("div", {}, map.root, legend, keys),
        run,
      ),
    ),
    update(state) {
      const now = [...VIEW_FIELDS.network, "diagram"].map((name) => state[name]).join();
      if (now === made) return;
      made = now;
      diagrams.show(state.diagram);
      cursor = cellOf(state.diagram, state);
      drawMap();
      const cell = cellState(state);
      const found = networkRun(cell);
      margins.show(marginsPicture(found, cell, cell.epochs, cell.kappa > 1 ? "" : " small"));
      said.say(describeNetwork({ kappa: cell.kappa, eta: rateOf(cell) }, networkFound(found, cell)));
    },
    stop() {
      map.stop();
      margins.stop();
      words.stop();
      said.stop();
    },
  };
}
