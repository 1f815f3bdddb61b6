// Let the keyboard into what scrolls sideways, and name it; leave alone what does not scroll.
(() => {
  const BOXES = ".bd-article :is(.pst-scrollable-table-container, div.math)";

  const settle = (box, place) => {
    const scrolls = box.scrollWidth > box.clientWidth;
    if (scrolls) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", `${box.dataset.name ?? "Formula"} (${place + 1}, scrolls)`);
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  };

  const start = () => {
    const places = new Map([...document.querySelectorAll(BOXES)].map((box, place) => [box, place]));
    const seen = new ResizeObserver((entries) => {
      for (const { target } of entries) settle(target, places.get(target));
    });
    for (const box of places.keys()) seen.observe(box);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
