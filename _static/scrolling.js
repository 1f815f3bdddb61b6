// What is wider than its box scrolls, and only then the keyboard stops at it: code, formulas, tables.
// The theme asks all boxes at once, which lays out the whole page before it is read. Here each is
// asked when it has been laid out, and those that no one has come near yet one by one, in idle time.
(() => {
  const BOXES = "pre, div.math, .cell_output > .output, .pst-scrollable-table-container";
  const boxes = document.querySelectorAll(BOXES);
  const waiting = new Set();
  const scrollsDown = (box) =>
    box.scrollHeight > box.clientHeight && getComputedStyle(box).overflowY !== "hidden";
  // What a screen reader calls it: a table has a name from the build (_ext/accessible_markup.py).
  const kind = (box) => (box.matches("div.math") ? "Formula" : box.matches("pre") ? "Code" : "Output");
  const names = new Map(
    [...boxes].map((box, place) => [box, `${box.dataset.name ?? kind(box)} (${place + 1}, scrolls)`]),
  );
  const look = (box) => {
    if (box.scrollWidth > box.clientWidth || scrollsDown(box)) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", names.get(box));
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
    waiting.delete(box);
  };
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => look(entry.target)));
  boxes.forEach((box) => sizes.observe(box));

  const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 50)); // Safari has none
  const next = () => {
    const [box] = waiting;
    if (box) look(box), idle(next);
    // Letters that are first met in a fold bring a font, and when it is there all is asked again.
    else if (document.fonts.status === "loaded") document.documentElement.dataset.boxes = "known";
  };
  const lookAtAll = () => {
    delete document.documentElement.dataset.boxes;
    // Those of closed folds come last: to look at one lays out its fold.
    const folded = [...boxes].filter((box) => box.closest("details:not([open])"));
    for (const box of boxes) waiting.add(box);
    for (const box of folded) waiting.delete(box), waiting.add(box);
    idle(next);
  };
  addEventListener("resize", lookAtAll);
  // The fonts of formulas change their width, not that of their boxes.
  document.fonts.ready.then(lookAtAll);
  document.fonts.addEventListener("loadingdone", lookAtAll);
})();
