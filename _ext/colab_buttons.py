"""Lead the launch and download buttons of a chapter to its plain notebook (see colab_notebooks).

The theme knows one place for the notebooks, the repository's branch with their sources. Colab opens
them from the branch `colab`, where the publish workflow puts them; the site has a copy.
"""

from pathlib import Path

from tools.colab.publish import BRANCH


def launch_address(repository, docname, colab="https://colab.research.google.com"):
    """Where Colab opens a chapter's plain notebook."""
    place = repository.removeprefix("https://github.com/")
    return f"{colab}/github/{place}/blob/{BRANCH}/{Path(docname).name}.ipynb"


def flat(buttons):
    """All buttons of a header, those within a menu too."""
    for button in buttons:
        yield button
        yield from flat(button.get("buttons", []))


def lead_to_plain_notebooks(app, pagename, templatename, context, doctree):
    if not context.get("sourcename", "").startswith(f"{pagename}.ipynb"):
        return
    theme = app.config.html_theme_options
    colab = theme["launch_buttons"]["colab_url"].rstrip("/")
    for button in flat(context.get("header_buttons", [])):
        url = button.get("url") or ""
        if url.startswith(colab):
            button["url"] = launch_address(theme["repository_url"], pagename, colab)
        elif url.split("?")[0].endswith(".ipynb") and "_sources/" in url:
            button["url"] = context["pathto"](f"colab/{Path(pagename).name}.ipynb", 1)


def setup(app):
    # After the theme, which fills the header at 501.
    app.connect("html-page-context", lead_to_plain_notebooks, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
