#!/usr/bin/env python3
"""Draw the pixel images of the book's mark, _static/mark.svg: for tabs, home screens and cards.

tools/icons.py            (needs Chromium; run it again when the mark changes)
"""

import base64
import shutil
import struct
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
MARK = ROOT / "_static" / "mark.svg"
IMAGES = ROOT / "images"
PAGE = (
    '<body style="margin:0;background:{ground}">'
    '<img src="data:image/svg+xml;base64,{data}" style="{style}">'
)


def draw(browser, size, margin, ground):
    """The mark as PNG bytes, `size` pixels wide, on a ground that CSS names."""
    data = base64.b64encode(MARK.read_bytes()).decode()
    style = f"display:block;width:{size - 2 * margin}px;margin:{margin}px"
    page = browser.new_page(viewport={"width": size, "height": size})
    page.set_content(PAGE.format(ground=ground, data=data, style=style))
    found = page.screenshot(omit_background=True)
    page.close()
    return found


def icon(png, size):
    """An .ico file that holds one PNG."""
    entry = struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(png), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + png


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        (IMAGES / "favicon.ico").write_bytes(icon(draw(browser, 32, 0, "transparent"), 32))
        (IMAGES / "touch-icon.png").write_bytes(draw(browser, 180, 18, "white"))
        (IMAGES / "card-mark.png").write_bytes(draw(browser, 256, 0, "transparent"))
        browser.close()


if __name__ == "__main__":
    main()
