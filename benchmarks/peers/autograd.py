"""The usual loop: a module, ``loss.backward()``, ``optimizer.step()``; one run after the other."""

import torch
from torch import nn


class PatchNetwork(nn.Module):
    """The network of eq. (1)."""

    def __init__(self, weights):
        super().__init__()
        self.filters = nn.Parameter(weights.clone())  # (2, m, d)

    def forward(self, x_i):
        """F, the output for one point of patches (P, d)."""
        f_plus, f_minus = (self.filters @ x_i.T).relu().square().sum(-1).mean(-1)
        return f_plus - f_minus


def train(data, weights, lr, epochs):
    """Train each run by itself."""
    x, y = data.x, data.y
    margins = y.new_empty(len(x), epochs, y.shape[1])
    final = torch.empty_like(weights)
    for run in range(len(x)):
        network = PatchNetwork(weights[run])
        optimizer = torch.optim.SGD(network.parameters(), lr=lr)
        for epoch in range(epochs):
            for i, (x_i, y_i) in enumerate(zip(x[run], y[run], strict=True)):
                optimizer.zero_grad()
                f = network(x_i)
                loss = 0.5 * (f - y_i) ** 2
                loss.backward()
                optimizer.step()
                margins[run, epoch, i] = y_i * f.detach()
        final[run] = network.filters.detach()
    return margins, final
