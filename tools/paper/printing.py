"""The browser's part: a page of all chapters becomes PDFs, one a piece of the book."""

import shutil
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ASSEMBLE = Path(__file__).with_name("assemble.js")
# Only the piece is in the document, so that the time grows like the length of the book, not like
# its square. Links between pieces hold, since Chromium names places that something links to: what
# the piece links to elsewhere, and the links from elsewhere into it, have stand-ins out of sight.
TAKE_APART = """() => {
    const main = document.querySelector("main");
    window.pieces = new Map([...main.children].map((piece) => [piece.id, piece]));
    window.targets = new Set([...document.querySelectorAll('a[href^="#"]')]
        .map((link) => link.getAttribute("href")));
    main.replaceChildren();
}"""
SHOW = """([id, before]) => {
    const main = document.querySelector("main"), piece = pieces.get(id);
    main.replaceChildren(piece);
    const out = main.appendChild(document.createElement("div"));
    out.hidden = true;
    for (const target of targets)
        if (document.getElementById(target.slice(1)))
            out.append(Object.assign(document.createElement("a"), {href: target}));
    for (const link of piece.querySelectorAll('a[href^="#"]')) {
        const name = link.getAttribute("href").slice(1);
        if (!document.getElementById(name))
            out.append(Object.assign(document.createElement("i"), {id: name}));
    }
    document.getElementById("first-page").textContent =
        `@page :first { counter-increment: page ${before + 1} }`;
    // What is wider than the page would shrink the chapter: it is made smaller itself.
    for (const wide of piece.querySelectorAll(".katex-display, table")) {
        const { left, width } = wide.getBoundingClientRect();
        const room = main.getBoundingClientRect().right - left;
        if (width > room + 1)
            wide.style.fontSize = `${parseFloat(getComputedStyle(wide).fontSize) * room / width}px`;
    }
}"""
COLUMN = 499  # CSS pixels: the width of the text, as in paper.css
FILL = """(numbers) => {
    for (const link of pieces.get("contents").querySelectorAll("a"))
        link.querySelector("b").textContent = numbers[link.getAttribute("href").slice(1)];
}"""


@contextmanager
def assembled(source, settings):
    """The page of all chapters, in a browser, put together by ``assemble.js``.

    Args:
        source: path of the page.
        settings: what ``assemble.js`` takes.
    """
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        raise FileNotFoundError(f"the book is printed by Chromium: install one of {BROWSERS}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_default_timeout(600_000)
        page.set_viewport_size({"width": COLUMN, "height": 700})
        page.emulate_media(color_scheme="light")
        page.goto(source.as_uri())
        page.evaluate(ASSEMBLE.read_text(encoding="utf-8"), settings)
        page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
        page.evaluate("Promise.allSettled([...document.fonts].map((font) => font.load()))")
        page.evaluate(TAKE_APART)
        page.emulate_media(media="print", color_scheme="light")
        yield page
        browser.close()


def pieces(page):
    """The ids of the pieces of the book, in order."""
    return page.evaluate("[...pieces.keys()]")


def write(page, piece, before, path):
    """Print one piece, which comes after some number of pages, to a PDF with outline and tags."""
    page.evaluate(SHOW, [piece, before])
    page.pdf(
        path=str(path), prefer_css_page_size=True, print_background=True, outline=True, tagged=True
    )


def fill_contents(page, numbers):
    """Write the numbers of pages, {id: number}, into the contents."""
    page.evaluate(FILL, numbers)
