"""The browser that the tests and the benchmark of the pages use."""

import shutil

ARGUMENTS = ["--no-sandbox", "--disable-gpu"]


def find_chromium():
    """Where Chromium is; None without one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")
