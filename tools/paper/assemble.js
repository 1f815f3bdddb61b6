// Turns the articles of the site's pages, which stand one after the other, into one book: ids that
// are unique, links that stay inside, nothing that needs a screen. Runs in the page itself.
(({ pages, site, home, small }) => {
  const slug = (page) => page.split("/").pop();
  const make = (tag, name, ...children) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...children);
    return element;
  };

  const shapeOf = (image) => image.getAttribute("width") / image.getAttribute("height");

  // The frames of a slider in their order, as a grid.
  function spread(figure) {
    const shown = figure.querySelector(":scope > img");
    const frames = [...figure.querySelector("template").content.querySelectorAll("img")];
    frames.splice(Number(figure.querySelector("input").value), 0, shown.cloneNode());
    const cells = frames.map((frame) =>
      make("div", "", document.importNode(frame), make("span", "", frame.dataset.label)));
    const grid = make("div", "bo-frames-grid", ...cells);
    if (shapeOf(shown) < 1.1) grid.classList.add("tall");
    shown.replaceWith(grid);
  }

  // KaTeX shifts exponents, fractions and lines by `top`; but what is positioned is painted after
  // all other text, and whoever copies a sentence would not get its formulas. Margins do the same.
  function shift(part) {
    const { top } = part.style;
    if (!top) return;
    part.style.position = "static";
    part.style.marginTop = top;
    part.style.marginBottom = `${-parseFloat(top)}em`;
  }

  // In cm: pictures of any shape take about 52 square centimetres, tall ones more, to be readable;
  // none so much that its caption does not fit on the page.
  function widthOnPaper(image) {
    const shape = shapeOf(image);
    return Math.min(Math.max(Math.sqrt(52 * shape), 7), 12.5, 12.3 * shape);
  }

  // What is left out leaves its ids behind, since links lead there.
  function leaveOut(element) {
    const ids = [element, ...element.querySelectorAll("[id]")].map((part) => part.id);
    element.replaceWith(...ids.filter(Boolean).map((id) => {
      const mark = make("span", "mark");
      mark.id = id;
      return mark;
    }));
  }

  // Folded boxes lie open.
  function unfold(details) {
    const box = make("div", details.className, ...details.childNodes);
    box.id = details.id;
    const title = box.querySelector("summary");
    title.replaceWith(make("p", title.className, ...title.childNodes));
    details.replaceWith(box);
  }

  // Of what stands behind a claim the chapter is left: functions and tests are for the site.
  function shorten(sources) {
    const nodes = [...sources.childNodes];
    const first = nodes.findIndex((node) => /(computed|tested) by\s*$/.test(node.textContent));
    if (first >= 0) nodes.slice(first).forEach((node) => node.remove());
  }

  // Headings go one level down: parts of the book have the first. What names a heading goes into
  // it, or a page could end between this one and the next.
  function lower(heading) {
    while (heading.previousElementSibling?.matches("span[id]:empty"))
      heading.prepend(heading.previousElementSibling);
    const level = Number(heading.tagName[1]) + 1;
    const lowered = make(`h${Math.min(level, 6)}`, "", ...heading.childNodes);
    heading.replaceWith(lowered);
  }

  function target(href, base) {
    const url = new URL(href, base);
    if (!url.href.startsWith(site)) return url.href;
    const place = url.href.slice(site.length).replace(/[?#].*/, "");
    const page = place.replace(/\.html$/, "");
    if (!pages.includes(page)) return home + place + url.hash;
    const inside = decodeURIComponent(url.hash.slice(1));
    return `#${slug(page)}${inside && `--${inside}`}`;
  }

  for (const name of pages) {
    const base = `${site}${name}.html`;
    const article = document.querySelector(`[data-page="${name}"]`);
    const each = (selector, action) => article.querySelectorAll(selector).forEach(action);
    each("figure.bo-frames", spread);
    each("script, style, noscript, template, button, .headerlink, .bo-frames-control, .bo-frames-words",
      (part) => part.remove());
    each(".cell.tag_hide-cell, .cell > details.hide", leaveOut);
    each("details", unfold);
    each(".katex .vlist > span", shift);
    each("section:has(> p > .bo-status) > p:last-child", shorten);
    each(".bo-lab", (lab) => {
      const address = `${home}${name}.html`;
      const link = make("a", "", address.replace(/^https?:\/\//, ""));
      link.href = address;
      lab.querySelector("figcaption").append(" On the site it moves: ", link, ".");
    });
    for (const level of [5, 4, 3, 2, 1]) each(`h${level}`, lower);
    each("[id]:not(svg [id])", (part) => (part.id = `${slug(name)}--${part.id}`));
    each(":is([aria-labelledby], [aria-describedby]):not(svg, svg *)", (part) => {
      for (const said of ["aria-labelledby", "aria-describedby"])
        if (part.hasAttribute(said))
          part.setAttribute(said, part.getAttribute(said).replace(/\S+/g, `${slug(name)}--$&`));
    });
    article.id = slug(name);
    each("a[href]", (link) => link.setAttribute("href", target(link.getAttribute("href"), base)));
    each("img", (image) => {
      const { href } = new URL(image.dataset.src, base);
      image.src = small[href.split("/").pop()] ?? href;
      delete image.dataset.src;
      image.loading = "eager";
      if (!image.closest(".bo-frames-grid")) image.style.width = `${widthOnPaper(image)}cm`;
    });
  }
  // A link to what a page does not have any more leads to the page.
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    const id = link.getAttribute("href").slice(1);
    if (!document.getElementById(id)) link.setAttribute("href", `#${id.split("--")[0]}`);
  }

  // Running heads: each chapter has a page style of its own.
  const heads = document.head.appendChild(make("style"));
  // The contents: a line for each part, and one for each chapter with room for three digits.
  const contents = document.querySelector("#contents");
  for (const place of document.querySelectorAll(".part, .bd-article")) {
    const [number, title] = named(place.querySelector(place.matches(".part") ? "h1" : "h2"));
    if (place.matches(".part")) {
      contents.append(make("p", "", title));
      place.nextElementSibling.prepend(place);
      continue;
    }
    const link = make("a", "", make("span", "", title), make("i"), make("b", "", "000"));
    link.href = `#${place.id}`;
    link.dataset.number = number;
    contents.append(link);
    place.style.page = place.id.replace(/^\d/, "p$&");
    heads.append(`@page ${place.style.page} { @top-center { content: "${number} ${title}"; } }\n`);
  }

  // The number and the text of a heading.
  function named(heading) {
    const number = heading.querySelector(".section-number")?.textContent.trim() ?? "";
    const text = heading.textContent.replace(/\s+/g, " ").trim();
    return [number.replace(/\.$/, ""), text.slice(number.length).trim()];
  }
})
