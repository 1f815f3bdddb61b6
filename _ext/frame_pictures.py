"""Sliders over pictures become figures of the page, with a number, and their frames files.

A notebook carries a slider whole: pictures, style and script (``benign_osc_lib.widgets``). On the
page the frames lie in ``_images``, so that only the first one is loaded before the slider is used,
and style and script are those of the site.
"""

import base64
import struct
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes
from minus_signs import signed
from sphinx.transforms import SphinxTransform
from sphinx.util.osutil import relative_uri

from benign_osc_lib import widgets

WEB = Path(widgets.__file__).parent / "web"
MARK = '<figure class="bo-frames"'
DATA = "data:image/png;base64,"


class NumberFrames(SphinxTransform):
    """Make each slider that a cell shows a figure with a caption, which Sphinx numbers."""

    default_priority = 300

    def apply(self, **kwargs):
        """Replace what each cell offers that shows a slider."""
        for raw in list(self.document.findall(nodes.raw)):
            if MARK in raw.astext():
                bundle = raw.parent
                while bundle.get("nb_element") != "mime_bundle":
                    bundle = bundle.parent
                bundle.replace_self(self.figure(raw.astext()))

    def figure(self, text):
        """The slider as a docutils figure."""
        written = BeautifulSoup(text, "html.parser").figure
        caption = written.figcaption.extract()
        figure = nodes.figure(classes=written["class"])
        figure += nodes.raw("", written.decode_contents(formatter="minimal"), format="html")
        figure += nodes.caption("", caption.get_text())
        figure["names"].append(nodes.fully_normalize_name(written["id"]))
        self.document.note_explicit_target(figure)
        return figure


def write_frames(app, doctree, docname):
    """Move the frames of the sliders of a page from its text to files."""
    if app.builder.format != "html":
        return
    for figure in doctree.findall(nodes.figure):
        if "bo-frames" in figure["classes"]:
            raw = figure[0]
            slider = BeautifulSoup(raw.astext(), "html.parser")
            pictures = [*slider.find_all("img", recursive=False), *slider.template.find_all("img")]
            for element in [*pictures, slider.input]:
                for name in {"alt", "data-label", "aria-valuetext"} & set(element.attrs):
                    element[name] = signed(element[name])
            slider.output.string = signed(slider.output.string)
            for number, picture in enumerate(pictures):
                name = f"{figure['ids'][0]}-{number:02d}.png"
                move(app.builder, docname, picture, name)
            figure[0] = nodes.raw("", slider.decode(formatter="minimal"), format="html")


def move(builder, docname, picture, name):
    """Write the picture of an ``<img>`` to a file, and let it say the file's place and its size."""
    png = base64.b64decode(picture["src"].removeprefix(DATA))
    folder = builder.outdir / builder.imagedir
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(png)
    here = builder.get_target_uri(docname)
    picture["src"] = relative_uri(here, f"{builder.imagedir}/{name}")
    picture["width"], picture["height"] = struct.unpack(">II", png[16:24])  # of the PNG's header


def add_web_files(app):
    """Serve the style and the script of the library's sliders."""
    app.config.html_static_path.append(str(WEB))
    app.add_css_file("frames.css")
    app.add_js_file("frames.js", loading_method="defer")


def setup(app):
    app.connect("builder-inited", add_web_files)
    app.add_transform(NumberFrames)
    app.connect("doctree-resolved", write_frames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
