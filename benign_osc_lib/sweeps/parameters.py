"""The parameters of a sweep: their names, their defaults, their ranges."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import product
from typing import NamedTuple

from .. import _checks
from ..activations import Activation
from ..rule import Rule

DEFAULTS = {
    "d": 64,
    "u_norm": 2.0,
    "v_norm": 0.4,
    "noise_norm": 0.8,
    "n": 16,
    "n_weak": 2,
    "m": 8,
    "scale": 1 / 16,
    "lr": 1.2,
    "epochs": 200,
    "order": "cyclic",
}
"""The parameters of a sweep and their values in the paper's §4.3; ``scale``, σ_0, is our choice.

Also ``benign_osc_lib.sweeps.DEFAULTS``.
"""

REPLACES = {"kappa": "lr", "nu": "v_norm", "rho": "n_weak"}
"""Three parameters that can be given in place of others.

Also ``benign_osc_lib.sweeps.REPLACES``.
"""

OWN = ("lr", "kappa", "scale", "epochs", "order", "rule")
"""The parameters that may differ within a unit: the data do not depend on them."""


def _one(check, **limits):
    return lambda name, value: check(name, value, **limits)


def _between(low, high, **ends):
    def check(name, value):
        value = _checks.real_number(name, value)
        _checks.all_between(name, value, low, high, **ends)
        return value

    return check


def _order(name, value):
    _checks.one_of(name, value, ("cyclic", "shuffled"))
    return value


def _rule(name, value):
    _checks.instance(name, value, Rule)
    return value


def written(value):
    """A value of the grid, or a list of them, for a store: a rule as what it changes, in JSON.

    Raises:
        ValueError: a rule has an activation without a name.
    """
    if isinstance(value, list):
        return [written(one) for one in value]
    if not isinstance(value, Rule):
        return value
    if isinstance(value.activation, Activation):
        raise ValueError(
            f"store must be None for a rule whose activation is no name, got {value!r}"
        )
    plain = asdict(Rule())
    changed = {name: one for name, one in asdict(value).items() if one != plain[name]}
    return json.dumps(changed, sort_keys=True)


def shown(value):
    """A value of the grid as it stands in a result: a rule as its text."""
    return str(value) if isinstance(value, Rule) else value


PARAMETERS = {  # name: (how one value is checked and made a plain number, what it is)
    "d": (_one(_checks.integer, low=3), "dimension of a patch"),
    "u_norm": (_checks.positive, "‖u‖, size of the strong feature"),
    "v_norm": (_checks.positive, "‖v‖, size of the weak feature"),
    "noise_norm": (_checks.positive, "σ_p √d, size of a noise patch"),
    "n": (_one(_checks.integer, low=1), "training points"),
    "n_weak": (_one(_checks.integer, low=0), "weak training points"),
    "m": (_one(_checks.integer, low=1), "filters per sign"),
    "scale": (_checks.positive, "σ_0, standard deviation of an initial weight"),
    "lr": (_checks.positive, "η, learning rate"),
    "epochs": (_one(_checks.integer, low=1), "passes over the training points"),
    "order": (_order, "order of the visits in an epoch"),
    "kappa": (_checks.positive, "κ = 2η‖u‖²/m"),
    "nu": (_between(0, 1, high_open=False), "ν = ‖v‖²/‖u‖²"),
    "rho": (_between(0, 0.5, low_open=False), "ρ, probability of a weak training point"),
    "rule": (_rule, "which SGD"),
}


def learning_rate(kappa, m, u_norm):
    """η = κ m/(2‖u‖²); 0 or inf where a float cannot hold it or a step on the way to it."""
    try:
        return kappa * m / (2 * u_norm**2)
    except OverflowError:  # ‖u‖² or m is too large
        return 0.0
    except ZeroDivisionError:  # ‖u‖² is too small
        return math.inf


def size_of_v(nu, u_norm):
    """‖v‖ = ‖u‖ √ν."""
    return u_norm * math.sqrt(nu)


class _Constraint(NamedTuple):
    """What some parameters must satisfy together, and where it fails first if it fails at all."""

    names: tuple
    holds: object
    hardest: list  # for each hardest case, min or max of each parameter
    message: str


_CONSTRAINTS = [
    _Constraint(
        ("u_norm", "v_norm"),
        lambda u_norm, v_norm: v_norm <= u_norm,
        [(min, max)],
        "v_norm must be at most u_norm = {u_norm}, got {v_norm}",
    ),
    _Constraint(
        ("n", "n_weak"),
        lambda n, n_weak: n_weak <= n,
        [(min, max)],
        "n_weak must be in 0..{n}, got {n_weak}",
    ),
    _Constraint(
        ("kappa", "m", "u_norm"),
        lambda kappa, m, u_norm: 0 < learning_rate(kappa, m, u_norm) < math.inf,
        [(max, max, min), (min, min, max)],
        "kappa must make the learning rate κ m/(2‖u‖²) finite and > 0, got kappa = {kappa} with "
        "m = {m} and u_norm = {u_norm}",
    ),
    _Constraint(
        ("nu", "u_norm"),
        lambda nu, u_norm: size_of_v(nu, u_norm) > 0,
        [(min, min)],
        "nu must make ‖v‖ = ‖u‖ √ν > 0, got nu = {nu} with u_norm = {u_norm}",
    ),
]


def check_grid(grid):
    """The axes of a grid, name -> list of values, and its other parameters, name -> value.

    Each value is checked once, and the combinations by the extremes of what must fit together, so
    that the cost does not grow with the number of cells.
    """
    if not isinstance(grid, Mapping):
        raise TypeError(f"grid must be a dict, got {grid!r}")
    for name in grid:
        if name not in PARAMETERS:
            raise ValueError(
                f"grid must name parameters among {', '.join(PARAMETERS)}, got {name!r}"
            )
    for name, replaced in REPLACES.items():
        if name in grid and replaced in grid:
            raise ValueError(f"grid must hold {name!r} or {replaced!r}, got both")
    left_out = {REPLACES[name] for name in grid if name in REPLACES}
    fixed = {name: value for name, value in DEFAULTS.items() if name not in left_out}
    axes = {}
    for name, given in grid.items():
        label, (check, _) = f"grid[{name!r}]", PARAMETERS[name]
        value = _plain(label, given)
        if isinstance(value, list):
            fixed.pop(name, None)
            axes[name] = distinct(label, [check(label, one) for one in value])
        else:
            fixed[name] = check(label, value)
    values = {**axes, **{name: [value] for name, value in fixed.items()}}
    for constraint in _CONSTRAINTS:
        _check_constraint(constraint, values)
    return axes, fixed


def _check_constraint(constraint, values):
    """Raise at the first combination, in the order of the grid, that breaks a constraint."""
    if not set(constraint.names) <= set(values):
        return
    given = [values[name] for name in constraint.names]
    for extremes in constraint.hardest:
        if not constraint.holds(*(pick(v) for pick, v in zip(extremes, given, strict=True))):
            break
    else:
        return
    names = [name for name in values if name in constraint.names]
    for combination in product(*(values[name] for name in names)):
        found = dict(zip(names, combination, strict=True))
        if not constraint.holds(**found):
            raise ValueError(constraint.message.format(**found))


def check_seeds(seeds):
    """The seeds as a list of distinct integers."""
    try:
        seeds = list(seeds.tolist() if hasattr(seeds, "tolist") else seeds)
    except TypeError:
        raise TypeError(f"seeds must be an iterable of integers, got {seeds!r}") from None
    return distinct(
        "seeds", [_checks.integer("seeds", seed, low=0, high=2**63 - 1) for seed in seeds]
    )


def distinct(label, values):
    """``values``, unless there is none or one stands twice."""
    if not values:
        raise ValueError(f"{label} must hold at least one value, got none")
    seen = set()
    for value in values:
        if shown(value) in seen:
            raise ValueError(f"{label} must hold distinct values, got {value!r} twice")
        seen.add(shown(value))
    return values


def _plain(label, given):
    """An axis as a list, anything else as it is, without NumPy and torch."""
    if hasattr(given, "tolist") and hasattr(given, "ndim"):  # an array, a tensor, a NumPy number
        if given.ndim > 1:
            raise ValueError(f"{label} must have one axis, got shape {tuple(given.shape)}")
        return given.tolist()
    is_axis = isinstance(given, Sequence) and not isinstance(given, str | bytes)
    return list(given) if is_axis else given
