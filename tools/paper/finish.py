"""The PDFs of the pieces become one: pages, places of links, outline, tags, information."""

import sys

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    Fit,
    NameObject,
    NumberObject,
    TextStringObject,
)

DEEPEST = 20_000  # calls; pypdf clones a tree of tags by recursion


def join(pieces, out, about, language="en"):
    """Write several PDFs as one.

    A link in one piece may lead to a named place in another. The headings of a piece of level 0
    stay at the top of the outline, those of level 1 come under the piece of level 0 before.

    Args:
        pieces: (path, level) of each.
        out: path of the result.
        about: the document's information, such as ``{"/Title": "…"}``.
        language: of the document.
    """
    sys.setrecursionlimit(max(DEEPEST, sys.getrecursionlimit()))
    writer = PdfWriter()
    places, tags = DictionaryObject(), Tags(writer)
    above = None
    for path, level in pieces:
        reader = PdfReader(path)
        start = len(writer.pages)
        for page in reader.pages:
            writer.add_page(page)
        pages = {p.indirect_reference.idnum: start + k for k, p in enumerate(reader.pages)}
        root = reader.trailer["/Root"]
        for name, place in root.get("/Dests", {}).items():
            page, *where = place.get_object()
            here = writer.pages[pages[page.idnum]].indirect_reference
            places[NameObject(name)] = ArrayObject([here, *(part.clone(writer) for part in where)])
        added = outline(writer, reader, reader.outline, start, above if level else None)
        above = above if level else added
        tags.add(root["/StructTreeRoot"], reader.pages, start)
    catalog = writer.root_object
    catalog[NameObject("/Dests")] = writer._add_object(places)
    catalog[NameObject("/Lang")] = TextStringObject(language)
    tags.finish()
    writer.add_metadata(about)
    writer.page_mode = "/UseOutlines"
    writer.create_viewer_preferences().display_doctitle = True
    with out.open("wb") as file:  # pypdf itself would write without a buffer
        writer.write(file)


def outline(writer, reader, items, start, parent):
    """Add the headings of a piece to the outline; return the last one of the first level."""
    last = parent
    for item in items:
        if isinstance(item, list):
            outline(writer, reader, item, start, last)
        else:
            page = start + reader.get_destination_page_number(item)
            last = writer.add_outline_item(
                item.title, page, parent, fit=Fit.xyz(item.left, item.top)
            )
    return last


class Tags:
    """The tree of tags of a PDF that is put together from others."""

    def __init__(self, writer):
        self.writer = writer
        self.tree = writer._add_object(DictionaryObject({name("/Type"): name("/StructTreeRoot")}))
        self.top = writer._add_object(
            DictionaryObject(
                {
                    **{name("/Type"): name("/StructElem"), name("/S"): name("/Document")},
                    **{name("/P"): self.tree, name("/K"): ArrayObject()},
                }
            )
        )
        self.owners, self.next = ArrayObject(), 0

    def add(self, tree, pages, start):
        """Take over the tree of a piece, whose pages the writer has from `start` on."""
        kids = tree["/K"]
        for kid in kids if isinstance(kids, ArrayObject) else [tree.raw_get("/K")]:
            element = kid.clone(self.writer).get_object()
            element[name("/S")], element[name("/P")] = name("/Part"), self.top
            self.top.get_object()["/K"].append(element.indirect_reference)
        last = -1
        for key, owner in numbered(tree["/ParentTree"]):
            self.owners.extend([NumberObject(key + self.next), owner.clone(self.writer)])
            last = max(last, key)
        for number, old in enumerate(pages, start):
            page = self.writer.pages[number]
            if "/StructParents" in old:  # the writer leaves it out
                page[name("/StructParents")] = NumberObject(old["/StructParents"] + self.next)
            for link in page.get("/Annots", ArrayObject()):
                link = link.get_object()
                if "/StructParent" in link:
                    link[name("/StructParent")] = NumberObject(link["/StructParent"] + self.next)
        self.next += last + 1

    def finish(self):
        """Make the tree the writer's."""
        owners = DictionaryObject({name("/Nums"): self.owners})
        tree = self.tree.get_object()
        tree[name("/K")] = ArrayObject([self.top])
        tree[name("/ParentTree")] = self.writer._add_object(owners)
        tree[name("/ParentTreeNextKey")] = NumberObject(self.next)
        catalog = self.writer.root_object
        catalog[name("/StructTreeRoot")] = self.tree
        catalog[name("/MarkInfo")] = DictionaryObject({name("/Marked"): BooleanObject(True)})


def numbered(tree):
    """The pairs of a tree of numbers."""
    numbers = tree.get("/Nums", ArrayObject())
    yield from zip(numbers[::2], list(numbers)[1::2], strict=True)
    for kid in tree.get("/Kids", ArrayObject()):
        yield from numbered(kid.get_object())


name = NameObject
