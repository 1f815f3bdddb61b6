"""The work of a sweep: the runs of one block, from plain Python data to NumPy arrays."""

import multiprocessing

import numpy as np
import torch

from .._provenance import made_by
from ..data import FeatureNoiseModel
from ..network import init_weights
from ..seeds import generators
from ..training import train
from ..visits import visiting_orders


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
    data = model.sample(shared["n"], n_weak=shared.get("n_weak"), generator=streams)
    start = init_weights(shared["m"], shared["d"], 1.0, generator=streams)
    test = [model.sample(2 * n_test, n_weak=n_test, generator=stream) for stream in streams]
    together = {}
    for k, cell in enumerate(cells):
        together.setdefault((cell["epochs"], cell["order"]), []).append(k)
    results = {}
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
        for name, column in measure(run, data, visits, test).items():
            whole = results.setdefault(name, np.empty((len(cells), *column.shape[1:])))
            whole[members] = column
    return {name: column.reshape(-1, *column.shape[2:]) for name, column in results.items()}


def _copy(generator):
    return torch.Generator(device="cpu").set_state(generator.get_state())
