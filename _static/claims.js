// The filter of the claim ledger (_ext/claims_ledger.py writes its form): its state is in the address.
(() => {
  const FIELDS = ["text", "status", "source", "chapter"];

  const fileOf = (link) => link.pathname.split("/").pop();

  // The chapters as the sidebar names them, in its order: {file: title}.
  const titles = () =>
    new Map(
      [...document.querySelectorAll(".bd-links a.reference.internal")]
        .map((link) => [fileOf(link), link.textContent.trim()]),
    );

  const read = (section) => {
    const shown = [...section.querySelectorAll("a[href*='.html#']")].find((link) =>
      link.previousSibling?.textContent.includes("shown in"),
    );
    return {
      section,
      text: section.textContent.toLowerCase(),
      status: section.querySelector(".bo-status").textContent,
      source: section.querySelector(".bo-source").textContent,
      chapter: shown ? fileOf(shown) : "",
    };
  };

  const start = () => {
    const form = document.querySelector(".bo-filter");
    if (!form) return;
    const claims = [...document.querySelectorAll(".bd-article section:has(> p > .bo-status)")].map(read);
    const groups = [...new Set(claims.map(({ section }) => section.parentElement))];
    const count = form.querySelector("output");
    const shownIn = new Set(claims.map(({ chapter }) => chapter));
    for (const [file, title] of titles())
      if (shownIn.has(file)) form.elements.chapter.add(new Option(title, file));

    const apply = () => {
      const wanted = Object.fromEntries(FIELDS.map((field) => [field, form.elements[field].value.trim()]));
      const words = wanted.text.toLowerCase().split(/\s+/);
      let left = 0;
      for (const claim of claims) {
        const fits = words.every((word) => claim.text.includes(word))
          && ["status", "source", "chapter"].every((field) => !wanted[field] || claim[field] === wanted[field]);
        claim.section.hidden = !fits;
        left += fits;
      }
      for (const group of groups) group.hidden = !group.querySelector("section:not([hidden])");
      count.value = `${left} of ${claims.length} claims`;
      const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value)).toString();
      try {
        history.replaceState(null, "", location.pathname + (query && `?${query}`) + location.hash);
      } catch {
        // An old browser that keeps the address of a local file as it is.
      }
    };

    for (const [field, value] of new URLSearchParams(location.search))
      if (FIELDS.includes(field)) form.elements[field].value = value;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    // A link to a claim that the filter hides shows all claims again.
    window.addEventListener("hashchange", () => {
      if (document.getElementById(location.hash.slice(1))?.closest("[hidden]")) form.reset();
    });
    apply();
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
