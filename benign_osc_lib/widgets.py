"""A slider over pictures drawn beforehand, which moves in a web page with no kernel behind it."""

import base64
import html
from pathlib import Path

from . import _checks

_WEB = Path(__file__).parent / "web"  # style and script: notebooks carry them, the site serves them


class FrameSlider:
    """A slider above a picture: one HTML figure for notebooks, with the few lines that move it.

    Its ``repr`` is one short line. With scripts off it is the picture of ``start`` and the caption.

    Args:
        frames: PNG files as bytes, one a position of the slider.
        labels: what the slider shows at each position, such as "η = 0.5".
        alts: alternative text of each picture, for readers who do not see it.
        description: text beside the slider.
        start: index of the position shown first.
        caption: what to see, below the picture; plain text.
        name: id of the figure, by which a text can link to it.

    Raises:
        TypeError: ``start`` is not an integer, or ``description``, ``caption`` or ``name`` no text.
        ValueError: no frame, lists of different lengths, a repeated label, an empty alternative
            text, or ``start`` outside the list.
    """

    def __init__(self, frames, labels, alts, *, description="", start=0, caption="", name=""):
        if not 0 < len(frames) == len(labels) == len(alts):
            raise ValueError(
                "frames, labels and alts must have the same length, at least 1, got "
                f"{len(frames)}, {len(labels)} and {len(alts)}"
            )
        if len(set(labels)) < len(labels):
            raise ValueError(f"labels must differ from each other, got {list(labels)}")
        if not all(isinstance(alt, str) and alt.strip() for alt in alts):
            raise ValueError(f"alts must not be empty, got {list(alts)}")
        self._start = _checks.integer("start", start, low=0, high=len(frames) - 1)
        for argument, value in (
            ("description", description),
            ("caption", caption),
            ("name", name),
        ):
            _checks.instance(argument, value, str)
        self._labels = list(labels)
        self._pictures = [
            _picture(*frame, shown=place == self._start)
            for place, frame in enumerate(zip(frames, labels, alts, strict=True))
        ]
        self._description, self._caption, self._name = description, caption, name

    def __repr__(self):
        return f"FrameSlider({len(self._labels)} frames, {self._labels[0]} to {self._labels[-1]})"

    def _repr_html_(self):
        """The figure with its style and its script."""
        others = "\n".join(p for k, p in enumerate(self._pictures) if k != self._start)
        called = f' id="{html.escape(self._name)}"' if self._name else ""
        caption = html.escape(self._caption, quote=False)
        return f"""\
<figure class="bo-frames"{called}>
{self._control()}
{self._pictures[self._start]}
<template>
{others}
</template>
{f"<figcaption>{caption}</figcaption>" if caption else ""}
<div class="bo-frames-words" role="status"></div>
</figure>
<style>
{_web("frames.css")}</style>
<script>
{_web("frames.js")}</script>"""

    def _control(self):
        """The range with its readout, hidden until the script runs."""
        label, last = html.escape(str(self._labels[self._start])), len(self._labels) - 1
        called = html.escape(self._description)
        named = "" if called else ' aria-label="frame"'
        return (
            f'<div class="bo-frames-control" hidden><label>{called}'
            # JupyterLab takes the arrow keys from inputs that do not say this themselves.
            '<input type="range" data-lm-suppress-shortcuts="true"'
            f' min="0" max="{last}" value="{self._start}" autocomplete="off"'
            f' aria-valuetext="{label}"{named}></label>'
            f'<output aria-live="off">{label}</output></div>'
        )


def _picture(png, label, alt, *, shown):
    """A frame. One that waits has no size: JupyterLab drops the template of untrusted output."""
    data = base64.b64encode(png).decode()
    size = "" if shown else ' width="0" height="0"'
    label, alt = html.escape(str(label)), html.escape(alt)
    return f'<img{size} alt="{alt}" data-label="{label}" src="data:image/png;base64,{data}">'


def _web(name):
    return (_WEB / name).read_text(encoding="utf-8")
