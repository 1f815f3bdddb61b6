// What is wider than its box scrolls, and only then the keyboard stops at it: code, formulas, tables.
// The theme asks all boxes at once, which lays out the whole page before it is read. Here each is asked
// when it has been laid out.
(() => {
  const BOXES = "pre, div.math, .cell_output > .output, .pst-scrollable-table-container";
  const boxes = document.querySelectorAll(BOXES);
  // What a screen reader calls it: a table has a name from the build (_ext/accessible_markup.py).
  const kind = (box) => (box.matches("div.math") ? "Formula" : box.matches("pre") ? "Code" : "Output");
  const names = new Map(
    [...boxes].map((box, place) => [box, `${box.dataset.name ?? kind(box)} (${place + 1}, scrolls)`]),
  );
  const scrollsDown = (box) =>
    box.scrollHeight > box.clientHeight && getComputedStyle(box).overflowY !== "hidden";
  const look = (box) => {
    if (box.scrollWidth > box.clientWidth || scrollsDown(box)) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", names.get(box));
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  };
  const seen = new Set();
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) seen.add(target), look(target);
  });
  boxes.forEach((box) => sizes.observe(box));
  // The fonts of formulas change their width, not that of their boxes.
  document.addEventListener("bo:laid-out", () => seen.forEach(look));
})();
