"""A slider over pictures drawn beforehand, which moves in a web page with no kernel behind it."""

import base64
import html

import ipywidgets

from . import _checks


class FrameSlider(ipywidgets.VBox):
    """A slider above a picture. Its ``repr`` is one short line, so notebooks stay small.

    Args:
        frames: PNG files as bytes, one a position of the slider.
        labels: what the slider shows at each position, such as "η = 0.5".
        alts: alternative text of each picture, for readers who do not see it.
        description: text beside the slider.
        start: index of the position shown first.

    Raises:
        TypeError: ``start`` is not an integer.
        ValueError: no frame, lists of different lengths, a repeated label, an empty alternative
            text, or ``start`` outside the list.
    """

    def __init__(self, frames, labels, alts, *, description="", start=0):
        if not 0 < len(frames) == len(labels) == len(alts):
            raise ValueError(
                "frames, labels and alts must have the same length, at least 1, got "
                f"{len(frames)}, {len(labels)} and {len(alts)}"
            )
        if len(set(labels)) < len(labels):
            raise ValueError(f"labels must differ from each other, got {list(labels)}")
        if not all(isinstance(alt, str) and alt.strip() for alt in alts):
            raise ValueError(f"alts must not be empty, got {list(alts)}")
        start = _checks.integer("start", start, low=0, high=len(frames) - 1)
        self._labels = list(labels)
        pictures = [_picture(png, alt) for png, alt in zip(frames, alts, strict=True)]
        slider = ipywidgets.SelectionSlider(
            options=self._labels,
            index=start,
            description=description,
            layout=ipywidgets.Layout(width="95%"),
        )
        super().__init__([slider, _linked(slider, pictures)])

    def __repr__(self):
        return f"FrameSlider({len(self._labels)} frames, {self._labels[0]} to {self._labels[-1]})"


def _picture(png, alt):
    data = base64.b64encode(png).decode()
    image = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data}">'
    return f'<div class="bo-frame">{image}</div>'


def _linked(slider, pictures):
    """A widget that shows the picture at the slider's position."""
    if hasattr(ipywidgets, "Stack"):  # the browser links the two: no kernel needed
        stack = ipywidgets.Stack(
            [ipywidgets.HTML(p) for p in pictures], selected_index=slider.index
        )
        ipywidgets.jslink((slider, "index"), (stack, "selected_index"))
        return stack
    # ipywidgets 7, which Colab runs, has no Stack: there the kernel swaps the picture.
    view = ipywidgets.HTML(pictures[slider.index])
    slider.observe(lambda change: setattr(view, "value", pictures[change["new"]]), "index")
    return view
