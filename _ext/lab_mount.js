// Puts the laboratory, as Jupyter would show it, into each `.bo-lab` of a page that comes near.
const LAB_PAGE = document.currentScript.dataset.labPage;

/** What `render` needs of an anywidget model, with no kernel behind it. */
function modelOf(values) {
  const listeners = new Map();
  const of = (event) => listeners.get(event) ?? new Set();
  return {
    get: (name) => values[name],
    set(name, value) {
      if (Object.is(values[name], value)) return;
      values[name] = value;
      for (const listener of [...of(`change:${name}`)]) listener();
    },
    on: (event, listener) => listeners.set(event, of(event).add(listener)),
    off: (event, listener) => of(event).delete(listener),
    save_changes() {},
  };
}

function mountLab(place) {
  const el = document.createElement("div");
  el.className = "bo-lab-live";
  place.append(el);
  const values = { ...JSON.parse(place.dataset.state), lab_page: LAB_PAGE };
  laboratory.render({ model: modelOf(values), el });
  place.classList.add("is-live"); // hides the picture
}

const sheet = document.createElement("style");
sheet.textContent = STYLE;
document.head.append(sheet);

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      mountLab(target);
    }
  },
  { rootMargin: "600px 0px" },
);
for (const place of document.querySelectorAll(".bo-lab")) near.observe(place);
