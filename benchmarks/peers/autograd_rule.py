"""The usual loop for other rules: batches, and what ``torch.optim.SGD`` has; one run by itself.

It stands beside the table of rules, not in the table of the plain rule.
"""

import torch
from torch import nn


class PatchNetwork(nn.Module):
    """The network of eq. (1), for a batch of points."""

    def __init__(self, weights):
        super().__init__()
        self.filters = nn.Parameter(weights.clone())  # (2, m, d)

    def forward(self, x):
        """f for points x (B, P, d), (B,)."""
        f_plus, f_minus = (x @ self.filters.flatten(0, 1).T).relu().square().sum(-2).chunk(2, -1)
        return f_plus.mean(-1) - f_minus.mean(-1)


def train(data, weights, lr, epochs, *, batch_size=1, **options):
    """Train each run by itself.

    Args:
        data: as for the other peers.
        weights: likewise.
        lr: the learning rate.
        epochs: passes over the data.
        batch_size: points an update.
        options: further arguments of ``torch.optim.SGD``.

    Returns:
        As the other peers.
    """
    margins = data.y.new_empty(len(data.y), epochs, data.y.shape[1])
    final = torch.empty_like(weights)
    for run in range(len(data.y)):
        network = PatchNetwork(weights[run])
        optimizer = torch.optim.SGD(network.parameters(), lr=lr, **options)
        points, labels = (each[run].split(batch_size) for each in (data.x, data.y))
        for of_epoch in margins[run]:
            seen = of_epoch.split(batch_size)
            for x, y, margin in zip(points, labels, seen, strict=True):
                optimizer.zero_grad()
                f = network(x)
                loss = 0.5 * (f - y).square().mean()
                loss.backward()
                optimizer.step()
                margin.copy_(y * f.detach())
        final[run] = network.filters.detach()
    return margins, final
