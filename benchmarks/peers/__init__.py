"""The ways to train that `make bench` compares, one a file.

Each is a function ``train(data, weights, lr, epochs)`` for R independent runs: PatchData with
patches (R, n, P, d) and labels (R, n), initial weights (R, 2, m, d), torch tensors on the CPU, a
learning rate and the number of epochs. It visits the points in order, batch size 1, eq. (3), and
returns the margins y f at each visit before the update, (R, epochs, n), and the final weights,
(R, 2, m, d).
"""

from importlib import import_module

PEERS = {
    "autograd": "torch: nn.Module, backward(), optim.SGD, one run at a time",
    "reference": 'this library, engine="reference"',
    "batched": "torch: closed-form step, all runs in a batch",
    "jax_full": "JAX: jit(vmap(scan)), full weights",
    "jax_reduced": "JAX: jit(vmap(scan)), reduced coordinates",
    "reduced": 'this library, engine="reduced"',
    "reduced_float32": 'this library, engine="reduced", float32',
}
"""What each is, slowest first."""

HALF = "_float32"  # of a name: the same peer in single precision


def load(names=PEERS):
    """The functions that can be imported, and why the others cannot.

    Returns:
        Two dictionaries by name: functions, and messages.
    """
    functions, missing = {}, {}
    for name in names:
        try:
            functions[name] = import_module(f"{__name__}.{name.removesuffix(HALF)}").train
        except ImportError as error:
            missing[name] = f"skipped: {error.name or error} is not installed"
    return functions, missing
