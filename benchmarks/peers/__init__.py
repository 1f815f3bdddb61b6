"""The ways to train that `make bench` compares, one a file.

Each is a function ``train(data, weights, lr, epochs)`` for R independent runs: PatchData with
patches (R, n, P, d) and labels (R, n), initial weights (R, 2, m, d), torch tensors on the CPU, a
learning rate and the number of epochs. It visits the points in order, batch size 1, eq. (3), and
returns the margins y f at each visit before the update, (R, epochs, n), and the final weights,
(R, 2, m, d).
"""

from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Peer:
    """What the benchmark has to know about one.

    Attributes:
        what: a description, in the printed table.
        label: its name on the page, short enough for a phone.
        full_weights: a step costs about d, and nothing is set up.
        in_curves: whether its cost is measured against the number of runs, m, n and d too.
        waits: the threads of torch wait for each other at every operation, so one may be faster.
        one_by_one: one run after the other: more of them would tell nothing new.
        recompiles: for each shape.
        single: in float32.
        module: the file here, where it has another name.
    """

    what: str
    label: str
    full_weights: bool = False
    in_curves: bool = False
    waits: bool = False
    one_by_one: bool = False
    recompiles: bool = False
    single: bool = False
    module: str | None = None


PEERS = {
    "autograd": Peer(
        "torch: nn.Module, backward(), optim.SGD, one run at a time",
        "autograd loop",
        full_weights=True,
        in_curves=True,
        waits=True,
        one_by_one=True,
    ),
    "reference": Peer(
        'this library, engine="reference"',
        "library, reference",
        full_weights=True,
        waits=True,
    ),
    "batched": Peer(
        "torch: closed-form step, all runs in a batch",
        "torch, batched",
        full_weights=True,
        in_curves=True,
        waits=True,
    ),
    "jax_full": Peer(
        "JAX: jit(vmap(scan)), full weights",
        "JAX, full",
        full_weights=True,
        in_curves=True,
        recompiles=True,
    ),
    "jax_reduced": Peer(
        "JAX: jit(vmap(scan)), reduced coordinates",
        "JAX, reduced",
        in_curves=True,
        recompiles=True,
    ),
    "plain_numba": Peer("Numba: plain loops, reduced coordinates", "plain Numba, reduced"),
    "reduced": Peer('this library, engine="reduced"', "library, reduced", in_curves=True),
    "reduced_float32": Peer(
        'this library, engine="reduced", float32',
        "the same, float32",
        single=True,
        module="reduced",
    ),
}
"""All of them, slowest first."""


def load(names=PEERS):
    """The functions that can be imported, and why the others cannot.

    Returns:
        Two dictionaries by name: functions, and messages.
    """
    functions, missing = {}, {}
    for name in names:
        try:
            module = import_module(f"{__name__}.{PEERS[name].module or name}")
            functions[name] = module.train
        except ImportError as error:
            missing[name] = f"skipped: {error.name or error} is not installed"
    return functions, missing
