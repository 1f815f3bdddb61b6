"""The steepest directions of a loss: top eigenpairs of its Hessian, without the matrix.

They serve any loss of any torch module (chapter 14). A product with the Hessian is the pullback
of the gradient, by ``torch.func``: the loss is evaluated once, and each product costs one more
backward pass. So a dropout mask is drawn once and held, and the Hessian is that of one function.
Eigenpairs are SciPy's ``eigsh`` (Lanczos, ARPACK) on these products; with at most
:data:`DENSE` parameters, or where many pairs are asked for, the matrix itself.

All products run in the dtype and on the device of the parameters, Lanczos in float64 on the CPU.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from . import _checks
from ._hessian_product import Flat, Product, require_square
from ._pairs import pairs, require_again_and_again

DENSE = 64
"""Up to this many parameters the Hessian is written down."""

WHICH = ("largest", "smallest", "magnitude")
"""The ends of the spectrum: algebraically largest, smallest, and largest in size."""

POWERS = 5
"""Steps of power iteration that find the size of the Hessian, to which errors are relative."""


@dataclass(frozen=True)
class Eigenpairs:
    """Eigenvalues of a Hessian and their directions.

    Args:
        values: (k,), float64 on the CPU, the outermost first.
        vectors: in the structure, dtypes and devices of the parameters; each tensor has a leading
            axis k. Over all parameters together each has length 1; its largest entry is positive.
        residuals: ‖H v − λ v‖ of each pair, (k,): the distance of λ from the spectrum is at
            most this. In float32 about 1e-6 of the size of the Hessian is rounding.
        products: how many products with the Hessian were taken.
    """

    values: Tensor
    vectors: object
    residuals: Tensor
    products: int


def eigenpairs(function, parameters, *, k=1, which="largest", tolerance=1e-6, generator=None):
    """Top eigenpairs of the Hessian of a function, such as a loss of its parameters.

    Args:
        function: takes the parameters and returns one real number, a tensor; twice differentiable
            by autograd. Attention runs in its plain variant here: the fast ones have no second
            derivative. (Nor have cuDNN's recurrent layers; :func:`of_module` avoids them.)
        parameters: a real floating tensor, or a dict, tuple or list of such tensors.
        k: number of pairs, at most the number n of all entries.
        which: one of :data:`WHICH`.
        tolerance: error of the eigenvalues at which Lanczos stops, > 0, relative to the size of the
            Hessian (not to the eigenvalue, as ARPACK has it).
        generator: a CPU ``torch.Generator`` of the start of Lanczos; None for the same start in
            every call.

    Returns:
        Eigenpairs. Of an eigenvalue that occurs several times the directions are one choice.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range, the function is no single number, a value or
            product is not finite, or the Hessian is zero (a dead network has no steep direction) or
            beyond 1e±150, where its square is no float.
        ArpackNoConvergence: SciPy's Lanczos gave up, as it may for an end of the
            spectrum where eigenvalues crowd; ask for a larger tolerance.
    """
    flat = Flat(parameters)
    product = Product(function, parameters, flat)
    return _top(product, flat, k, which, tolerance, generator)


def of_module(
    module, loss, inputs, targets, *, k=1, which="largest", tolerance=1e-6, generator=None
):
    """Top eigenpairs of the Hessian of loss(module(inputs), targets), as :func:`eigenpairs`.

    The parameters are those that require a gradient, under their names. The module stays in its
    mode, and as it was: in training mode batch normalisation takes the statistics of the batch,
    and the running ones are left alone; a dropout mask is drawn once.

    Args:
        module: a ``torch.nn.Module``.
        loss: takes outputs and targets, returns one real number.
        inputs: what the module takes; a tuple stands for several arguments.
        targets: what the loss takes.
        k: as there, as the others.
        which: which end of the spectrum.
        tolerance: relative error.
        generator: of the start.

    Returns:
        Eigenpairs, the vectors in a dict by the names of the parameters.

    Raises:
        TypeError: as there, or ``module`` is no module.
        ValueError: as there, no parameter requires a gradient, or one of a lazy layer is not
            initialised.
    """
    function, parameters = _loss_of(module, loss)
    function = partial(function, inputs=inputs, targets=targets)
    options = {"k": k, "which": which, "tolerance": tolerance, "generator": generator}
    return eigenpairs(function, parameters, **options)


def of_batches(module, loss, batches, *, k=1, which="largest", tolerance=1e-6, generator=None):
    """As :func:`of_module` for data that do not fit into memory at once.

    The function is the mean over all batches, weighted by their sizes. Every product goes through
    all batches and evaluates the loss anew, so it must be the same each time: put dropout into
    evaluation mode.

    Args:
        module: a ``torch.nn.Module``.
        loss: the *mean* loss of a batch, from outputs and targets.
        batches: pairs (inputs, targets), a list or anything that can be gone through again and
            again, such as a ``DataLoader`` without augmentation. (It may shuffle: the mean over all
            points does not change, unless batch normalisation is in training mode.) The first axis
            of the targets counts the points; of several targets, in a tuple, list or dict, each
            tensor has it.
        k: as there, as the others.
        which: which end of the spectrum.
        tolerance: relative error.
        generator: of the start.

    Returns:
        Eigenpairs, the vectors in a dict by the names of the parameters.

    Raises:
        TypeError: as there, ``batches`` cannot be gone through, or only once, or one is no pair.
        ValueError: as there, there is no batch, targets do not count their points, or two products
            with one vector differ.
    """
    function, parameters = _loss_of(module, loss)
    require_again_and_again(batches)
    flat = Flat(parameters)

    def product(vector):
        total, count = torch.zeros(flat.size, dtype=torch.float64), 0
        for inputs, targets, points in pairs(batches):
            here = partial(function, inputs=inputs, targets=targets)
            found = Product(here, parameters, flat)(vector)
            total, count = total + points * found, count + points
        if not count:
            raise ValueError("batches must hold at least one point, got none")
        return total / count

    probe = torch.ones(flat.size, dtype=torch.float64)
    first, second = product(probe), product(probe)
    if (first - second).norm() > 1e-3 * first.norm():
        raise ValueError(
            "the loss must be the same each time, but two products with the Hessian differ by "
            f"{(first - second).norm() / first.norm():.1%}: put dropout and batch normalisation "
            "into evaluation mode, and do not augment"
        )
    return _top(product, flat, k, which, tolerance, generator)


def _loss_of(module, loss):
    """The loss as a function of parameters, inputs and targets; and the parameters by name."""
    _checks.instance("module", module, torch.nn.Module)
    _checks.instance("loss", loss, Callable)
    if any(is_lazy(t) for t in (*module.parameters(), *module.buffers())):
        raise ValueError("module must be initialised, but a lazy layer is not: run it once")
    parameters = {n: p.detach() for n, p in module.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError("module must have a parameter that requires a gradient, got none")
    recurrent = any(isinstance(part, torch.nn.RNNBase) for part in module.modules())
    # Those of cuDNN have no second derivative; its convolutions have, and are fast.
    plain = partial(torch.backends.cudnn.flags, enabled=False) if recurrent else nullcontext
    fixed = {n: p.detach() for n, p in module.named_parameters() if n not in parameters}

    def function(chosen, inputs, targets):
        buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
        inputs = inputs if isinstance(inputs, tuple) else (inputs,)
        everything = {**fixed, **buffers, **chosen}
        with plain():
            outputs = torch.func.functional_call(module, everything, inputs)
        return loss(outputs, targets)

    return function, parameters


def _top(product, flat, k, which, tolerance, generator):
    """Eigenpairs of a symmetric operator on vectors (size,)."""
    n = flat.size
    _checks.integer("k", k, low=1, high=n)
    _checks.one_of("which", which, WHICH)
    _checks.positive("tolerance", tolerance)
    if generator is None:
        generator = torch.Generator().manual_seed(0)
    _checks.instance("generator", generator, torch.Generator)
    _checks.cpu_generators(generator)
    count = 0

    def draw():
        return torch.randn(n, generator=generator, dtype=torch.float64)

    def apply(vector):
        nonlocal count
        count += 1
        return product(vector)

    vector = draw()
    for _ in range(POWERS):
        vector = apply(vector / vector.norm())
        size = float(vector.norm())
        require_square("Hessian", vector)
        if not size:
            raise ValueError(
                "the Hessian is zero at the parameters: the function does not depend on them, is "
                "linear, or the network is dead"
            )
    if n <= DENSE or 2 * k >= n:
        matrix = torch.stack([apply(row) for row in torch.eye(n, dtype=torch.float64)])
        values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
        vectors = vectors.T
    else:
        ends = ("largest", "smallest") if which == "magnitude" else (which,)
        pairs = [_lanczos(apply, draw, k, end, size, tolerance) for end in ends]
        values, vectors = (torch.cat(part) for part in zip(*pairs, strict=True))
    order = {"largest": -values, "smallest": values, "magnitude": -values.abs()}[which]
    chosen = order.argsort()[:k]
    values, vectors = values[chosen], vectors[chosen]
    largest = vectors.gather(1, vectors.abs().argmax(1, keepdim=True))
    vectors = vectors * largest.sign()
    residuals = [(apply(v) - a * v).norm() for a, v in zip(values, vectors, strict=True)]
    return Eigenpairs(values, flat.restore(vectors), torch.stack(residuals), count)


def _lanczos(apply, draw, k, end, size, tolerance):
    """The k eigenpairs at one end: values (k,) and vectors (k, n)."""
    values, vectors = _arpack(apply, draw(), k, end, size, tolerance)
    sign = 1 if end == "largest" else -1
    # Of an eigenspace one start knows a single direction, so Lanczos may miss copies of a multiple
    # eigenvalue: look for one more, from a new start, until there is none that belongs here.
    while k > 1:
        more, vector = _arpack(apply, draw(), 1, end, size, tolerance, found=vectors)
        if sign * (more - sign * (sign * values).topk(k).values[-1]) <= tolerance * size:
            break
        values, vectors = torch.cat([values, more]), torch.cat([vectors, vector])
    return values, vectors


def _arpack(apply, start, k, end, size, tolerance, found=None):
    """Lanczos on what is orthogonal to the vectors that were found, (any, n).

    ARPACK's tolerance is relative to each eigenvalue, which none at 0 could meet. So the spectrum
    is shifted away from 0, on one side, by twice the size of the Hessian.
    """
    from scipy.sparse.linalg import LinearOperator, eigsh  # here: the import takes a while

    n, shift = len(start), 2 * (size if end == "largest" else -size)

    def without(vector):
        return vector if found is None else vector - found.T @ (found @ vector)

    def shifted(vector):
        vector = without(torch.tensor(vector, dtype=torch.float64).reshape(n))
        return without(apply(vector) + shift * vector).numpy()

    operator = LinearOperator((n, n), matvec=shifted, dtype=float)
    options = {"k": k, "which": "LA" if end == "largest" else "SA", "tol": tolerance}
    values, vectors = eigsh(operator, v0=without(start).numpy(), **options)
    return torch.from_numpy(values) - shift, torch.from_numpy(vectors.T.copy())
