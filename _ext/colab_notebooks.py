"""A Sphinx builder that writes each chapter as a plain notebook: `make colab`.

Colab, GitHub and VS Code show only plain Markdown. The numbers, titles and links are those of the
build's own environment, so that a notebook and the site cannot disagree.
"""

from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.builders import Builder
from sphinx.transforms.post_transforms import SphinxPostTransform

from tools.colab.notebook import convert


class DropCells(SphinxPostTransform):
    """Take the outputs out of the tree before they are resolved: the notebook has them."""

    default_priority = 1
    builders = ("colab",)

    def run(self, **kwargs):
        bundles = ("mime_bundle", "cell_code_source")
        for node in list(self.document.findall(nodes.container)):
            if node.get("nb_element") in bundles:
                node.parent.remove(node)


class ColabBuilder(Builder):
    """One file NAME.ipynb for each notebook chapters/NAME.ipynb."""

    name = "colab"
    format = "ipynb"
    epilog = "The plain notebooks are in %(outdir)s."
    allow_parallel = False
    supported_image_types = ["image/png"]

    def path(self, docname):
        return Path(self.outdir, f"{Path(docname).name}.ipynb")

    def source(self, docname):
        return Path(self.env.doc2path(docname))

    def get_outdated_docs(self):
        """All of them: a number in one chapter is written out in others."""
        found = sorted(name for name in self.env.found_docs if self.source(name).suffix == ".ipynb")
        current = {self.path(name) for name in found}
        for path in Path(self.outdir).glob("*.ipynb"):
            if path not in current:
                path.unlink()
        return found

    def get_target_uri(self, docname, typ=None):
        return f"{self.config.html_baseurl.rstrip('/')}/{docname}.html"

    def get_relative_uri(self, from_, to, typ=None):
        """The full address: a notebook may be opened anywhere."""
        return self.get_target_uri(to, typ)

    def prepare_writing(self, docnames):
        Path(self.outdir).mkdir(parents=True, exist_ok=True)

    def write_doc(self, docname, doctree):
        if self.source(docname).suffix != ".ipynb":
            return
        fignumbers = self.env.toc_fignumbers.get(docname, {})
        secnumbers = self.env.toc_secnumbers.get(docname, {})

        def number(kind, node):
            if kind == "displaymath" and not self.config.math_numfig:
                return node["number"]
            found = next((fignumbers.get(kind, {}).get(one) for one in node["ids"]), None)
            return ".".join(map(str, found or ()))

        def heading(section):
            anchor = "" if isinstance(section.parent, nodes.document) else f"#{section['ids'][0]}"
            found = secnumbers.get(anchor)
            return ".".join(map(str, found)) + ". " if found else ""

        notebook = convert(
            doctree,
            nbformat.read(self.source(docname), as_version=4),
            self.get_target_uri(docname),
            self.config.html_baseurl,
            number,
            heading,
        )
        nbformat.write(notebook, self.path(docname))


def setup(app):
    app.add_builder(ColabBuilder)
    app.add_post_transform(DropCells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
