// Lays out what unhurried.css lets wait: in idle time, some hundred elements at a time, so that a slow
// phone answers in between. Then the whole page is there, as if it had been from the start, and
// <html data-boxes="known"> says so.
(() => {
  const AT_A_TIME = 300; // elements
  const root = document.documentElement;
  const waiting = [];
  const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 20)); // Safari has none
  const settled = async () => {
    await document.fonts.ready;
    if (waiting.length) return;
    document.dispatchEvent(new Event("bo:laid-out"));
    root.dataset.boxes = "known";
  };
  const soon = (act) => requestAnimationFrame(() => requestAnimationFrame(act));
  const next = () => {
    for (let count = 0; waiting.length && count < AT_A_TIME; ) {
      const block = waiting.shift();
      block.classList.add("bo-laid-out");
      count += 1 + block.querySelectorAll("*").length;
    }
    if (waiting.length) requestAnimationFrame(() => idle(next));
    else soon(settled);
  };
  const begin = () => {
    waiting.push(...document.querySelectorAll(".bd-article > section section > *"));
    idle(next);
  };
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
  addEventListener("resize", () => {
    delete root.dataset.boxes;
    soon(settled);
  });
})();
