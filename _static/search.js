/* The search: a list of places while you type, in the dialog (Ctrl+K) and on search.html.
   Its data, _search/sections.js, and MiniSearch are loaded when the search is first used. */
(() => {
  "use strict";

  const ROOT = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const WAIT = 80; // milliseconds without a key before the list is made anew
  const SHOWN = { dialog: 12, page: 60 };
  const SKIPPED = new Set("a an and are as at by for from in is it of on or that the to with".split(" "));
  const FIELDS = { fields: ["title", "page", "text"], storeFields: ["title", "text", "kind", "at"] };
  // Where two places fit as well, the larger one comes first.
  const WEIGHT = { page: 1.4, section: 1.3, statement: 1.1, term: 1.2, exercise: 0.8, claim: 0.8, function: 0.6 };
  const EXACT = 1e4; // what is called just so comes before all else
  const NAMES = { page: "", section: "", statement: "", exercise: "", term: "glossary",
    symbol: "notation", claim: "claim", function: "library", work: "bibliography" };

  const words = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "")
    .split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const bare = (text) => words(text).filter((word) => !SKIPPED.has(word)).join(" ");
  const term = (word) => {
    const plain = words(word).join("");
    return SKIPPED.has(plain) ? null : plain || word;
  };
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  /* The words of a query wherever they begin a word, as marks in a text. */
  const matcher = (query) => {
    const sought = words(query).filter((word) => word.length > 1 && !SKIPPED.has(word));
    return sought.length
      ? new RegExp(`(?<![\\p{L}\\p{N}])(?:${sought.map(escaped).join("|")})[\\p{L}\\p{N}]*`, "giu")
      : null;
  };

  const script = (path) => new Promise((done, failed) => {
    const element = document.createElement("script");
    element.src = new URL(path, ROOT);
    element.onload = done;
    element.onerror = () => failed(new Error(`${path} did not load`));
    document.head.append(element);
  });

  let loading;
  /* The index and the list of pages, loaded once. */
  const load = () => (loading ??= (async () => {
    let data;
    document.addEventListener("bo:sections", (event) => { data = event.detail; }, { once: true });
    await Promise.all([script("_search/minisearch.js"), script("_search/sections.js")]);
    const index = new window.MiniSearch({ ...FIELDS, processTerm: term });
    const records = data.records.map(([page, anchor, kind, title, text], id) => ({
      id, title, text, kind: data.kinds[kind], page: data.pages[page][1], at: [page, anchor],
    }));
    await index.addAllAsync(records, { chunkSize: 150 });
    return { index, pages: data.pages };
  })());

  /* What a place is called, as a reader would type it. */
  const names = ({ kind, title }) => {
    if (kind === "symbol") return title.split(/ = |, |; /).map((name) => name.toLowerCase());
    if (kind === "function") return [bare(title), bare(title.split(".").at(-1))];
    return [bare(title)];
  };

  /* The places that fit a query, best first. */
  const find = ({ index, pages }, query) => {
    const sought = bare(query);
    if (!sought) return [];
    const options = {
      boost: { title: 5, page: 1.5 },
      prefix: (word) => word.length > 1,
      fuzzy: (word) => (word.length > 4 ? 0.2 : false),
      weights: { prefix: 0.6, fuzzy: 0.3 },
    };
    let found = index.search(query, { ...options, combineWith: "AND" });
    if (!found.length) found = index.search(query, { ...options, combineWith: "OR" });
    for (const place of found) {
      const weight = WEIGHT[place.kind] ?? 1;
      if (names(place).includes(sought)) place.score += EXACT * weight;
      else if (` ${bare(place.title)}`.includes(` ${sought}`)) place.score *= 3 * weight;
      else if (sought.includes(" ") && bare(place.text).includes(sought)) place.score *= 1.5 * weight;
      else place.score *= weight;
    }
    return found.sort((a, b) => b.score - a.score);
  };

  /* A text with its matches marked. */
  const marked = (text, pattern) => {
    const parts = document.createDocumentFragment();
    let end = 0;
    for (const match of pattern ? text.matchAll(pattern) : []) {
      const mark = document.createElement("mark");
      mark.textContent = match[0];
      parts.append(text.slice(end, match.index), mark);
      end = match.index + match[0].length;
    }
    parts.append(text.slice(end));
    return parts;
  };

  /* Some 150 characters round the first match. */
  const excerpt = (text, pattern) => {
    const at = pattern ? Math.max(0, text.search(pattern)) : 0;
    const from = at < 60 ? 0 : text.indexOf(" ", at - 60) + 1;
    const to = text.length < from + 160 ? text.length : text.lastIndexOf(" ", from + 160);
    return (from ? "… " : "") + text.slice(from, to) + (to < text.length ? " …" : "");
  };

  const address = ([uri, anchor], query) => {
    const url = new URL(uri, ROOT);
    url.searchParams.set("found", query);
    url.hash = anchor;
    return url;
  };

  const entry = (place, pages, query, pattern) => {
    const [uri, page] = pages[place.at[0]];
    const link = document.createElement("a");
    link.href = address([uri, place.at[1]], query);
    const title = document.createElement("span");
    title.className = "bo-found-title";
    title.append(marked(place.kind === "page" ? page : place.title, pattern));
    const where = document.createElement("span");
    where.className = "bo-found-where";
    where.textContent = place.kind === "page" ? "" : NAMES[place.kind] || page;
    const text = document.createElement("span");
    text.className = "bo-found-text";
    text.append(marked(excerpt(place.text, pattern), pattern));
    link.append(title, where, text);
    const item = document.createElement("li");
    item.append(link);
    return item;
  };

  /* A list under a form. */
  const attach = (form) => {
    const input = form.querySelector("input");
    const dialog = form.closest("dialog");
    const status = document.createElement("p");
    status.className = "bo-found-count";
    status.setAttribute("role", "status");
    const list = document.createElement("ol");
    list.className = "bo-found";
    form.after(status, list);
    if (dialog) dialog.setAttribute("aria-label", "Search this book");

    let timer;
    const show = async () => {
      const query = input.value.trim();
      if (!bare(query)) {
        status.textContent = "";
        list.replaceChildren();
        return;
      }
      let book;
      try {
        book = await load();
      } catch {
        status.textContent = "The list of this book's sections could not be loaded.";
        return;
      }
      if (input.value.trim() !== query) return; // a newer query is on its way
      const found = find(book, query);
      const shown = found.slice(0, dialog ? SHOWN.dialog : SHOWN.page);
      const pattern = matcher(query);
      list.replaceChildren(...shown.map((place) => entry(place, book.pages, query, pattern)));
      list.scrollTop = 0;
      status.textContent = found.length === 0
        ? "Nothing found. Try fewer words, or other ones."
        : `${found.length} ${found.length === 1 ? "place" : "places"}`
          + (found.length > shown.length ? `, the first ${shown.length} shown` : "");
      list.dataset.query = query;
    };

    input.addEventListener("focus", () => load().catch(() => {}), { once: true });
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(show, WAIT);
    });

    const links = () => [...list.querySelectorAll("a")];
    const go = (link) => { if (link) link.focus(); };
    form.parentElement.addEventListener("keydown", (event) => {
      const all = links();
      const at = all.indexOf(document.activeElement);
      if (event.key === "ArrowDown") go(all[at + 1]);
      else if (event.key === "ArrowUp") at > 0 ? go(all[at - 1]) : input.focus();
      else if (event.key === "Home" && at >= 0) go(all[0]);
      else if (event.key === "End" && at >= 0) go(all.at(-1));
      else if (at >= 0 && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
        input.focus(); // and the letter goes there
        return;
      } else return;
      event.preventDefault();
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      clearTimeout(timer);
      await show();
      if (dialog) links()[0]?.click();
      else history.replaceState(null, "", `?q=${encodeURIComponent(input.value.trim())}`);
    });
    list.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const url = new URL(link.href);
      if (url.pathname !== location.pathname) return;
      event.preventDefault(); // on this very page
      if (dialog) dialog.close();
      location.hash = url.hash;
      arrive(list.dataset.query);
    });
    return { input, show, dialog };
  };

  /* Mark the words of a query in the section that the address points to. */
  const arrive = (query) => {
    const pattern = matcher(query);
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!pattern || !target || !globalThis.CSS?.highlights) return;
    const scope = target.matches("dt") ? target.parentElement : target;
    const walker = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest(".math, script, style, details, .cell")
        ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    const ranges = [];
    while (walker.nextNode()) {
      for (const match of walker.currentNode.data.matchAll(pattern)) {
        const range = new Range();
        range.setStart(walker.currentNode, match.index);
        range.setEnd(walker.currentNode, match.index + match[0].length);
        ranges.push(range);
      }
    }
    CSS.highlights.set("bo-found", new Highlight(...ranges));
  };

  const begin = () => {
    const forms = [...document.querySelectorAll("form.bd-search")].map(attach);
    const asked = new URLSearchParams(location.search);
    const form = forms.find((each) => !each.dialog);
    if (form && asked.get("q")) {
      form.input.value = asked.get("q");
      form.show();
    }
    if (asked.get("found")) {
      arrive(asked.get("found"));
      history.replaceState(null, "", location.pathname + location.hash);
    }
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") globalThis.CSS?.highlights?.delete("bo-found");
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
