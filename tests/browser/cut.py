"""What is cut off in a page, or sticks out of it: scripts for a browser, and how they are run."""

# Nothing moves, and what a reader has not scrolled to yet is laid out too.
AT_ONCE = "* { transition: none !important; content-visibility: visible !important; }"

# What is wider than its place must wrap, or scroll in a box that shows it and that has a name.
# No line begins with the mark that follows a link or a name, or ends within a short formula.
CUT = """async () => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const found = [];
    const name = (element) =>
        `${element.tagName}.${element.className}: ${element.textContent.slice(0, 50)}`;
    const wider = (element) => element.scrollWidth > element.clientWidth + 1;
    const skipped = ".katex, svg, .visually-hidden, .sr-only, .bd-sidebar-secondary";
    const sieve = (element) => element.matches(skipped)
        || !element.checkVisibility() ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT;
    const all = document.createTreeWalker(
        document.querySelector("main"), NodeFilter.SHOW_ELEMENT, sieve);
    while (all.nextNode()) {
        const element = all.currentNode;
        const { overflowX, backgroundImage, display } = getComputedStyle(element);
        const { right, left, width } = element.getBoundingClientRect();
        const box = element.parentElement.closest("[role=region], .bd-sidebar, .bo-scrolls");
        if (!box && width > 1 && right > 0 && (right > innerWidth + 1 || left < -1))
            found.push(`sticks out: ${name(element)}`);
        if (display === "inline" || !element.clientWidth || !wider(element)) continue;
        if (/hidden|clip/.test(overflowX)) found.push(`cut: ${name(element)}`);
        if (/auto|scroll/.test(overflowX) && element.closest("article")
            && !(element.matches("[role=region][tabindex='0']") && backgroundImage !== "none"))
            found.push(`scrolls without a cue: ${name(element)}`);
    }
    const mark = document.createRange();
    for (const piece of document.querySelectorAll("main :is(a, code, em, strong, .bo-origin)")) {
        const next = piece.nextSibling, rects = piece.getClientRects();
        if (next?.nodeType !== Node.TEXT_NODE || !/^[.,;:!?)]/.test(next.data)) continue;
        if (!rects.length || !piece.checkVisibility()) continue;
        mark.setStart(next, 0);
        mark.setEnd(next, 1);
        const end = rects[rects.length - 1];
        if (mark.getBoundingClientRect().top > end.bottom - 2)
            found.push(`mark begins a line: ${name(piece)}${next.data.slice(0, 9)}`);
    }
    for (const formula of document.querySelectorAll("main span.math")) {
        const seen = formula.querySelector("semantics > :first-child")?.textContent ?? "";
        if (seen.length > 12 || !formula.checkVisibility()) continue;
        const parts = [...formula.querySelectorAll(".katex-base")]
            .map((part) => part.getBoundingClientRect());
        if (parts.some((part) => part.left < parts[0].left))
            found.push(`parted: ${seen}`);
    }
    return found;
}"""
