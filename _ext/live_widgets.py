"""The laboratory on pages without a kernel, and a directive that puts it there.

A cell that shows a ``benign_osc_lib.lab.Lab`` has stored a picture with a caption and the numbers
behind it. Pages that hold one load one plain script of the site, ``lab_mount.js`` with all modules
of the laboratory before it, which puts the laboratory in the picture's place.

    ```{lab}
    :view: all
    ```
"""

import hashlib
import json
from pathlib import Path, PurePosixPath

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from benign_osc_lib.lab import Lab, _bundle
from benign_osc_lib.lab._fields import NUMBERS

MOUNT = Path(__file__).with_name("lab_mount.js")
SCRIPT = "_static/lab.js"
LABORATORY = "chapters/lab"
MARK = '<div class="bo-lab"'


def script():
    """The laboratory, its style and what mounts it, as one plain script."""
    style = f"const STYLE = {json.dumps(_bundle.read('lab.css'))};"
    after = f"{style}\n{MOUNT.read_text(encoding='utf-8')}"
    return _bundle.plain_script(_bundle.module(), after)


class LabDirective(SphinxDirective):
    """A laboratory; the options are the arguments of ``Lab``."""

    option_spec = {
        **{name: directives.unchanged for name in ("view", "diagram")},
        **{
            name: int if isinstance(first, int) else float
            for name, (_, _, first) in NUMBERS.items()
        },
    }

    def run(self):
        """The picture, the numbers."""
        return [nodes.raw("", Lab(**self.options).to_html(), format="html")]


def write_script(app):
    """Write the script once; the pages name it."""
    if app.builder.format == "html":
        path = Path(app.outdir) / SCRIPT
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script(), encoding="utf-8")
        app.env.bo_lab_version = hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def load_script(app, pagename, templatename, context, doctree):
    """Let a page with a laboratory load it, after all else."""
    if MARK not in context.get("body", "") or app.builder.format != "html":
        return
    here = pagename == LABORATORY
    page = PurePosixPath(app.builder.get_target_uri(LABORATORY)).name if here else None
    page = page or context["pathto"](LABORATORY)
    source = f"{context['pathto'](SCRIPT, 1)}?v={app.env.bo_lab_version}"
    # `data-alone`: not to be joined with the scripts of all pages.
    context["body"] += f'<script defer data-alone src="{source}" data-lab-page="{page}"></script>\n'


def setup(app):
    app.add_directive("lab", LabDirective)
    app.connect("builder-inited", write_script)
    app.connect("html-page-context", load_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
