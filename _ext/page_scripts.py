"""Which scripts a page loads: none for Thebe, and a repair for pages with widgets."""

import json

WIDGET_REPAIRS = """
// html-manager looks for icon fonts where require.js says its modules lie: by default, by the page.
var require = %s;
"""


def repair_widgets(app, pagename, templatename, context, doctree):
    """Add the repair before every other script of a page that shows widgets."""
    for script in context["script_files"]:
        folder, found, _ = str(script.filename or "").partition("/embed-amd.js")
        if found:
            modules = ("@jupyter-widgets", "@jupyter-widgets/html-manager/dist")
            settings = json.dumps({"paths": dict.fromkeys(modules, folder)})
            app.add_js_file(None, body=WIDGET_REPAIRS % settings, priority=100)
            return


def remove_thebe(app):
    """Disconnect Thebe, always loaded by Jupyter Book: it declares a constant twice a page."""
    for event in ("env-before-read-docs", "doctree-resolved"):
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)


def setup(app):
    remove_thebe(app)
    # Late, so that the scripts of the notebooks' widgets are in the list already.
    app.connect("html-page-context", repair_widgets, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
