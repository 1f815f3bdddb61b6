"""The first pages of the book: its title, what this edition is, the frame of the contents."""

from html import escape

MORE = (
    "This is the book on paper. A slider is printed as the grid of its frames; proofs and "
    "solutions lie open. On the site are the sliders themselves, the laboratory, forms that judge "
    "an answer, the code that is folded away here, the functions and tests behind each claim, the "
    "reference of the library, and the notebooks to run:"
)


def html(config, version):
    """The first pages, in HTML.

    Args:
        config: the settings of ``_config.yml``.
        version: of the library and the book.
    """
    site = config["html"]["baseurl"]
    return f"""
<section class="title-page" id="title">
<h1>{escape(config["title"])}</h1>
<p>{escape(config["author"])}</p>
<p>Edition {escape(version)}</p>
<div class="small"><p>{escape(MORE)} <a href="{site}">{site.split("://")[1]}</a></p></div>
</section>
<nav class="book-contents" id="contents"><h2>Contents</h2></nav>"""
