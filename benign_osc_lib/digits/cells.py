"""The stored runs of chapter 15: accuracies of every seed, the rest as means over the seeds."""

from dataclasses import replace
from importlib.resources import files

import numpy as np
import torch

from .. import _checks, _netcdf
from ..metrics import correct
from .preferred import preferred_directions
from .runs import KAPPAS, PAIRS, Setting, calmed, measure, trained

NEIGHBOURS = tuple((k, (k + 1) % 10) for k in range(10))
"""Ten pairs for the settings, every digit twice: 0–1, 1–2, …, 9–0. Chosen before any run."""

SETTINGS = {
    "baseline": Setting(),
    "images of length 0.15": Setting(image_norm=0.15),
    "images of length 0.3": Setting(image_norm=0.3),
    "one factor for all images": Setting(scaling="common"),
    "31 points a class": Setting(n=62),
    "33 points a class": Setting(n=66),
    "64 points a class": Setting(n=128),
    "shuffled order": Setting(order="shuffled"),
    "σ_0 = 1/64": Setting(scale=1 / 64),
    "σ_0 = 1/4": Setting(scale=1 / 4),
    "a third of the time": Setting(time=100.0),
    "three times the time": Setting(time=900.0),
    "shortcut on 63 of 64": Setting(shortcut=63 / 64),
    "shortcut on 60 of 64": Setting(shortcut=60 / 64),
    "shortcut on 56 of 64": Setting(shortcut=56 / 64),
    "shortcut on 32 of 64": Setting(shortcut=32 / 64),
    "no shortcut": Setting(shortcut=0.0),
}
"""One thing changed at a time."""

SOME_KAPPAS = (0.5, 0.9, 1.0, 1.02, 1.05, 1.1, 1.2, 1.4)
"""The rates of the runs with other settings."""

ONSET = ("baseline", "images of length 0.15", "images of length 0.3")
"""The settings that were also run just above the threshold."""

ONSET_KAPPAS = (1.002, 1.005, 1.01, 1.015)
"""The rates of those runs."""

GRIDS = {
    "pairs": (PAIRS, {"baseline": Setting()}, KAPPAS, 100, True),
    "settings": (NEIGHBOURS, SETTINGS, SOME_KAPPAS, 30, False),
    "onset": (NEIGHBOURS, {name: SETTINGS[name] for name in ONSET}, ONSET_KAPPAS, 30, False),
}
"""The stored runs: name -> (pairs, settings, rates, number of seeds, whether with the calm end)."""


def measure_rates(a, b, kappas, seeds, setting, *, calm=False):
    """One pair in one setting at several rates, and what was to be expected.

    Args:
        a: the digit with the label +1.
        b: the digit with the label −1.
        kappas: a sequence of K ≥ 1 rates κ > 0.
        seeds: at least two non-negative integers, S of them.
        setting: a Setting.
        calm: whether every run is also followed through a calm end.

    Returns:
        An ``xarray.Dataset`` with ``right`` (kappa, seed), the number of test points with the right
        sign, of ``n_test``; the means, over the seeds that did not diverge, of what
        :func:`~benign_osc_lib.digits.measure` finds, (kappa), and with ``_sd`` the standard
        deviations; ``diverged`` (kappa), the number of the others; with ``_calm`` the same after
        the calm end. And means over the seeds of what the training images say: ``distance``,
        half the distance of the class means; ``gain``, the smaller of the two gains of the
        preferred directions; ``late``, the share of the training images that the preferred
        directions, at equal length and without the shortcut, get right; ``means``, the same of ±v.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    import xarray  # here, because importing it takes half a second

    seeds, kappas = _checks.seeds(seeds), _checks.several("kappas", kappas)
    if len(seeds) < 2:
        raise ValueError(f"seeds must be two or more, got {seeds}")
    first = trained(a, b, kappas[0], seeds, setting)
    directions, gains = preferred_directions(first.train)
    rows = []
    for kappa in kappas:
        found = trained(a, b, kappa, seeds, setting)
        row = _described(measure(found, directions))
        if calm:
            after = _described(measure(calmed(found), directions))
            row |= {f"{name}_calm": value for name, value in after.items()}
        rows.append(row)
    axes = {name: ("kappa", "seed")[: values.ndim + 1] for name, values in rows[0].items()}
    cells = xarray.Dataset(
        {name: (axes[name], np.stack([row[name] for row in rows])) for name in axes},
        {"kappa": kappas, "seed": seeds},
    )
    for name, values in _said_before(first.train, directions, gains).items():
        cells[name], cells[f"{name}_sd"] = float(values.mean()), float(values.std())
    cells["n_test"] = first.test.y.shape[-1]
    return cells


def _said_before(data, directions, gains):
    """What the training images say of a pair, a value for each of S data sets."""
    images = data.x.clone()
    images[..., 0, :] = 0
    images = replace(data, x=images)
    length = data.v.norm(dim=-1)
    means = torch.stack([data.v, -data.v], -2) / length[:, None, None]
    two = {"late": directions, "means": means}  # one filter for each sign
    share = {k: correct(w.unsqueeze(-2), images).double().mean(-1) for k, w in two.items()}
    return {"distance": length, "gain": gains.amin(-1), **share}


def _described(seen):
    """Counts of right points, and means and deviations over the seeds that did not diverge."""
    alive = ~seen["diverged"]
    out = {"right": seen["right"].numpy(), "diverged": (~alive).sum().numpy()}
    for name in ("loss", "answer", "cosine", "preferred"):
        kept = seen[name][alive]
        nothing = kept.new_tensor(float("nan"))
        out[name] = (kept.mean() if len(kept) else nothing).numpy()
        out[f"{name}_sd"] = (kept.std() if len(kept) > 1 else nothing).numpy()
    return out


def load(name):
    """Stored runs, as ``tools/digits.py`` made them.

    Args:
        name: "pairs", "settings", "onset" or "mlp".

    Returns:
        An ``xarray.Dataset``; its attributes hold the command that made it and the versions.

        - "pairs": all pairs at the baseline, every seed: axes pair, setting, kappa, seed and the
          variables of :func:`measure_rates`, with ``accuracy`` and ``accuracy_calm``, means over
          the seeds, and their standard deviations ``_sd``;
        - "settings": ten pairs in other settings, without the single seeds;
        - "onset": the same just above the threshold, for three of the settings;
        - "mlp": see :func:`~benign_osc_lib.digits.mlp_rates`; an axis kind more.

    Raises:
        ValueError: there are no such runs.
    """
    _checks.one_of("name", name, (*GRIDS, "mlp"))
    return _netcdf.from_bytes((files(__package__) / "stored" / f"{name}.nc").read_bytes())
