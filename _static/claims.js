// A filter for the claim ledger: by status, origin, chapter and words; its state is in the address.
(() => {
  const FIELDS = ["text", "status", "source", "chapter"];
  const NAMES = { text: "Words", status: "Status", source: "Origin", chapter: "Chapter" };

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

  const choice = (field, options) => {
    const control = document.createElement(field === "text" ? "input" : "select");
    if (field === "text") control.type = "search";
    else control.append(new Option("any", ""), ...options.map(([value, name]) => new Option(name, value)));
    control.name = field;
    const label = document.createElement("label");
    label.append(NAMES[field], control);
    return label;
  };

  const start = () => {
    const claims = [...document.querySelectorAll(".bd-article section:has(> p > .bo-status)")].map(read);
    if (!claims.length) return;
    const groups = [...new Set(claims.map(({ section }) => section.parentElement))];
    const values = (field) => [...new Set(claims.map((claim) => claim[field]))].filter(Boolean);
    const named = titles();
    const chapters = [...named].filter(([file]) => values("chapter").includes(file));

    const form = document.createElement("form");
    form.className = "bo-filter";
    form.setAttribute("role", "search");
    form.setAttribute("aria-label", "Filter of the claims");
    const all = Object.assign(document.createElement("button"), { type: "reset", textContent: "Show all" });
    const count = document.createElement("output");
    form.append(
      choice("text"),
      ...["status", "source"].map((field) => choice(field, values(field).map((value) => [value, value]))),
      choice("chapter", chapters),
      all,
      count,
    );
    document.querySelector(".bd-article h1 ~ p").after(form);

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
