"""Which scripts a page loads: none for Thebe."""


def remove_thebe(app):
    """Disconnect Thebe, always loaded by Jupyter Book: it declares a constant twice a page."""
    for event in ("env-before-read-docs", "doctree-resolved"):
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)


def setup(app):
    remove_thebe(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
