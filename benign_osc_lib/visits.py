"""The order in which the points are visited."""

import torch


def visiting_orders(epochs, n, order, generators, batched):
    """The index of the point at each visit.

    Args:
        epochs: passes over the points.
        n: points.
        order: "cyclic" or "shuffled", as for :func:`benign_osc_lib.training.train`.
        generators: list of CPU generators for the shuffling, one for each independent sequence of
            orders; None is torch's default generator.
        batched: whether the orders of the generators are a leading axis.

    Returns:
        Integers on the CPU, (epochs, n), or (len(generators), epochs, n) if shuffled and
        ``batched``. A cyclic order is a view of one epoch.
    """
    if order == "cyclic":
        return torch.arange(n, device="cpu").expand(epochs, n)
    drawn = [
        torch.stack([torch.randperm(n, generator=g, device="cpu") for _ in range(epochs)])
        for g in generators
    ]
    return torch.stack(drawn) if batched else drawn[0]
