// A link to a place in a page leads there exactly. What lies before the place is laid out only now
// (unhurried.css) and may turn out taller or lower than was guessed: so for a moment the place is held.
(() => {
  const STILL = 30; // frames without a move after which it is let go
  const HANDS = ["wheel", "touchstart", "pointerdown", "keydown"];

  const hold = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!place) return;
    let still = 0, top;
    const letGo = () => (still = STILL);
    HANDS.forEach((hand) => addEventListener(hand, letGo, { passive: true, once: true }));
    const look = () => {
      if (still >= STILL) return HANDS.forEach((hand) => removeEventListener(hand, letGo));
      if (Math.abs(place.getBoundingClientRect().top - top) < 1) still += 1;
      else (still = 0), place.scrollIntoView({ behavior: "instant" });
      top = place.getBoundingClientRect().top;
      requestAnimationFrame(look);
    };
    look();
  };

  // Who reloads a page, or comes back to it, is where they were: the browser sees to that.
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  if (type === "navigate") hold();
  addEventListener("hashchange", hold);
})();
