"""Runs of the reduced engine beside those of the reference, on data of any layout."""

import os
import warnings

import pytest
import torch
from hypothesis import assume
from hypothesis import strategies as st

from benign_osc_lib import PatchData, generators, train
from benign_osc_lib.engine import ENGINES as TABLE
from benign_osc_lib.engine.problem import without_repetitions
from tests.library.common import normal, seeded

OWN_AXES = {"weights": 3, "margins": 2, "strong": 3, "weak": 3}
"""The fields of a Run that hold floats, with the number of axes that belong to one run."""

MORE_AXES = {"second_layer": 2, "overlaps": 4, "path": 4}
"""Those that a Run has only if they are asked for."""

# Every pair of a row length and a number of patches is compiled once, which takes seconds. Up to 8
# filters and 18 or 34 make rows of 8, the others here rows of 16; those come with 3 patches only.
ROWS_OF_8, ROWS_OF_16 = (1, 2, 3, 4, 9, 17), (5, 7, 8, 16)

SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"
"""Whether Numba's simulator stands for a GPU: in the process of ``test_cuda_simulator`` only."""


def in_place(found, device):
    """Tensors of a named tuple on a device; what is expanded stays so."""

    def moved(value):
        if not isinstance(value, torch.Tensor) or value.device == device:
            return value
        once = without_repetitions(value, value.dim())
        return once.to(device).expand(value.shape)

    return found._replace(**{name: moved(value) for name, value in found._asdict().items()})


def train_on_gpu(problem, record_every, limit, progress):
    """The engine "cuda" on the GPU, for a problem on the CPU and with results there."""
    there = in_place(problem, torch.device("cuda"))._replace(visits=problem.visits)
    found = TABLE["cuda"](there, record_every, limit, progress)
    assert found.engine == "cuda"
    return in_place(found, torch.device("cpu"))


ENGINES = TABLE if SIMULATED else {**TABLE, "cuda": train_on_gpu}
"""The table, each engine for problems on the CPU."""

needs_gpu = pytest.mark.skipif(
    not (SIMULATED or torch.cuda.is_available()), reason="needs a CUDA device, or the simulator"
)
NAMES = [pytest.param(name, marks=needs_gpu if name == "cuda" else ()) for name in ENGINES]


def both(data, weights, lr, *, seeds=None, **options):
    """The run of the reduced engine and that of the reference. Their generators are equal."""
    runs = []
    for engine in ("reduced", "reference"):
        if seeds is not None:
            generator = generators(seeds) if isinstance(seeds, list) else seeded(seeds)
            options = {"order": "shuffled"} | options | {"generator": generator}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "the patches do not show")
            runs.append(train(data, weights, lr, engine=engine, **options))
    return runs


def largest_error(now, expected, start=None):
    """The largest difference in a field of a run, relative to its largest entry there.

    Final weights may all but vanish: their errors are also relative to the initial ones, if given.
    """
    errors = [0.0]
    for name, own in (OWN_AXES | MORE_AXES).items():
        a, b = getattr(now, name), getattr(expected, name)
        if a is b is None:
            continue
        assert (a.shape, a.dtype, a.device) == (b.shape, b.dtype, b.device)
        a, b = a.double(), b.double()
        size = b.abs().nan_to_num(nan=0, posinf=0).amax(tuple(range(-own, 0)), keepdim=True)
        if name == "weights" and start is not None:
            size = torch.maximum(size, start.detach().double().abs().amax((-3, -2, -1), True))
        same = (a == b) | (a.isnan() & b.isnan())
        if name == "margins":  # what overflows on the way depends on the order of a sum
            same |= ~b.isfinite() & ~(a.abs() <= 1e6)
        errors += ((a - b).abs() / size)[~same].nan_to_num(nan=torch.inf).tolist()
    return max(errors)


def assert_same_run(now, expected, tolerance=1e-9, start=None):
    """Divergence at the same update, and an error of at most ``tolerance``."""
    assert now.diverged_at.tolist() == expected.diverged_at.tolist()
    assert now.stopped_at.tolist() == expected.stopped_at.tolist()
    assert now.steps.tolist() == expected.steps.tolist()
    assert largest_error(now, expected, start) <= tolerance


def assert_same_path(data, weights, lr, tolerance=1e-9, **options):
    """The same, unless the reference itself blows one rounding of the start up that far."""
    now, expected = both(data, weights, lr, **options)
    try:
        assert_same_run(now, expected, tolerance, weights)
    except AssertionError:
        rounding = torch.finfo(weights.dtype).eps
        for factor in (1 - rounding, 1 + 4 * rounding):
            nudged = both(data, factor * weights, lr, **options)[1]
            assume(nudged.diverged_at.tolist() == expected.diverged_at.tolist())
            assume(largest_error(nudged, expected, weights) <= tolerance / 100)
        raise


def assert_equal_runs(now, expected):
    """Bitwise."""
    for name in (*OWN_AXES, *MORE_AXES, "diverged_at", "stopped_at", "steps"):
        a, b = getattr(now, name), getattr(expected, name)
        assert a is b is None or torch.equal(a, b), name


def rotation(d, seed):
    return torch.linalg.qr(normal(seed, d, d)).Q


@st.composite
def layouts(draw, most=6, batch=()):
    """Points of any layout, (*batch, n, P, d) with Σ_p ‖x_i^(p)‖² <= 1, and a number m.

    The patches come, with signs, from a pool that may be small: then points share them, repeat
    them, have one twice, and are equal. The pool may hold 0, and patches in different coordinates.
    """
    n, d = draw(st.integers(1, most)), draw(st.integers(1, 12))
    patches = draw(st.integers(1, 4))
    m = draw(st.sampled_from(ROWS_OF_8 + ROWS_OF_16 * (patches == 3)))
    size, seed = draw(st.integers(1, 2 * n * patches)), draw(st.integers(0, 10**6))
    stream = seeded(seed)
    pool = normal(seed + 1, size, d)
    if draw(st.booleans()):  # orthogonal without rounding
        part = torch.randint(3, (size, 1), generator=stream)
        pool = pool * (part == torch.arange(d) % 3)
    if draw(st.booleans()):
        pool[0] = 0
    choice = torch.randint(size, (*batch, n, patches), generator=stream)
    x = pool[choice] * (2.0 * torch.randint(2, (*batch, n, patches, 1), generator=stream) - 1)
    longest = x.square().sum((-2, -1)).max().sqrt()
    x, pool = (t / longest.clamp(min=1e-9) for t in (x, pool))
    y = 2.0 * torch.randint(2, (*batch, n), generator=stream).double() - 1
    feature = {"pool": pool[-1], "other": normal(seed + 2, d), "zero": pool[0] * 0, "unseen": None}
    u, v = (feature[draw(st.sampled_from(sorted(feature)))] for _ in "uv")
    data = PatchData(x, y, torch.randint(2, (*batch, n), generator=stream).bool(), u, v)
    return data, m, seed


recordings = st.sampled_from([1, 2, 3, 7, 50, 10**9, None])
orders = st.sampled_from([None, 5])
