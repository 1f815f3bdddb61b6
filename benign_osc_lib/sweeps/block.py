"""The work of a sweep: the runs of one block, from plain Python data to NumPy arrays."""

import multiprocessing
from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np
import torch

from .._provenance import made_by
from ..data import FeatureNoiseModel
from ..rule import Rule
from ..seeds import generators
from ..training import train
from ..visits import draw_visits
from .draws import draw_unit


class Options(NamedTuple):
    """What holds for all runs of a sweep, as :func:`benign_osc_lib.sweeps.sweep` takes it."""

    n_test: int
    engine: str
    test_points: str
    device: str | None
    """None is the CPU."""


PLAIN = Rule()


def model_of(cell):
    """The FeatureNoiseModel of a cell, a dict with the value of every parameter."""
    norms = (cell[name] for name in ("d", "u_norm", "v_norm", "noise_norm"))
    return FeatureNoiseModel(*norms, **({"rho": cell["rho"]} if "rho" in cell else {}))


def run_block(units, options):
    """Run all runs of a block.

    Args:
        units: list of (cells, seeds): a list of dicts that differ in ``OWN`` only, and a list of
            integers.
        options: Options.

    Returns:
        A dict of float64 arrays (R, ...), the runs unit after unit, in a unit cell after cell; and
        what made them, the versions in the process that ran them.
    """
    if multiprocessing.parent_process() is not None:
        # One thread per worker process: more would compete, and those of a forked process hang.
        torch.set_num_threads(1)
    parts = [_run_unit(cells, seeds, options) for cells, seeds in units]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return columns, made_by()


@torch.no_grad()
def _run_unit(cells, seeds, options):
    """Draw what the cells share, for each seed, and train those that train equally long."""
    from .measures import measure  # here, because numba takes its time

    shared, model = cells[0], model_of(cells[0])
    streams = generators(seeds)
    rules = [cell.get("rule", PLAIN) for cell in cells]
    draws = any(
        cell["order"] == "shuffled" or rule.draws for cell, rule in zip(cells, rules, strict=True)
    )  # and goes on where the fresh points end
    projected = options.test_points == "projections"
    data, start, fresh = draw_unit(
        model, shared, options.n_test, streams, projected=projected, finish=draws
    )
    there = _moved(data, options.device) if options.device else data
    together = {}
    for k, cell in enumerate(cells):
        together.setdefault((cell["epochs"], cell["order"], rules[k]), []).append(k)
    results, trained = {}, np.empty((len(seeds), len(cells), *start.shape[1:]))
    second = np.ones(trained.shape[:-1])
    for (epochs, order, rule), members in together.items():
        scale, lr = (np.array([cells[k][name] for k in members]) for name in ("scale", "lr"))
        drawn = order == "shuffled" or rule.draws
        generator = [_copy(stream) for stream in streams] if drawn else None
        run = train(
            there,
            torch.from_numpy(scale[:, None, None, None, None] * start.numpy()).to(options.device),
            torch.from_numpy(lr[:, None]),
            epochs=epochs,
            rule=rule,
            order=order,
            record_every=None,
            generator=generator,
            engine=options.engine,
        )
        run = _moved(run, "cpu") if options.device else run
        trained[:, members] = run.weights.transpose(0, 1).numpy()
        if run.second_layer is not None:
            second[:, members] = run.second_layer.transpose(0, 1).numpy()
        again = [_copy(stream) for stream in streams] if order == "shuffled" else [None]
        drawing = rule if order == "shuffled" else PLAIN
        visits, _ = draw_visits(epochs, data.y, order, drawing, again, order == "shuffled")
        for name, column in measure(run, data, visits).items():
            whole = results.setdefault(name, np.empty((len(cells), *column.shape[1:])))
            whole[members] = column
    accuracy = fresh.accuracy(trained, rules, second)
    results["accuracy_strong"], results["accuracy_weak"] = accuracy[..., 0], accuracy[..., 1]
    return {name: column.reshape(-1, *column.shape[2:]) for name, column in results.items()}


def _moved(record, device):
    """A dataclass of tensors, each on a device."""
    moved = {
        field.name: value.to(device)
        for field in fields(record)
        if isinstance(value := getattr(record, field.name), torch.Tensor)
    }
    return replace(record, **moved)


def _copy(generator):
    return torch.Generator(device="cpu").set_state(generator.get_state())
