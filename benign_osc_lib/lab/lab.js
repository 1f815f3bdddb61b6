// The laboratory: one view, or all of them under tabs. anywidget calls `render`.
import { PRESETS } from "./presets.js";
import { createChoice, createTabs } from "./controls.js";
import { createCobwebView } from "./cobweb_view.js";
import { createNetworkView } from "./network_view.js";
import { cellState, createPhaseView } from "./phase_view.js";
import { createPointView } from "./point_view.js";
import { createPotentialView } from "./potential_view.js";
import { createShare } from "./share.js";
import { createStore, decodeState, encodeState, presetOf, presetValues, VIEWS } from "./state.js";
import { node } from "./svg.js";

const MAKERS = {
  point: createPointView,
  potential: createPotentialView,
  cobweb: createCobwebView,
  network: createNetworkView,
  phase: createPhaseView,
};
/** What a view shows: the phase diagram, the run of a cell. */
const shownState = (view, state) => (view === "phase" ? cellState(state) : state);

const WITH_PRESETS = { point: ["noiseless"], network: [] }; // and which to leave out

function createPresets(store, view) {
  if (!(view in WITH_PRESETS)) return null;
  const offered = PRESETS.filter(({ name }) => !WITH_PRESETS[view].includes(name));
  const titles = Object.fromEntries(offered.map(({ name, title }) => [name, title]));
  return createChoice("Presets", titles, (name) => {
    store.set(presetValues(PRESETS.find((preset) => preset.name === name), view));
    store.settle();
  });
}

/** One small view, with a link to the whole laboratory where there is a page of it. */
function renderSmall(root, store, view, page) {
  const shown = MAKERS[view](store, { small: true });
  const link = page ? node("a", { class: "lab-open", href: page }, "Open in the laboratory") : null;
  root.append(shown.root);
  if (link) root.append(link);
  const update = (state) => {
    shown.update(state);
    if (link) link.href = page + encodeState(view, shownState(view, state));
  };
  update(store.state);
  store.watch(update);
  return shown.stop;
}

/** All views under tabs, with presets, sharing and Python. */
function renderAll(root, store, page) {
  let view = "point";
  let shown = null;
  let presets = null;
  const asked = page ? decodeState(location.hash) : null;
  if (asked) {
    view = asked.view;
    Object.assign(store.state, asked.values);
  }
  const tabs = createTabs("Views of the laboratory", VIEWS, open);
  const panel = node("div", { role: "tabpanel", class: "lab-panel" });
  const share = createShare(page);
  root.append(tabs.root, panel, share.root);

  // The address follows, once the reader lets go: whoever copies or reloads it finds this state.
  let timer = 0;
  let written = null;
  const write = () => {
    const now = encodeState(view, shownState(view, store.state));
    if (now === written) return;
    if (written !== null) {
      try {
        history.replaceState(null, "", now);
      } catch {
        // An old browser that keeps the address of a local file as it is.
      }
    }
    written = now;
  };

  const update = (state) => {
    shown.update(state);
    presets?.show(presetOf(state, view));
    share.update(view, shownState(view, state));
    clearTimeout(timer);
    if (page) timer = setTimeout(write, 300);
  };
  function open(next) {
    shown?.stop();
    view = next;
    shown = MAKERS[view](store);
    presets = createPresets(store, view);
    panel.setAttribute("aria-label", VIEWS[view]);
    panel.replaceChildren(...[presets?.root, shown.root].filter(Boolean));
    tabs.show(view);
    update(store.state);
  }
  const readAddress = () => {
    const found = decodeState(location.hash);
    if (!found) return;
    store.set(found.values);
    open(found.view);
  };
  if (page) window.addEventListener("hashchange", readAddress);
  store.watch(update);
  open(view);
  write(); // nothing yet: this is where it began
  // Who reloads the page, or comes back to it, is where they were (_static/arrival.js).
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  if (asked && type === "navigate") root.scrollIntoView?.();
  return () => {
    window.removeEventListener("hashchange", readAddress);
    clearTimeout(timer);
    shown.stop();
  };
}

/** What anywidget asks for. A model's `lab_page` is the address of the laboratory's page, if any. */
function render({ model, el }) {
  const store = createStore(model);
  const page = model.get("lab_page") ?? "";
  const view = model.get("view") ?? "all";
  const root = node("div", { class: view === "all" ? "lab whole" : "lab" });
  el.append(root);
  const stop = view in MAKERS ? renderSmall(root, store, view, page) : renderAll(root, store, page);
  return () => {
    stop();
    store.stop();
    root.remove();
  };
}

export default { render };
