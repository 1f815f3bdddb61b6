/* What a link leads to, beside the link: on resting with the mouse, and on focus by keyboard.
   The contents come from _previews/PAGE.js, loaded when a link to PAGE is first rested on.
   WCAG 1.4.13: Escape closes it, the pointer can move onto it, and it stays until it is left. */
(() => {
  "use strict";

  const ROOT = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const OPEN = 300, CLOSE = 250; // milliseconds
  const EDGE = 12; // pixels kept free at the edges of the window
  const LINKS = "article a.internal:not(.headerlink)";

  const pages = new Map(); // page → promise of its previews
  document.addEventListener("bo:previews", ({ detail }) => {
    arrivals.get(detail.page)?.(detail.items);
  });
  const arrivals = new Map();

  const load = (page) => {
    if (!pages.has(page)) {
      pages.set(page, new Promise((done) => {
        arrivals.set(page, done);
        const script = document.createElement("script");
        script.src = new URL(`_previews/${page.replace(/\.html$/, ".js")}`, ROOT);
        script.onerror = () => done({});
        document.head.append(script);
      }));
    }
    return pages.get(page);
  };

  /* The page of this site and the place on it that a link leads to. */
  const target = (link) => {
    const url = new URL(link.href);
    if (!url.href.startsWith(ROOT.href)) return null;
    const page = decodeURIComponent(url.pathname.slice(ROOT.pathname.length)) || "index.html";
    return { page, anchor: decodeURIComponent(url.hash.slice(1)) };
  };

  /* The preview as elements; addresses in it are those of the page it comes from. */
  const contents = (html, page) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    for (const element of template.content.querySelectorAll("[src]")) {
      element.src = new URL(element.getAttribute("src"), new URL(page, ROOT));
    }
    for (const fold of template.content.querySelectorAll("details")) fold.remove();
    return template.content;
  };

  let card, link, timer;

  const close = () => {
    clearTimeout(timer);
    card?.remove();
    link?.removeAttribute("aria-describedby");
    card = link = undefined;
  };

  const place = () => {
    const lines = link.getClientRects();
    const line = lines[0] ?? link.getBoundingClientRect();
    const { width, height } = card.getBoundingClientRect();
    const right = document.documentElement.clientWidth - width - EDGE;
    card.style.left = `${Math.max(EDGE, Math.min(line.left, right))}px`;
    const under = (lines[lines.length - 1] ?? line).bottom;
    const below = innerHeight - under >= height + EDGE || line.top < innerHeight - under;
    const room = (below ? innerHeight - under : line.top) - EDGE - 6;
    card.style.maxHeight = `${room}px`;
    card.style.top = `${below ? under + 6 : line.top - 6 - Math.min(height, room)}px`;
  };

  const open = async (of) => {
    const at = target(of);
    if (!at) return;
    const html = (await load(at.page))[at.anchor];
    if (!html || link !== of) return;
    card = document.createElement("div");
    card.id = "bo-preview";
    card.className = "bo-preview bd-article";
    card.setAttribute("role", "tooltip");
    card.append(contents(html, at.page));
    document.body.append(card);
    place();
    // What does not fit scrolls, by the keyboard as well.
    if (card.scrollHeight > card.clientHeight + 1) card.tabIndex = 0;
    for (const image of card.querySelectorAll("img")) image.addEventListener("load", () => card && place());
    of.setAttribute("aria-describedby", card.id);
  };

  const rest = (on) => {
    if (on === link) {
      clearTimeout(timer);
      if (!card) timer = setTimeout(open, OPEN, on);
      return;
    }
    close();
    link = on;
    timer = setTimeout(open, OPEN, on);
  };

  const leave = () => {
    clearTimeout(timer);
    timer = setTimeout(close, CLOSE);
  };

  const linkAt = (event) => event.target.closest?.(LINKS);

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const on = linkAt(event);
    if (on && !on.closest(".bo-preview")) rest(on);
    else if (card && card.contains(event.target)) clearTimeout(timer);
    else if (link) leave();
  });
  document.addEventListener("focusin", (event) => {
    const on = linkAt(event);
    if (on && on.matches(":focus-visible")) rest(on);
    else if (link && !card?.contains(event.target)) close();
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === link && !card?.matches(":hover") && !card?.contains(event.relatedTarget)) leave();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && link) close();
  });
  document.addEventListener("click", (event) => { if (!card?.contains(event.target)) close(); });
  addEventListener("scroll", () => { if (card && !card.matches(":hover")) close(); }, { passive: true });
  addEventListener("resize", close);
})();
