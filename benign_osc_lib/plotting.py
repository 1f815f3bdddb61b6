"""The one style of the book's figures, and its standard panels.

Strong feature dark grey, weak feature blue, noise orange; large learning rate solid, small rate
dashed. A figure is 4.8 inches wide with 11-point text, so that it can be read on a phone.
"""

import io

import matplotlib.pyplot as plt
import torch
from matplotlib.ticker import MaxNLocator
from PIL import Image

STRONG, WEAK, NOISE = "#404040", "#0072b2", "#d55e00"
"""Colours of the strong feature, the weak feature and the noise (from Okabe and Ito's palette)."""

LARGE, SMALL = "-", "--"
"""Line styles of the large and of the small learning rate."""

WIDTH = 4.8
"""Width of every figure, in inches."""

STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "figure.dpi": 160,
    "font.size": 11,
    "grid.alpha": 0.25,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "mathtext.fontset": "cm",
}


def use_style():
    """Make the book's style the default of all matplotlib figures drawn after this call.

    In a notebook figures get twice the pixels, for screens that have them.
    """
    plt.rcParams.update(STYLE)
    if "inline" in plt.get_backend():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")


def figure(rows=1, columns=1, *, height=2.6, **options):
    """A figure of the book's width.

    Args:
        rows: number of rows of panels.
        columns: number of columns; two still read well on a phone.
        height: height of one row, in inches.
        options: passed on to ``plt.subplots``.

    Returns:
        What ``plt.subplots`` returns.
    """
    return plt.subplots(rows, columns, figsize=(WIDTH, rows * height), **options)


def signals(ax, run, *, epoch, style=LARGE):
    """Draw ⟨w_{j,r}, j u⟩ (grey) and ⟨w_{j,r}, j v⟩ (blue) of all 2m filters against the epoch.

    These are the overlaps of single filters, from which the module ``signals`` makes s and q.

    Args:
        ax: matplotlib axes.
        run: a Run without batch axes.
        epoch: the steps of one epoch, that is the number of training points.
        style: line style; LARGE or SMALL.
    """
    _single(run)
    epochs = run.steps / epoch
    for values, color, name in ((run.strong, STRONG, "u"), (run.weak, WEAK, "v")):
        lines = ax.plot(epochs, values.flatten(1).cpu(), style, color=color, lw=0.8, alpha=0.8)
        lines[0].set_label(rf"$\langle w_{{j,r}},\, j{name} \rangle$")
    ax.set_xlabel("epoch")


def margins(ax, run, points, *, color, style=LARGE, label=None):
    """Draw y f at every visit to some training points, in visiting order, against the epoch.

    Args:
        ax: matplotlib axes.
        run: a Run without batch axes, trained in cyclic order.
        points: which training points, a bool tensor (n,).
        color: of the line.
        style: line style; LARGE or SMALL.
        label: of the line in the legend.
    """
    _single(run)
    epochs, n = run.margins.shape
    at = torch.arange(epochs)[:, None] + points.nonzero()[:, 0].cpu() / n
    visits = run.margins[:, points]
    ax.plot(at.flatten(), visits.flatten().cpu(), style, color=color, lw=0.8, label=label)
    ax.set_xlabel("epoch")


def loss(ax, run, *, color="black", style=LARGE, label=None):
    """Draw the loss against the epoch: the mean of ½ (f − y)² over the visits of an epoch.

    Args:
        ax: matplotlib axes.
        run: a Run without batch axes.
        color: of the line.
        style: line style; LARGE or SMALL.
        label: of the line in the legend.
    """
    _single(run)
    ax.plot(run.loss.mean(-1).cpu(), style, color=color, label=label)
    ax.set_xlabel("epoch")


def _single(run):
    if run.margins.ndim != 2:
        batch = tuple(run.margins.shape[:-2])
        raise ValueError(
            f"run must be one run, got a batch of shape {batch}: pick one, as in run[0]"
        )


def patches(axes, point, *, names, colors):
    """Draw the patches of one point, one bar chart a patch.

    Args:
        axes: as many matplotlib axes as patches.
        point: the patches, (P, d).
        names: P titles.
        colors: P colours.
    """
    for ax, patch, name, color in zip(axes, point.cpu(), names, colors, strict=True):
        ax.bar(range(1, len(patch) + 1), patch.tolist(), width=1.6, color=color)
        ax.set_xlim(-2, len(patch) + 2)
        ax.set_title(name)
        ax.set_xlabel("coordinate")
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def to_png(fig, *, dpi=280):
    """Render a figure, close it and return the PNG file as bytes: a frame for a slider.

    Args:
        fig: a matplotlib figure.
        dpi: pixels an inch; at the default a frame has twice the pixels of the book's column.

    Returns:
        The file, with a palette of at most 256 colours: a third of the size of the full colours.
    """
    full = io.BytesIO()
    fig.savefig(full, format="png", dpi=dpi)
    plt.close(fig)
    return with_palette(full.getvalue())


def with_palette(png):
    """The same PNG file, as bytes, with at most 256 colours."""
    small = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        small, format="png", optimize=True
    )
    return small.getvalue()


def network_diagram(ax):
    """Draw the network of eq. (1): three patches, the shared filters of both signs, the output.

    Args:
        ax: matplotlib axes; their frame and ticks are removed.
    """
    ax.set_axis_off()
    ax.set_xlim(0, 10)
    ax.set_ylim(0, 10)
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "linewidth": 1.4}

    def node(x, y, text, color):
        style = {"bbox": {**box, "edgecolor": color}, "fontsize": 14}
        ax.text(x, y, text, ha="center", va="center", zorder=3, **style)

    def arrow(start, end):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "0.6"}, zorder=1)

    inputs = ((8.2, r"$y\,u$", STRONG), (4.9, r"$y\,v$", WEAK), (1.6, r"$\xi$", NOISE))
    signs = ((7.0, "+"), (2.8, "-"))
    for y, text, color in inputs:
        node(0.6, y, text, color)
        for y_sign, _ in signs:
            arrow((1.1, y), (2.5, y_sign))
    for y, sign in signs:
        node(4.3, y, rf"$\sigma(\langle w_{{{sign}1,r}},\, x^{{(k)}} \rangle)$", "0.4")
        arrow((6.1, y), (6.8, y))
        node(7.5, y, rf"$F_{{{sign}1}}$", "0.4")
        arrow((8.1, y), (9.2, 5.3 if sign == "+" else 4.5))
        ax.text(
            9.0, 6.8 if sign == "+" else 3.0, rf"${sign}$", ha="center", va="center", fontsize=14
        )
    node(9.6, 4.9, r"$f$", "0.2")
    for x, text in (
        (0.6, "patches"),
        (4.3, "$m$ filters per sign"),
        (7.5, "mean"),
        (9.5, "output"),
    ):
        ax.text(x, 9.7, text, ha="center", va="center", fontsize=11)
