"""Entries of the bibliography under the names they are cited by, each with a link.

The style `plain` of pybtex, with "Cohen et al. 2021" for a label, and the host for a long address.
"""

from urllib.parse import urlsplit

from pybtex.plugin import register_plugin
from pybtex.richtext import HRef
from pybtex.style.formatting.plain import Style
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting import BaseSortingStyle
from pybtex.style.template import FieldIsMissing, node


def last_name(person):
    return " ".join(str(name) for name in person.rich_prelast_names + person.rich_last_names)


def label(entry):
    """Authors and year, as the text cites them."""
    names = [last_name(person) for person in entry.persons["author"]]
    short = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return f"{short} {entry.fields['year']}"


class AuthorYear(BaseLabelStyle):
    """Labels of authors and year."""

    def format_labels(self, sorted_entries):
        """One label for each entry."""
        return map(label, sorted_entries)


class ByLabel(BaseSortingStyle):
    """The order of the labels: the works of one name by year, whoever wrote with them."""

    def sorting_key(self, entry):
        """The first author's whole name tells apart those of one label."""
        first = entry.persons["author"][0]
        return label(entry).lower(), str(first).lower(), entry.fields["title"]


@node
def host_link(children, context):
    """A link to the address of an entry that shows the host."""
    url = context["entry"].fields.get("url")
    if url is None:
        raise FieldIsMissing("url", context["entry"])
    return HRef(url, urlsplit(url).netloc.removeprefix("www."))


class Cited(Style):
    """The style `plain` with these labels, in their order, and short links."""

    default_label_style = AuthorYear
    default_sorting_style = ByLabel

    def format_url(self, e):
        """The template of an address."""
        return host_link


def setup(app):
    register_plugin("pybtex.style.formatting", "cited", Cited)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
