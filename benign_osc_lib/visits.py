"""The order in which the points are visited, and the targets that they show."""

import torch


def draw_visits(epochs, y, order, rule, generators, batched):
    """The orders of the visits and, with noisy labels, the targets; drawn epoch by epoch.

    In each epoch each generator draws, in this order and in float64: the order of the points
    (``torch.randperm``) if shuffled; n uniform numbers (``torch.rand``) if labels are flipped:
    point i shows −y_i if the i-th number is below the probability; n normal numbers
    (``torch.randn``) if noise is added, the i-th to the target of point i.

    Args:
        epochs: passes over the points.
        y: the labels, (..., n).
        order: "cyclic" or "shuffled", as for :func:`benign_osc_lib.training.train`.
        rule: a Rule.
        generators: list of CPU generators; None is torch's default generator.
        batched: whether the generators are a leading axis.

    Returns:
        The orders, as from :func:`visiting_orders`; and the targets (..., epochs, n), like y in
        dtype and device, or None if they are the labels.
    """
    if not rule.draws:
        return visiting_orders(epochs, y.shape[-1], order, generators, batched), None
    n, shuffled = y.shape[-1], order == "shuffled"
    kind = {"dtype": torch.float64, "device": "cpu"}
    orders, signs, noise = [], [], []
    for g in generators:
        for _ in range(epochs):
            if shuffled:
                orders.append(torch.randperm(n, generator=g, device="cpu"))
            if rule.label_flips:
                below = torch.rand(n, generator=g, **kind) < rule.label_flips
                signs.append(1.0 - 2.0 * below.to(torch.float64))
            if rule.label_noise:
                noise.append(rule.label_noise * torch.randn(n, generator=g, **kind))

    def joined(drawn):
        found = torch.stack(drawn).reshape(len(generators), epochs, n)
        return found if batched else found[0]

    visits = joined(orders) if shuffled else visiting_orders(epochs, n, order, generators, batched)
    targets = y[..., None, :].cpu().to(torch.float64)
    targets = targets * joined(signs) if signs else targets
    targets = targets + joined(noise) if noise else targets
    return visits, targets.to(y)


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
