"""On the page, a chapter begins with its first idea, not with the code that sets it up.

The cell that installs the library in Colab is left out. The cell of imports, whose tag is
`imports`, stands before the first code that is in view or in a section. Notebooks keep both first.
"""

from docutils import nodes


def cells_of(doctree):
    """The cells of code of a page, in order."""
    return [one for one in doctree.findall(nodes.container) if one.get("nb_element") == "cell_code"]


def is_first_use(cell):
    """Whether a cell shows its code, or stands below a heading, not only below the page's title."""
    sections, node = 0, cell.parent
    while node is not None:
        sections += isinstance(node, nodes.section)
        node = node.parent
    shows_code = "hide_mode" not in cell and "tag_remove-input" not in cell["classes"]
    return shows_code or sections > 1


def put_where_used(app, doctree, docname):
    """Leave out the set-up of a page, and move its imports down to where code begins."""
    if app.builder.format != "html":
        return
    imports = None
    for cell in cells_of(doctree):
        if "tag_colab-bootstrap" in cell["classes"]:
            cell.parent.remove(cell)
        elif "tag_imports" in cell["classes"]:
            imports = cell
        elif imports is not None and is_first_use(cell):
            imports.parent.remove(imports)
            cell.parent.insert(cell.parent.index(cell), imports)
            return


def setup(app):
    app.connect("doctree-resolved", put_where_used)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
