"""The version of the book and the date of each page, from CITATION.cff and git.

A page's date is that of the last commit that touched its source. A shallow clone does not know it:
there, the date of the commit that is built stands on all pages. Without git there is no date.
"""

import subprocess
from datetime import date
from pathlib import Path

import yaml


def citation(app):
    """What CITATION.cff says."""
    return yaml.safe_load(Path(app.srcdir, "CITATION.cff").read_text(encoding="utf-8"))


def git(folder, *arguments):
    """What git prints in a folder; empty without git, or outside a repository."""
    try:
        found = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    except OSError:
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def dates(folder):
    """The dates of the last changes as {path: date}, and the date of all other files."""
    if not (Path(folder) / ".git").exists():
        return {}, None
    newest = git(folder, "log", "-1", "--format=%cs")
    if not newest or git(folder, "rev-parse", "--is-shallow-repository") == "true":
        return {}, newest or None
    found, day = {}, None
    for line in git(folder, "log", "--format=:%cs", "--name-only", "--no-renames").splitlines():
        if line.startswith(":"):
            day = line[1:]
        elif line:
            found.setdefault(line, day)
    return found, newest


def begin(app):
    app.page_dates, app.newest_date = dates(app.srcdir)
    app.book = citation(app)


def page_date(app, pagename):
    """The date of a page as YYYY-MM-DD, or None."""
    if pagename not in app.env.found_docs:
        return app.newest_date
    path = Path(app.env.doc2path(pagename)).relative_to(app.srcdir).as_posix()
    return app.page_dates.get(path, app.newest_date)


def in_words(day):
    """A date as it is read: "26 November 2026"."""
    day = date.fromisoformat(day)
    return f"{day.day} {day:%B %Y}"


def show(app, pagename, templatename, context, doctree):
    """Give the theme's line "Last updated on" the page's own date, and the version."""
    day = page_date(app, pagename)
    context["last_updated"] = f"{in_words(day)}, version {app.book['version']}" if day else None


def setup(app):
    app.connect("builder-inited", begin, priority=100)
    app.connect("html-page-context", show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
