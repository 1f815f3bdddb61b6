"""The laboratory: the book's runs in a browser, with their numbers in the reader's hand.

The JavaScript files of this folder, one concept a file, are the engine and the views; they are put
together for anywidget here, and for the pages of the book. The engine is tested against the
library: the same data and start give the same numbers to 1e-9.
"""

import html
import json

import anywidget
import traitlets

from . import _bundle, _fields, _picture

_traits = {
    name: traitlets.Any(first).tag(sync=True)
    for name, first in {
        **{"view": _fields.VIEWS[0], "diagram": _fields.DIAGRAMS[0]},
        **{name: first for name, (_, _, first) in _fields.NUMBERS.items()},
    }.items()
}
_Values = type("_Values", (traitlets.HasTraits,), _traits)


class Lab(_Values, anywidget.AnyWidget):
    """The laboratory, or one view of it, as a widget for notebooks.

    It computes in the browser; a kernel, where there is one, only holds the numbers: the attributes
    named below follow the controls, and move them when they are set. ‖u‖ = 2, n = 16 and d = 64, as
    in the paper's §4.3, so that η = κ m/8.

    Args:
        kappa: κ, in [0.05, 2.2].
        nu: ν, in [0.005, 0.64].
        view: "all" for every view under tabs, or one of "point", "potential", "cobweb", "network"
            and "phase".
        strong: strong signal of the one point at the start, in [0.0001, 0.5].
        weak: its weak signal at the start, in [1e-06, 0.5].
        steps: visits to the one point, 20 to 3000.
        e: residual at which the potential is looked at, in [−0.95, 1].
        z: start of the cubic map, in [0.02, 1.5].
        noise_norm: ‖ξ‖ in the network's data, in [0, 3.2].
        n_weak: weak points among the 16, 0 to 8.
        m: filters per sign, 1 to 20.
        scale: σ_0, in [0.0025, 0.25].
        epochs: epochs of the network, 20 to 400.
        seed: of its data and start, 0 to 9999.
        diagram: the phase diagram, "nu", "rho" or "noise".

    Raises:
        TypeError: a value is of the wrong type.
        ValueError: a value is outside its range.
    """

    _esm = _bundle.module()
    _css = _bundle.read("lab.css")

    def __init__(
        self,
        kappa=1.2,
        nu=0.04,
        view="all",
        *,
        strong=0.0078,
        weak=0.0003,
        steps=1500,
        e=-0.6,
        z=0.2,
        noise_norm=0.8,
        n_weak=2,
        m=8,
        scale=0.0625,
        epochs=200,
        seed=1,
        diagram="nu",
    ):
        given = {"kappa": kappa, "nu": nu, "view": view, "strong": strong, "weak": weak}
        given |= {"steps": steps, "e": e, "z": z, "noise_norm": noise_norm, "n_weak": n_weak}
        given |= {"m": m, "scale": scale, "epochs": epochs, "seed": seed, "diagram": diagram}
        super().__init__(**{name: _fields.checked(name, value) for name, value in given.items()})

    @traitlets.validate(*_traits)
    def _validate(self, proposal):
        return _fields.checked(proposal["trait"].name, proposal["value"])

    @property
    def values(self):
        """All attributes of the laboratory, by name."""
        return {name: getattr(self, name) for name in _traits}

    def __repr__(self):
        return f"Lab(kappa={self.kappa:g}, nu={self.nu:g}, view={self.view!r})"

    def to_html(self):
        """A picture with its caption, and the numbers for a page's script that replaces both."""
        picture, words = _picture.picture_of(self.view, self.values)
        state = html.escape(json.dumps(self.values))
        return (
            f'<div class="bo-lab" data-state="{state}"><figure>{picture}'
            f"<figcaption>{html.escape(words)}</figcaption></figure></div>"
        )

    def _repr_mimebundle_(self, **kwargs):
        """What anywidget shows, and the picture for pages and for whatever shows no widgets."""
        data, about = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": self.to_html()}, about
