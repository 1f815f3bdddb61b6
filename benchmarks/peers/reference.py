"""The readable engine of this library: all runs at once, with its checks and its record."""

import benign_osc_lib


def train(data, weights, lr, epochs):
    """Train all runs together."""
    run = benign_osc_lib.train(
        data, weights, lr, epochs=epochs, record_every=None, engine="reference"
    )
    return run.margins, run.weights
