// The numbers of the laboratory: their ranges, presets, and how an address holds them.
import { PAPER, PRESETS } from "./presets.js";
import { kappa } from "./theory.js";

/**
 * Everything one can set: symbol, name, range, first value. `log`: its slider moves by factors.
 * The symbols are the book's, the keys the traits of `benign_osc_lib.lab.Lab`.
 */
export const FIELDS = {
  kappa: {
    symbol: "κ",
    name: "rate in natural units, κ",
    least: 0.05,
    most: 2.2,
    step: 0.01,
    digits: 2,
    start: 1.2,
  },
  nu: {
    symbol: "ν",
    name: "strength of the weak feature, ν",
    least: 0.005,
    most: 0.64,
    log: true,
    digits: 3,
    start: 0.04,
  },
  strong: {
    symbol: "s₀",
    name: "strong signal at the start, s₀",
    least: 1e-4,
    most: 0.5,
    log: true,
    digits: 4,
    start: 0.0078,
  },
  weak: {
    symbol: "q₀",
    name: "weak signal at the start, q₀",
    least: 1e-6,
    most: 0.5,
    log: true,
    digits: 5,
    start: 0.0003,
  },
  steps: {
    symbol: "steps",
    name: "number of steps",
    least: 20,
    most: 3000,
    step: 10,
    digits: 0,
    start: 1500,
  },
  e: {
    symbol: "e",
    name: "residual, e",
    least: -0.95,
    most: 1,
    step: 0.01,
    digits: 2,
    start: -0.6,
  },
  z: { symbol: "z₀", name: "start, z₀", least: 0.02, most: 1.5, step: 0.01, digits: 2, start: 0.2 },
  noise_norm: {
    symbol: "‖ξ‖",
    name: "length of the noise, ‖ξ‖",
    least: 0,
    most: 3.2,
    step: 0.05,
    digits: 2,
    start: PAPER.noiseNorm,
  },
  n_weak: {
    symbol: "n_weak",
    name: "weak training points, of 16",
    least: 0,
    most: 8,
    step: 1,
    digits: 0,
    start: PAPER.nWeak,
  },
  m: {
    symbol: "m",
    name: "filters per sign, m",
    least: 1,
    most: 20,
    step: 1,
    digits: 0,
    start: PAPER.m,
  },
  scale: {
    symbol: "σ₀",
    name: "size of the start, σ₀",
    least: 0.0025,
    most: 0.25,
    log: true,
    digits: 4,
    start: PAPER.sigma0,
  },
  epochs: {
    symbol: "epochs",
    name: "number of epochs",
    least: 20,
    most: 400,
    step: 10,
    digits: 0,
    start: PAPER.epochs,
  },
  seed: { symbol: "seed", name: "seed", least: 0, most: 9999, step: 1, digits: 0, start: 1 },
};

/** The views, in the order of their tabs. */
export const VIEWS = {
  point: "One point",
  potential: "The potential",
  cobweb: "The cubic map",
  network: "A network",
  phase: "Phase diagram",
};

/** The fields that a view shows, and that its address holds. */
export const VIEW_FIELDS = {
  point: ["kappa", "nu", "strong", "weak", "steps"],
  potential: ["e", "kappa", "nu"],
  cobweb: ["kappa", "z"],
  network: ["kappa", "nu", "noise_norm", "n_weak", "m", "scale", "epochs", "seed"],
  phase: ["kappa", "nu", "noise_norm", "n_weak", "seed"],
};

export const DIAGRAM_NAMES = { nu: "ν", rho: "weak points", noise: "noise" };

const OF_PRESET = ["kappa", "nu", "noise_norm", "n_weak", "m", "scale", "epochs"];

const OF_POINT = ["strong", "weak", "steps"];

/** What a preset of the engine sets in a view; at the paper's sizes κ is η. */
export function presetValues({ change }, view = "network") {
  const { eta, noiseNorm } = { ...PAPER, ...change };
  const names = view === "point" ? [...OF_PRESET, ...OF_POINT] : OF_PRESET;
  const values = Object.fromEntries(names.map((name) => [name, FIELDS[name].start]));
  return { ...values, kappa: kappa(eta, PAPER.uNorm, PAPER.m), noise_norm: noiseNorm };
}

/** The name of the preset whose numbers a view shows now, or null. */
export function presetOf(state, view) {
  const match = PRESETS.find((preset) => {
    const values = presetValues(preset, view);
    const fields = VIEW_FIELDS[view].filter((name) => name in values);
    return fields.every((name) => state[name] === values[name]);
  });
  return match?.name ?? null;
}

/** A value brought into its range; the first value where it is no number. */
export function fitted(name, value) {
  const { least, most, start, digits } = FIELDS[name];
  const number = typeof value === "string" && value.trim() === "" ? NaN : Number(value);
  if (value == null || !Number.isFinite(number)) return start;
  const inside = Math.min(most, Math.max(least, number));
  return digits === 0 ? Math.round(inside) : inside;
}

/** All first values. */
export function startState() {
  const state = { diagram: "nu" };
  for (const name of Object.keys(FIELDS)) state[name] = FIELDS[name].start;
  return state;
}

/** A view and its numbers as the part of an address behind "#". */
export function encodeState(view, state) {
  const parts = VIEW_FIELDS[view].map((name) => `${name}=${state[name]}`);
  if (view === "phase") parts.push(`diagram=${state.diagram}`);
  return `#lab=${view}&${parts.join("&")}`;
}

/**
 * What `encodeState` wrote: {view, values}, or null where the address holds no laboratory.
 * What a shorter address leaves out has its first value.
 */
export function decodeState(hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const view = asked.get("lab");
  if (!Object.hasOwn(VIEWS, view ?? "")) return null;
  const values = Object.fromEntries(
    VIEW_FIELDS[view].map((name) => [name, fitted(name, asked.get(name))]),
  );
  const diagram = asked.get("diagram");
  if (view === "phase" && Object.hasOwn(DIAGRAM_NAMES, diagram ?? "")) values.diagram = diagram;
  return { view, values };
}

/**
 * The state of one laboratory, kept in step with an anywidget model both ways.
 * Gives {state, set(values), settle(), watch(listener), stop()}: settle() sends to a kernel.
 */
export function createStore(model) {
  const state = startState();
  const listeners = new Set();
  const names = Object.keys(state);
  const read = (name) => {
    const value = model.get(name);
    if (name === "diagram")
      return Object.hasOwn(DIAGRAM_NAMES, value ?? "") ? value : state.diagram;
    return value == null ? state[name] : fitted(name, value);
  };
  let frame = 0;
  const tell = () => {
    frame = 0;
    for (const listener of listeners) listener(state);
  };
  const later = () => {
    if (!frame) frame = requestAnimationFrame(tell);
  };
  const heard = names.map((name) => {
    state[name] = read(name);
    const listen = () => {
      const value = read(name);
      if (value === state[name]) return;
      state[name] = value;
      later();
    };
    model.on(`change:${name}`, listen);
    return [name, listen];
  });
  return {
    state,
    set(values) {
      Object.assign(state, values);
      for (const [name, value] of Object.entries(values)) model.set(name, value);
      later();
    },
    settle: () => model.save_changes(),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      cancelAnimationFrame(frame);
      for (const [name, listen] of heard) model.off(`change:${name}`, listen);
    },
  };
}
