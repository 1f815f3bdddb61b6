// The controls of the laboratory: native inputs and buttons with names, and a line in words.
import { fixed, inWords, node, withSubscripts } from "./svg.js";

const DECADE = 0.01; // a step of a slider that moves by factors

/** A value in words: where the digits of its field show fewer than two of its own, two of these. */
const written = ({ log, digits }, value) =>
  log && value < 10 ** (1 - digits) ? inWords(value) : fixed(value, digits);

/**
 * A slider with its name and an output that says "κ = 1.20".
 * field: {symbol, name, least, most, step or log, digits}; with `log` the slider moves by factors.
 * Gives {root, input, show(value)}.
 */
export function createSlider(field, onInput, write = null) {
  const toSlider = (value) => (field.log ? Math.log10(value) : value);
  // By factors: both ends and the first value are met exactly, whatever lies between them.
  const exact = [field.least, field.start, field.most];
  const ofSlider = (at) =>
    field.log
      ? (exact.find((value) => Math.abs(Math.log10(value) - at) <= DECADE / 2) ??
        Math.min(field.most, Number((10 ** at).toPrecision(3))))
      : at;
  const least = toSlider(field.least);
  const steps = field.log ? Math.ceil((toSlider(field.most) - least) / DECADE) : 0;
  const input = node("input", {
    type: "range",
    min: least,
    max: field.log ? least + (steps + 0.5) * DECADE : field.most,
    step: field.log ? DECADE : field.step,
  });
  const say = write ?? ((value) => `${field.symbol} = ${written(field, value)}`);
  const output = node("output", { "aria-live": "off" });
  const label = node("label", {}, node("span", {}, field.name), input);
  let shown = null;
  let said = "";
  const show = (value) => {
    if (shown !== value && ofSlider(Number(input.value)) !== value) input.value = toSlider(value);
    shown = value;
    const text = say(value);
    if (said === text) return;
    said = text;
    output.replaceChildren(...withSubscripts(text));
    input.setAttribute("aria-valuetext", text);
  };
  const moved = () => {
    const value = ofSlider(Number(input.value));
    show(value); // at once; the plots follow with the next frame
    onInput(value);
  };
  input.addEventListener("input", moved);
  // A finger that lands on it and then scrolls the page has not meant it.
  let before = null;
  input.addEventListener("pointerdown", () => (before = input.value));
  input.addEventListener("pointercancel", () => {
    if (before === null || before === input.value) return;
    input.value = before;
    moved();
  });
  return { root: node("div", { class: "lab-slider" }, label, output), input, show };
}

/** Sliders for some fields of a store; those in `later` are folded on a phone. Gives {root, show(state)}. */
export function createSliders(fields, names, store, later = []) {
  const sliders = names.map((name) => {
    const slider = createSlider(fields[name], (value) => store.set({ [name]: value }));
    slider.input.dataset.field = name;
    slider.input.addEventListener("change", store.settle);
    return [name, slider];
  });
  const grid = (wanted) =>
    node(
      "div",
      { class: "lab-controls" },
      ...sliders.filter(([name]) => wanted(name)).map(([, slider]) => slider.root),
    );
  const first = grid((name) => !later.includes(name));
  const roomy = matchMedia("(min-width: 700px)").matches;
  const more = later.length
    ? node(
        "details",
        { class: "lab-more", open: roomy },
        node("summary", {}, "More settings"),
        grid((name) => later.includes(name)),
      )
    : null;
  return {
    root: node("div", {}, first, more),
    first,
    show(state) {
      for (const [name, slider] of sliders) slider.show(state[name]);
    },
  };
}

export function createButton(text, onClick, attributes = {}) {
  return node(
    "button",
    { type: "button", class: "lab-button", onclick: onClick, ...attributes },
    text,
  );
}

