"""JAX in the inner products of filters and patches: what a JAX user makes of the same idea."""

from functools import partial

import jax
import numpy as np
import torch
from jax import numpy as jnp

jax.config.update("jax_enable_x64", True)


@partial(jax.jit, static_argnames="epochs")
@partial(jax.vmap, in_axes=(0, 0, 0, None, None))
def _run(x, y, weights, lr, epochs):
    (n, patches, d), m = x.shape, weights.shape[1]
    w, vectors = weights.reshape(2 * m, d), x.reshape(n * patches, d)
    signs = jnp.repeat(jnp.array([1.0, -1.0], w.dtype), m) / m
    gram = (vectors @ vectors.T).reshape(n, patches, n * patches)
    start = (vectors @ w.T).reshape(n, patches, 2 * m)

    def step(moved, point):
        i, gram_i, start_i, y_i = point
        z = jax.nn.relu(start_i + gram_i @ moved.reshape(n * patches, 2 * m))
        f = (signs * jnp.square(z)).sum()
        return moved.at[i].add(2 * lr * (y_i - f) * signs * z), y_i * f

    def epoch(moved, _):
        return jax.lax.scan(step, moved, (jnp.arange(n), gram, start, y))

    moved, margins = jax.lax.scan(epoch, jnp.zeros_like(start), length=epochs)
    final = w + moved.reshape(n * patches, 2 * m).T @ vectors
    return margins, final.reshape(weights.shape)


def train(data, weights, lr, epochs):
    """Train all runs together."""
    found = _run(data.x.numpy(), data.y.numpy(), weights.numpy(), lr, epochs)
    return tuple(torch.from_numpy(np.array(array)) for array in found)
