"""The whole book as a PDF (``make pdf``), in each page's menu of downloads."""

NAME = "benign-oscillation.pdf"


def add_link(app, pagename, templatename, context, doctree):
    """Add the address on the published site: a copy built at home may lack the PDF."""
    for group in context.get("header_buttons", []):
        if group["label"] == "download-buttons":
            group["buttons"].append(
                {
                    "type": "link",
                    "url": f"{app.config.html_baseurl.rstrip('/')}/{NAME}",
                    "text": "book as .pdf",
                    "tooltip": "Download the whole book",
                    "icon": "fas fa-file-pdf",
                    "label": "download-book-button",
                }
            )


def setup(app):
    app.connect("html-page-context", add_link, priority=502)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
