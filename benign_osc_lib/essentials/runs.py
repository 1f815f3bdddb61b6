"""The runs of a factor: the sweep's data, starts and test points, and what chapter 13 measures."""

import numpy as np
import torch
import xarray

from .. import _checks
from ..activations import find as find_activation
from ..losses import loss
from ..seeds import generators
from ..sweeps.block import model_of
from ..sweeps.draws import draw_unit
from ..sweeps.parameters import check_seeds, learning_rate
from ..training import train
from .factors import find

WINDOW = (20, 60)
"""The epochs in which the oscillation is measured: after the climb, before v takes over."""

MEMORY = 2**27
"""Bytes that the margins of one call of train may fill."""


def measure(factor, seeds, *, kappas=None, epochs=None, n_test=100, stop_below=None):
    """Train a factor at several rates from several seeds.

    Seed s draws its data, start, test points and, where the rule or the order draws, its visits as
    :func:`benign_osc_lib.sweeps.sweep` does: the same seed has the same accuracies there. The loud
    point of a factor is made so after the draw.

    Args:
        factor: a name in ``FACTORS``, or a Factor of your own.
        seeds: distinct integers from 0 on.
        kappas: κ between 1e-100 and 1e100, one or several; those of the factor if None.
        epochs: passes over the data, at least 1; 200 if None.
        n_test: fresh test points of either kind, at least 1.
        stop_below: a loss > 0 at which a run stops, as for ``train``, or None.

    Returns:
        An ``xarray.Dataset`` (kappa, seed):

        - ``accuracy_weak``, ``accuracy_strong``: the share of fresh points that are right; 0 for a
          run that diverged, which has nothing right;
        - ``diverged``; ``lost``: for one label no filter answers to the strong feature any more,
          (1/m) Σ_r σ(⟨w_{j,r}, j u⟩) <= 0;
        - ``amplitude``: twice the standard deviation of y f over the visits to strong points of
          one label in the epochs of ``WINDOW``, which is s_high − s_low on a 2-cycle; the root mean
          square over the labels; NaN if the run is shorter;
        - ``loss``: the mean loss of the visits of the last epoch, with the true labels;
        - ``weak_signal``: (1/m) Σ_r σ(⟨w_{j,r}, j v⟩), the smaller of both labels;
        - ``stopped``: whether the loss fell below ``stop_below``.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range, or no factor has this name.
    """
    factor, seeds = find(factor), check_seeds(seeds)
    kappas = rates("kappas", factor.kappas if kappas is None else kappas)
    cell = factor.parameters
    epochs = cell["epochs"] if epochs is None else _checks.integer("epochs", epochs, low=1)
    n_test = _checks.integer("n_test", n_test, low=1)
    if stop_below is not None:
        stop_below = _checks.positive("stop_below", stop_below)
    most = max(1, MEMORY // (8 * epochs * cell["n"] * len(kappas)))
    parts = []
    for first in range(0, len(seeds), min(most, 250)):
        some = seeds[first : first + min(most, 250)]
        parts.append(_part(factor, some, kappas, epochs, n_test, stop_below))
    columns = {
        name: (("kappa", "seed"), np.concatenate([part[name] for part in parts], 1))
        for name in parts[0]
    }
    about = {"factor": factor.name, "epochs": epochs, "n_test": n_test}
    return xarray.Dataset(columns, {"kappa": kappas, "seed": seeds}, about)


def rates(name, kappas):
    """One κ or several as a list of floats, each between 1e-100 and 1e100."""
    values = _checks.tensor_or_list(name, kappas).double().reshape(-1)
    _checks.all_between(name, values, 1e-100, 1e100)
    return values.tolist()


@torch.no_grad()
def _part(factor, seeds, kappas, epochs, n_test, stop_below):
    """The columns of some seeds, each (kappas, seeds)."""
    cell, order = factor.parameters, factor.parameters["order"]
    streams, rule, model = generators(seeds), factor.rule, model_of(factor.parameters)
    drawn = order == "shuffled" or rule.draws
    data, start, fresh = draw_unit(model, cell, n_test, streams, projected=False, finish=drawn)
    data = make_loud(data, factor.loud) if factor.loud != 1 else data
    lr = [[learning_rate(kappa, cell["m"], cell["u_norm"])] for kappa in kappas]
    run = train(
        data,
        cell["scale"] * start,
        torch.tensor(lr, dtype=torch.float64),
        epochs=epochs,
        rule=rule,
        order=order,
        record_every=None,
        generator=[_copy(stream) for stream in streams] if drawn else None,
        stop_below=stop_below,
    )
    sigma = find_activation(rule.activation).torch
    second = 1.0 if run.second_layer is None else run.second_layer
    answers = [(second * sigma(z[..., -1, :, :])).mean(-1) for z in (run.strong, run.weak)]
    weights = run.weights.transpose(0, 1).numpy()
    seconds = torch.ones(run.weights.shape[:-1]) * second
    right = fresh.accuracy(weights, [rule] * len(kappas), seconds.transpose(0, 1).numpy())
    diverged = (run.diverged_at >= 0).numpy()
    right[diverged] = 0.0
    last = loss(rule.loss, run.margins[..., -1, :], torch.ones(())).mean(-1)
    return {
        "accuracy_strong": right[..., 0],
        "accuracy_weak": right[..., 1],
        "diverged": diverged,
        "lost": (answers[0] <= 0).any(-1).numpy() & ~diverged,
        "amplitude": _amplitude(run.margins, data).numpy(),
        "loss": np.where(diverged, np.nan, last.numpy()),
        "weak_signal": answers[1].amin(-1).numpy(),
        "stopped": (run.stopped_at >= 0).numpy(),
    }


def _amplitude(margins, data):
    """Twice the standard deviation of y f over the strong visits in the window, label by label.

    Args:
        margins: (K, S, epochs, n).
        data: PatchData of S sets.

    Returns:
        (K, S), the root mean square over the labels; NaN if there are not so many epochs.
    """
    first, last = WINDOW
    if margins.shape[-2] < last:
        return torch.full(margins.shape[:2], torch.nan)
    seen, own = margins[..., first:last, :], torch.stack([data.y > 0, data.y < 0])
    own = (own & ~data.is_weak).to(margins.dtype)[:, :, None, :]  # (2, S, 1, n)
    count = own.sum(-1).clamp(min=1) * (last - first)
    mean = torch.einsum("ksen,lsn->lks", seen, own[:, :, 0]) / count[:, None, :, 0]
    square = torch.einsum("ksen,lsn->lks", seen.square(), own[:, :, 0]) / count[:, None, :, 0]
    variance = (square - mean.square()).clamp(min=0)
    return 2 * variance.mean(0).sqrt()


def make_loud(data, times):
    """The same points, with the last patch of the first strong point so many times as long.

    Args:
        data: PatchData (S, n, 3, d), with a strong point in each set.
        times: how many times, > 0.

    Returns:
        PatchData.
    """
    first = (~data.is_weak).to(torch.int8).argmax(-1)  # of those that are equal the first
    x = data.x.clone()
    x[torch.arange(len(x)), first, -1] *= times
    return type(data)(x, data.y, data.is_weak, data.u, data.v)


def _copy(generator):
    return torch.Generator(device="cpu").set_state(generator.get_state())
