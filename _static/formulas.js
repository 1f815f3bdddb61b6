// A displayed formula that is wider than its box scrolls: only then the keyboard may stop at it.
(() => {
  const look = (formula) => {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  };
  const formulas = document.querySelectorAll("div.math");
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => look(entry.target)));
  formulas.forEach((formula) => sizes.observe(formula));
  // The letters' own fonts change the width of a formula, not of its box.
  document.fonts.ready.then(() => formulas.forEach(look));
})();
