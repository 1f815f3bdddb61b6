// The cubic map of chapter 6, ν → 0, stepped by hand: a cobweb.
import { cubicStep, SIGN_LIMIT } from "./theory.js";
import { createPlayer, createSliders, createWords } from "./controls.js";
import { createPlot } from "./plot.js";
import { FIELDS } from "./state.js";
import { fixed, node } from "./svg.js";
import { describeCobweb } from "./words.js";

const LONGEST = 120;
const ABSCISSAE = Array.from({ length: 157 }, (_, k) => k / 100);

/** z_0, z_1, …: up to the first negative one, where the network is left at 0. */
export function cobwebPath(kappa, z) {
  const path = [z];
  while (path.length <= LONGEST && path[path.length - 1] >= 0) {
    path.push(cubicStep(path[path.length - 1], kappa));
  }
  return path;
}

/** The corners of the cobweb: up or down to the curve, sideways to the diagonal. */
function corners(path, from, until) {
  const x = [];
  const y = [];
  for (let t = from; t < until; t += 1) {
    x.push(path[t], path[t]);
    y.push(t === 0 ? 0 : path[t], path[t + 1]);
  }
  if (until > from && path[until] >= 0) {
    x.push(path[until]);
    y.push(path[until]);
  }
  return { x, y };
}

function cobwebPicture({ kappa }, path, until) {
  const old = Math.max(0, until - 12);
  return {
    x: [0, 1.56],
    y: [-0.35, 1.56],
    xLabel: "z",
    yLabel: "next z",
    curves: [
      { kind: "line-far thin", x: [0, 1.56], y: [0, 1.56] },
      { kind: "plain", x: ABSCISSAE, y: ABSCISSAE.map((z) => cubicStep(z, kappa)) },
      { kind: "strong faint", ...corners(path, 0, old) },
      { kind: "strong", ...corners(path, old, until) },
    ],
    marks: [
      { kind: "label-line", y: 0 },
      { kind: "plain hollow", x: 1, y: 1 },
      { kind: "noise", x: path[until] >= 0 ? path[until] : path[until - 1], y: path[until] },
    ],
    alt: `Step ${until}: z is ${fixed(path[until], 3)}.`,
  };
}

/** The view; small: κ alone. */
export function createCobwebView(store, { small = false } = {}) {
  const names = small ? ["kappa"] : ["kappa", "z"];
  const sliders = createSliders(FIELDS, names, store);
  const web = createPlot({
    title: "Cobweb of z ← z(1 + κ − κz²)",
    key: [
      { kind: "plain", label: "the map" },
      { kind: "strong", label: "the path" },
      { kind: "line-far thin", label: "next z = z" },
    ],
    ratio: small ? 0.6 : 0.85,
    tallest: 380,
  });
  const outputs = createPlot({ title: "Output z² at each step", ratio: 0.6 });
  const words = createWords();
  let path = [0, 0];
  let made = "";
  const player = createPlayer({ unit: "step", length: () => path.length - 1, onShow: draw });

  function draw(until = player.time(), speak = !player.playing()) {
    const { state } = store;
    web.show(cobwebPicture(state, path, until));
    const squares = path.slice(0, until + 1).map((z) => Math.max(z, 0) ** 2);
    outputs.show({
      x: [0, LONGEST],
      y: [0, state.kappa > SIGN_LIMIT ? 2.2 : 1.9],
      xLabel: "step",
      curves: [
        {
          kind: state.kappa > 1 ? "strong" : "strong small",
          x: squares.map((_, t) => t),
          y: squares,
        },
      ],
      marks: [{ kind: "label-line", y: 1 }],
      alt: `Step ${until}: ${squares[until].toFixed(3)}.`,
    });
    if (speak) words.say(describeCobweb(state, path, until));
  }

  return {
    root: node(
      "div",
      { class: "lab-view" },
      sliders.root,
      words.root,
      player.root,
      node(
        "div",
        { class: small ? "lab-plots one" : "lab-plots top" },
        web.root,
        small ? null : outputs.root,
      ),
    ),
    update(state) {
      const now = `${state.kappa},${state.z}`;
      sliders.show(state);
      if (now === made) return;
      made = now;
      path = cobwebPath(state.kappa, state.z);
      player.refresh();
      draw(player.time(), true);
    },
    stop() {
      player.stop();
      words.stop();
      web.stop();
      outputs.stop();
    },
  };
}