/** A row of buttons of which one may be pressed: {name: text}. Gives {root, show(name)}. */
export function createChoice(title, choices, onChoose) {
  const buttons = Object.entries(choices).map(([name, text]) =>
    createButton(text, () => onChoose(name), { "data-choice": name, "aria-pressed": "false" }),
  );
  return {
    root: node(
      "div",
      { class: "lab-choice", role: "group", "aria-label": title },
      node("span", { class: "lab-choice-title", "aria-hidden": "true" }, title),
      ...buttons,
    ),
    show(name) {
      for (const button of buttons) {
        button.setAttribute("aria-pressed", String(button.dataset.choice === name));
      }
    },
  };
}

/** Tabs after the pattern of the ARIA guide: arrow keys choose. Gives {root, show(name)}. */
export function createTabs(title, names, onChoose) {
  const keys = Object.keys(names);
  const tabs = keys.map((key) =>
    node(
      "button",
      { type: "button", role: "tab", class: "lab-tab", onclick: () => onChoose(key) },
      names[key],
    ),
  );
  const root = node("div", { role: "tablist", class: "lab-tabs", "aria-label": title }, ...tabs);
  root.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(event.target);
    const moves = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    if (at < 0 || !(event.key in moves)) return;
    event.preventDefault();
    const next = (moves[event.key] + tabs.length) % tabs.length;
    onChoose(keys[next]);
    tabs[next].focus();
  });
  return {
    root,
    show(name) {
      tabs.forEach((tab, k) => {
        tab.setAttribute("aria-selected", String(keys[k] === name));
        tab.tabIndex = keys[k] === name ? 0 : -1;
      });
    },
  };
}

/** A paragraph in words, read out politely; while something moves it waits. */
export function createWords(wait = 250) {
  const root = node("p", { class: "lab-words", "aria-live": "polite" });
  let timer = 0;
  let next = "";
  const flush = () => {
    if (root.textContent !== next) root.textContent = next;
  };
  return {
    root,
    say(text) {
      next = text;
      clearTimeout(timer);
      if (!root.textContent) flush();
      else timer = setTimeout(flush, wait);
    },
    stop: () => clearTimeout(timer),
  };
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Play, step and a slider for the time shown. `length()` gives the number of times;
 * onShow(time) draws. Where motion is unwanted, Play goes to the end at once.
 */
export function createPlayer({ unit, length, onShow }) {
  let time = Infinity; // all of it
  let frame = 0;
  const slider = createSlider(
    { name: `${unit} shown`, symbol: unit, least: 0, most: 1, step: 1 },
    (value) => {
      pause();
      move(value);
    },
    (value) => `${unit} ${value} of ${length()}`,
  );
  const play = createButton("Play", () => (frame ? pause() : start()));
  const step = createButton("Step", () => {
    pause();
    move(time >= length() ? 0 : time + 1);
  });

  function refresh() {
    const most = length();
    slider.input.max = most;
    slider.show(Math.min(time, most));
    const text = frame ? "Pause" : "Play";
    if (play.textContent !== text) play.textContent = text;
  }

  function move(next) {
    time = next >= length() ? Infinity : next;
    refresh();
    onShow(Math.min(time, length()));
  }

  function pause() {
    if (!frame) return;
    cancelAnimationFrame(frame);
    frame = 0;
    refresh();
    onShow(Math.min(time, length())); // now in words
  }

  function start() {
    if (calm()) {
      move(Infinity);
      return;
    }
    if (time >= length()) time = 0;
    // The whole run in eight seconds, slow at first: the time goes with the square.
    const begin = performance.now() - 8000 * Math.sqrt(time / length());
    const go = (now) => {
      const next = Math.floor(length() * (Math.max(0, now - begin) / 8000) ** 2);
      frame = next >= length() ? 0 : requestAnimationFrame(go);
      move(next);
    };
    frame = requestAnimationFrame(go);
    refresh();
  }

  return {
    root: node("div", { class: "lab-player" }, play, step, slider.root),
    refresh,
    time: () => Math.min(time, length()),
    playing: () => frame !== 0,
    stop: () => cancelAnimationFrame(frame),
  };
}
