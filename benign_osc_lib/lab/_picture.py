"""The picture that stands in for a laboratory where no script runs."""

import html
from itertools import pairwise

from ..cubic_map import iterate, step
from ..theory import potential_gain, terminal_weak_signal
from ..theory.one_point import orbit

WIDTH, HEIGHT, LEFT, BOTTOM = 480, 220, 48, 34
COLORS = {
    "strong": "var(--bo-strong, #404040)",
    "weak": "var(--bo-weak, #0072b2)",
    "line": "var(--bo-line, #8a8a8a)",
}

AXES = {"nu": "ν", "rho": "weak", "noise": "‖ξ‖"}
"""What the vertical axes of the phase diagrams show."""

REGIMES = {"too small": "#e3e3e3", "benign": "#6fc3b2", "lost": "#c2417c", "diverged": "#505050"}
"""The colours of chapter 11, in the order of ``phase.REGIMES``."""


class Picture:
    """Lines in a frame with its limits at the ends of both axes.

    Args:
        across: the limits of the horizontal axis.
        up: the limits of the vertical one.
        names: what the axes show.
    """

    def __init__(self, across, up, names):
        self.across, self.up = across, up
        self.parts = [
            f'<path d="M{LEFT} 8V{HEIGHT - BOTTOM}H{WIDTH - 8}" fill="none" '
            f'stroke="{COLORS["line"]}"/>'
        ]
        low, high = (f"{value:.4g}" for value in across)
        self._text(LEFT, HEIGHT - 16, "start", low)
        self._text(WIDTH - 8, HEIGHT - 16, "end", high)
        self._text((LEFT + WIDTH) // 2, HEIGHT - 16, "middle", names[0])
        low, high = (f"{value:.2g}" for value in up)
        self._text(LEFT - 5, HEIGHT - BOTTOM, "end", low)
        self._text(LEFT - 5, 18, "end", high)
        self._text(LEFT - 5, (HEIGHT - BOTTOM + 8) // 2, "end", names[1])

    def _text(self, x, y, anchor, text):
        self.parts.append(
            f'<text x="{x}" y="{y}" text-anchor="{anchor}">{html.escape(text)}</text>'
        )

    def _place(self, x, y):
        a, b = self.across
        low, high = self.up
        y = min(max(y, low), high)
        right = LEFT + (WIDTH - 8 - LEFT) * (x - a) / (b - a)
        return (
            f"{right:.0f} {HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 8) * (y - low) / (high - low):.0f}"
        )

    def line(self, points, kind, dashes=""):
        """A line through points (x, y)."""
        path = "L".join(self._place(*point) for point in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(
            f'<path d="M{path}" fill="none" stroke="{COLORS[kind]}" stroke-width="1.5"{dashed}/>'
        )

    def level(self, y, kind):
        """A dotted line across."""
        self.line([(self.across[0], y), (self.across[1], y)], kind, "2 4")

    def svg(self, words):
        """The picture as text, described in words."""
        return (
            f'<svg role="img" aria-label="{html.escape(words)}" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'font-size="13" fill="currentColor">{"".join(self.parts)}</svg>'
        )


def _one_point(kappa, nu, strong, weak):
    """Two lines of the margin, through every 12th step and the one after it: a 2-cycle is two."""
    path, every = orbit(kappa, nu, strong, weak, steps=1500), 12
    picture = Picture((0, 1500), (0, 2), ("step", "y f"))
    margins = 1 - path.e
    for first in (0, 1):
        picture.line([(t, margins[t]) for t in range(first, 1501, every)], "strong")
    picture.line([(t, path.q[t]) for t in range(0, 1501, every)], "weak")
    words = f"κ = {kappa:.3g}, ν = {nu:.3g}. Grey: the margin y f of one point, "
    if kappa > 1:
        words += "through the steps met below the label and through those above. "
        end = terminal_weak_signal(kappa, nu)
        return picture, f"{words}Blue: its weak signal q, which can rest from {end:.2f}."
    return picture, f"{words}which settles at 1. Blue: its weak signal q."


def _potential(e, kappa, nu):
    errors = [-0.8 + 0.02 * k for k in range(91)]
    errors = [x for x in errors if 1 + kappa * x > 0]
    gains = [potential_gain(x, kappa, nu) for x in errors]
    picture = Picture((errors[0], 1), (0, max(gains)), ("residual e", "ΔΦ"))
    picture.line(zip(errors, gains, strict=True), "weak")
    words = f"κ = {kappa:.3g}, ν = {nu:.3g}. What one visit adds to the potential, against the "
    return picture, words + "residual e: never below 0, and 0 only at e = 0."


def _cobweb(kappa, z):
    top = 1.6
    picture = Picture((0, top), (0, top), ("z", "next"))
    grid = [top * k / 60 for k in range(61)]
    picture.line([(x, y) for x in grid if (y := step(x, kappa)) >= 0], "strong")
    picture.line([(0, 0), (top, top)], "line", "2 4")
    path = iterate(z, kappa, steps=12)
    corners = [point for a, b in pairwise(path) for point in ((a, a), (a, b))]
    picture.line([(x, y) for x, y in corners if abs(x) < top], "weak")
    words = (
        f"κ = {kappa:.3g}. Grey: the cubic map. Dotted: the diagonal. Blue: 12 steps from {z:.3g}."
    )
    return picture, words


def _phase(kappa, diagram):
    """The most frequent regime of each cell of a stored diagram."""
    from ..phase import DIAGRAMS, load, regimes  # here, because importing xarray takes long

    axis = next(name for name in DIAGRAMS[diagram][0] if name != "kappa")
    cells = load(diagram)
    winners = regimes(cells).transpose("kappa", axis, "regime").argmax("regime").values
    heights = cells[axis].values
    picture = Picture((0.05, 2.25), (heights[0], heights[-1]), ("κ", AXES[diagram]))
    right = [round(LEFT + (WIDTH - 8 - LEFT) * k / len(winners)) for k in range(len(winners) + 1)]
    floor = HEIGHT - BOTTOM
    down = [round(floor - (floor - 8) * k / len(heights)) for k in range(len(heights) + 1)]
    for regime, color in enumerate(REGIMES.values()):
        path = ""
        for k, winner in enumerate(winners):
            for row in (winner == regime).nonzero()[0]:
                path += f"M{right[k]} {down[row]}H{right[k + 1]}V{down[row + 1]}H{right[k]}z"
        picture.parts.append(f'<path d="{path}" fill="{color}"/>')
    words = "What became of most runs of each cell: too small (light), benign (green), a class "
    return picture, f"{words}lost (red), diverged (dark). κ = {kappa:.3g} is one of the columns."


def picture_of(view, values):
    """The picture of a view with the values of a laboratory: (svg, description)."""
    kappa, nu = values["kappa"], values["nu"]
    if view == "potential":
        picture, words = _potential(values["e"], kappa, nu)
    elif view == "cobweb":
        picture, words = _cobweb(kappa, values["z"])
    elif view == "phase":
        picture, words = _phase(kappa, values["diagram"])
    else:
        picture, words = _one_point(kappa, nu, values["strong"], values["weak"])
    return picture.svg(words), words
