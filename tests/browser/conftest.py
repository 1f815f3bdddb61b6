"""A browser on the built book, with no network."""

import functools
import http.server
import os
import threading

import pytest
from playwright.sync_api import sync_playwright

from benign_osc_lib.lab import _bundle
from tests.book.common import SITE
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.laboratory import MOUNT, PAGE


@pytest.fixture(scope="session")
def browser():
    chromium = find_chromium()
    if chromium is None:  # A build machine has to have it; a reader need not.
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop("browser tests need chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    """The address at which the built book is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=SITE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()


@pytest.fixture
def open_page(browser, site):
    """A function that opens a page at a width; `page.faults` lists what went wrong."""
    contexts = []

    def open_page(name, width):
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.faults = []

        def answer(route):
            url = route.request.url
            if url.startswith(site):
                return route.continue_()
            page.faults.append(f"asks for {url}")
            route.abort()

        page.route("**/*", answer)
        page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(site + name, wait_until="networkidle")
        page.evaluate("document.fonts.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def lab(browser):
    """A function that opens laboratories: their views, and more of the address."""
    contexts = []
    script = _bundle.plain_script(_bundle.module(), MOUNT)

    def open_lab(*views, state="", theme="light", width=1000, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
        html = PAGE.format(theme=theme, css=_bundle.read("lab.css"), script=script)

        def answer(route):
            if "http://localhost/lab" in route.request.url:
                route.fulfill(body=html, content_type="text/html")
            else:
                if "favicon" not in route.request.url:
                    page.faults.append(f"asks for {route.request.url}")
                route.fulfill(body="")

        page.route("**/*", answer)
        query = "&".join(f"view={view}" for view in views)
        page.goto(f"http://localhost/lab?{query}{state}")
        return page

    yield open_lab
    for context in contexts:
        context.close()
