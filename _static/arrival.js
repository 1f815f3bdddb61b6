// A link to a place in a page leads there exactly. What lies before the place is laid out only now
// (unhurried.js) and may turn out taller or lower than was guessed: until then the place is held.
(() => {
  const STILL = 30; // frames without a move after which it is let go
  let taken = false; // by the reader, who scrolls or presses something

  const placeOf = (hash) => {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null; // cut off within a character
    }
  };

  const hold = () => {
    const place = placeOf(location.hash);
    let still = 0, top;
    const look = () => {
      const { boxes, laid } = document.documentElement.dataset;
      const settled = still >= STILL && boxes && laid;
      if (!place || taken || settled) return;
      if (Math.abs(place.getBoundingClientRect().top - top) < 1) still += 1;
      else (still = 0), place.scrollIntoView({ behavior: "instant" });
      top = place.getBoundingClientRect().top;
      requestAnimationFrame(look);
    };
    look();
  };

  for (const hand of ["wheel", "touchstart", "pointerdown", "keydown"])
    addEventListener(hand, () => (taken = true), { passive: true });
  addEventListener("hashchange", () => {
    taken = false;
    hold();
  });
  // Who reloads a page, or comes back to it, is where they were: the browser sees to that.
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  if (type === "navigate") {
    hold();
    document.fonts.ready.then(hold); // letters of another width move the lines
  }
})();
