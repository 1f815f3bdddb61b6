"""All runs at once in torch, with the gradient written out: two batched products a step."""

import torch


@torch.no_grad()
def train(data, weights, lr, epochs):
    """Train all runs together."""
    runs, _, m, d = weights.shape
    w = weights.reshape(runs, 2 * m, d).clone()
    signs = torch.tensor([1.0, -1.0], dtype=w.dtype).repeat_interleave(m) / m  # j/m, (2m,)
    # The points one after the other, each with the patches of all runs.
    points = data.x.movedim(1, 0).contiguous()
    labels = data.y.T.contiguous()
    margins = data.y.new_empty(epochs, *labels.shape)
    for epoch in range(epochs):
        for i, (x_i, y_i) in enumerate(zip(points, labels, strict=True)):
            z = torch.bmm(w, x_i.mT).relu_()  # (R, 2m, P)
            f = z.square().sum(-1) @ signs
            torch.mul(y_i, f, out=margins[epoch, i])
            z *= torch.outer(2 * lr * (y_i - f), signs)[:, :, None]
            w.baddbmm_(z, x_i)
    return margins.movedim(-1, 0).contiguous(), w.reshape(weights.shape)
