"""A browser on the built book, with no network: CDN files come from node_modules."""

import functools
import http.server
import json
import mimetypes
import os
import re
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.book.common import SITE

PACKAGES = Path(__file__).parent / "node_modules"
CDN = re.compile(r"https://cdn\.jsdelivr\.net/npm/((?:@[^/@]+/)?[^/@]+)@([^/]+)/([^?#]*)")


def packaged(url):
    """The file of an npm package that a CDN address stands for; None if it is another version's."""
    match = CDN.match(url)
    if not match:
        return None
    name, version, path = match.groups()
    manifest = PACKAGES / name / "package.json"
    if not manifest.exists() or json.loads(manifest.read_text())["version"] != version:
        return None
    file = PACKAGES / name / path
    return file if file.is_file() else None


@pytest.fixture(scope="session")
def browser():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    missing = [
        name
        for name, there in {
            "chromium": chromium,
            "the npm packages of tests/browser (is npm installed?)": PACKAGES.is_dir(),
        }.items()
        if not there
    ]
    if missing:
        # A build machine has to have both; a reader need not.
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(f"browser tests need {' and '.join(missing)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
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
            file = packaged(url)
            if file is None:
                page.faults.append(f"asks for {url}")
                return route.abort()
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            headers = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(body=file.read_bytes(), content_type=kind, headers=headers)

        page.route("**/*", answer)
        page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(site + name, wait_until="networkidle")
        page.evaluate("document.fonts.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
