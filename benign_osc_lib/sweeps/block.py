"""The work of a sweep: the runs of one block, from plain Python data to NumPy arrays."""

import multiprocessing

import numpy as np
import torch

from .._provenance import made_by
from ..data import FeatureNoiseModel
from ..seeds import generators
from ..training import train
from ..visits import visiting_orders
from .draws import draw_unit


def model_of(cell):
    """The FeatureNoiseModel of a cell, a dict with the value of every parameter."""
    norms = (cell[name] for name in ("d", "u_norm", "v_norm", "noise_norm"))
    return FeatureNoiseModel(*norms, **({"rho": cell["rho"]} if "rho" in cell else {}))


def run_block(units, n_test, engine):
    """Run all runs of a block.

    Args:
        units: list of (cells, seeds): a list of dicts that differ in ``OWN`` only, and a list of
            integers.
        n_test: fresh test points of either kind.
        engine: as for :func:`benign_osc_lib.training.train`.

    Returns:
        A dict of float64 arrays (R, ...), the runs unit after unit, in a unit cell after cell; and
        what made them, the versions in the process that ran them.
    """
    if multiprocessing.parent_process() is not None:
        # One thread per worker process: more would compete, and those of a forked process hang.
        torch.set_num_threads(1)
    parts = [_run_unit(cells, seeds, n_test, engine) for cells, seeds in units]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return columns, made_by()


@torch.no_grad()
def _run_unit(cells, seeds, n_test, engine):
    """Draw what the cells share, for each seed, and train those that train equally long."""
    from .measures import measure  # here, because numba takes its time

    shared, model = cells[0], model_of(cells[0])
    streams = generators(seeds)
    shuffled = any(cell["order"] == "shuffled" for cell in cells)  # which goes on after the points
    data, start, fresh = draw_unit(model, shared, n_test, streams, finish=shuffled)
    together = {}
    for k, cell in enumerate(cells):
        together.setdefault((cell["epochs"], cell["order"]), []).append(k)
    results, trained = {}, np.empty((len(seeds), len(cells), *start.shape[1:]))
    for (epochs, order), members in together.items():
        scale, lr = (
            torch.tensor([cells[k][name] for k in members], dtype=torch.float64, device="cpu")
            for name in ("scale", "lr")
        )
        generator = [_copy(stream) for stream in streams] if order == "shuffled" else None
        visits = visiting_orders(
            epochs, shared["n"], order, [_copy(stream) for stream in streams], True
        )
        run = train(
            data,
            scale[:, None, None, None, None] * start,
            lr[:, None],
            epochs=epochs,
            order=order,
            record_every=None,
            generator=generator,
            engine=engine,
        )
        trained[:, members] = run.weights.transpose(0, 1).numpy()
        for name, column in measure(run, data, visits).items():
            whole = results.setdefault(name, np.empty((len(cells), *column.shape[1:])))
            whole[members] = column
    accuracy = fresh.accuracy(trained)
    results["accuracy_strong"], results["accuracy_weak"] = accuracy[..., 0], accuracy[..., 1]
    return {name: column.reshape(-1, *column.shape[2:]) for name, column in results.items()}


def _copy(generator):
    return torch.Generator(device="cpu").set_state(generator.get_state())
