/* The map of the front page: pointing at a chapter, or reaching it by keyboard, shows what it builds on
   and what builds on it. */
(() => {
  "use strict";
  const begin = () => {
    const map = document.querySelector(".bo-map");
    if (!map) return;
    const rows = [...map.querySelectorAll("li")];
    const paths = [...map.querySelectorAll(".bo-arcs path")];

    const show = (line) => {
      map.classList.toggle("bo-map-on", line >= 0);
      const near = new Map();
      for (const path of paths) {
        const [from, to] = [Number(path.dataset.from), Number(path.dataset.to)];
        const on = from === line || to === line;
        path.classList.toggle("bo-on", on);
        if (on) near.set(from === line ? to : from, from === line ? "bo-after" : "bo-before");
      }
      rows.forEach((row, at) => {
        row.classList.toggle("bo-before", near.get(at) === "bo-before");
        row.classList.toggle("bo-after", near.get(at) === "bo-after");
      });
    };
    const lineOf = (event) => rows.indexOf(event.target.closest("li"));
    map.addEventListener("pointerover", (event) => show(lineOf(event)));
    map.addEventListener("pointerleave", () => show(-1));
    map.addEventListener("focusin", (event) => show(lineOf(event)));
    map.addEventListener("focusout", () => show(-1));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
