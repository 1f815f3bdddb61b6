"""The batch of runs in tensors against the reference engine, run by run, and what a graph holds."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benign_osc_lib.engine import Problem as Given
from benign_osc_lib.engine import batched as engine
from benign_osc_lib.engine import train_reference
from benign_osc_lib.engine.divergence import LIMIT
from benign_osc_lib.engine.problem import without_repetitions
from tests.library.common import assert_close, normal, seeded

NAMES = ("weights", "margins", "strong", "weak", "diverged_at")
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-3}


@dataclasses.dataclass
class Problem:
    """What :func:`train_batched` is given, but for the visits.

    The rates are float64; those that float32 cannot hold become infinite there.
    """

    x: torch.Tensor
    y: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor
    weights: torch.Tensor
    lr: torch.Tensor

    def to(self, device):
        """The same elsewhere; what is expanded stays so."""
        return Problem(*(self._moved(t, device) for t in vars(self).values()))

    @staticmethod
    def _moved(tensor, device):
        shared = tensor.stride(0) == 0
        return (tensor[:1] if shared else tensor).to(device).expand(tensor.shape)


def problem(
    runs=3, n=4, patches=3, m=3, d=8, lr=0.3, shared=(), dtype=torch.float64, scale=0.3, seed=0
):
    """Random patches; u and v are others, which nothing but the record knows of."""

    def drawn(name, k, *shape, of=lambda numbers: numbers):
        lead = 1 if name in shared else runs
        return of(normal(10 * seed + k, lead, *shape)).to(dtype).expand(runs, *shape)

    return Problem(
        x=drawn("x", 0, n, patches, d, of=lambda x: x / d**0.5),
        y=drawn("x", 1, n, of=torch.sign),
        u=drawn("u", 2, d),
        v=drawn("v", 3, d),
        weights=drawn("weights", 4, 2 * m, d, of=lambda w: scale * w),
        lr=torch.as_tensor(lr, dtype=torch.float64).expand(runs).clone(),
    )


def orders(runs, epochs, n, order, seed=0):
    """The visits, (R or 1, epochs, n)."""
    if order == "cyclic":
        return torch.arange(n).expand(1, epochs, n)
    streams = [seeded(seed + k) for k in range(1 if order == "the same for all" else runs)]
    return torch.stack(
        [torch.stack([torch.randperm(n, generator=g) for _ in range(epochs)]) for g in streams]
    )


def batched(given, visits, record_every, limit=LIMIT):
    """What the engine finds, with the filters of both signs in one axis."""
    x, y, u, v, weights, lr = vars(given).values()
    weights = weights.unflatten(1, (2, -1))
    problem = Given(x, y, u, v, weights, lr.to(x.dtype), visits)
    return in_one_axis(engine.train_batched(problem, record_every, limit, False))


def reference(given, run, visits, record_every, limit=LIMIT):
    """The same of one run alone, as the reference engine has it."""
    x, y, u, v, weights, lr = (tensor[run] for tensor in vars(given).values())
    visits = visits[run % len(visits)]
    problem = Given(x, y, u, v, weights.unflatten(0, (2, -1)), lr.to(x.dtype), visits)
    return in_one_axis(train_reference(problem, record_every, limit, False))


def in_one_axis(found):
    found = found._asdict()
    found["weights"] = found["weights"].flatten(-3, -2)
    found["strong"], found["weak"] = found["strong"].flatten(-2), found["weak"].flatten(-2)
    return found


def assert_same_runs(
    given, epochs, record_every, order="cyclic", seed=0, tolerance=1e-9, limit=LIMIT
):
    """Compare every run; the margins up to divergence only, for they are huge afterwards."""
    runs, n = given.y.shape
    visits = orders(runs, epochs, n, order, seed)
    together = batched(given, visits, record_every, limit)
    for run in range(runs):
        alone = reference(given, run, visits, record_every, limit)
        stop = int(alone["diverged_at"])
        assert int(together["diverged_at"][run]) == stop
        steps = epochs * n if stop < 0 else stop
        visited = visits[run % len(visits)].argsort(-1) + n * torch.arange(epochs)[:, None]
        for name in NAMES[:-1]:
            now, then = together[name][run], alone[name]
            assert now.dtype == then.dtype and now.shape == then.shape
            if name == "margins":
                now, then = now[visited < steps], then[visited < steps]
            scale = max(1.0, float(then.abs().max())) if then.numel() else 1.0
            assert_close(now / scale, then / scale, tolerance)
    return together


SIZES = {
    "runs": st.integers(1, 4),
    "n": st.integers(1, 5),
    "patches": st.integers(1, 3),
    "m": st.integers(1, 4),
    "d": st.integers(3, 8),
    "seed": st.integers(0, 10**6),
    "shared": st.sets(st.sampled_from(["x", "u", "v", "weights"])),
    "dtype": st.sampled_from([torch.float64, torch.float32]),
}
ORDERS = st.sampled_from(["cyclic", "the same for all", "one for each run"])


# --- Against the reference ---------------------------------------------------------------------


@given(
    sizes=st.fixed_dictionaries(SIZES),
    lr=st.floats(0.01, 0.5),
    epochs=st.integers(1, 8),
    record_every=st.integers(1, 13),
    order=ORDERS,
)
def test_runs_that_do_not_diverge(sizes, lr, epochs, record_every, order):
    given = problem(lr=lr * torch.linspace(0.5, 1, sizes["runs"]), **sizes)
    seed, tolerance = sizes["seed"], TOLERANCE[sizes["dtype"]]
    assert_same_runs(given, epochs, record_every, order, seed, tolerance)


@given(
    sizes=st.fixed_dictionaries(SIZES),
    rates=st.lists(st.sampled_from([0.1, 10.0, 1e3, 1e20, 1e150, 1.7e308]), min_size=4, max_size=4),
    scale=st.sampled_from([0.3, 3.0, 1e5]),
    epochs=st.integers(1, 3),
    record_every=st.integers(1, 7),
    order=ORDERS,
)
def test_runs_that_diverge_beside_others(sizes, rates, scale, epochs, record_every, order):
    rates = torch.tensor(rates[: sizes["runs"]], dtype=torch.float64)
    given = problem(lr=rates, scale=scale, **sizes)
    seed, tolerance = sizes["seed"], 10 * TOLERANCE[sizes["dtype"]]
    assert_same_runs(given, epochs, record_every, order, seed, tolerance)


@given(
    sizes=st.fixed_dictionaries(SIZES),
    lr=st.floats(0.2, 2),
    limit=st.sampled_from([1.2, 2.0, 5.0]),
    record_every=st.integers(1, 7),
    order=ORDERS,
)
def test_the_limit_is_met_exactly(sizes, lr, limit, record_every, order):
    """With a limit in the range of ordinary outputs, many runs come near and some exceed it."""
    given = problem(lr=lr * torch.linspace(0.2, 1, sizes["runs"]), **sizes)
    tolerance = 10 * TOLERANCE[sizes["dtype"]]
    assert_same_runs(given, 4, record_every, order, sizes["seed"], tolerance, limit)


@pytest.mark.parametrize("size", [1e-3, 0.03, 1.0, 30.0, 1e3])
@pytest.mark.parametrize("seed", range(4))
def test_divergence_is_found_whatever_the_size_of_the_patches(size, seed):
    """x → ax, W → W/a, η → η/a² is a symmetry."""
    rates = torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0, 50.0, 200.0, 1e3], dtype=torch.float64)
    given = problem(runs=8, shared={"x", "weights"}, lr=rates, seed=seed)
    given.x, given.weights, given.lr = size * given.x, given.weights / size, given.lr / size**2
    found = assert_same_runs(given, 3, 1, tolerance=1e-6)
    assert (found["diverged_at"] > 0).any()


@pytest.mark.parametrize(("left", "right", "lr"), [(100.0, 100.0, 0.1), (100.0, 1.0, 1.0)])
def test_every_update_is_looked_at_on_every_point(left, right, lr):
    """One filter at 3/right between points at -left and right: there f = 0 and f = 9.

    The update on the second point moves it by -lr (9 - 1) 2·3 right, to where the first point's f
    is just beyond the limit. With equal points it moves as far as the bound allows.
    """
    x = torch.zeros(1, 2, 1, 3, dtype=torch.float64)
    x[0, :, 0, 2] = torch.tensor([-left, right])
    u, v = torch.eye(3, dtype=torch.float64)[:2, None]
    weights = torch.zeros(1, 2, 3, dtype=torch.float64)
    weights[0, 0, 2] = 3 / right
    rates, y = torch.tensor([lr], dtype=torch.float64), torch.ones(1, 2, dtype=torch.float64)
    limit = 0.999 * (left * (3 / right - lr * 48 * right)) ** 2
    found = assert_same_runs(Problem(x, y, u, v, weights, rates), 2, 1, limit=limit)
    assert found["diverged_at"].tolist() == [2]


@pytest.mark.parametrize("order", ["cyclic", "one for each run"])
def test_a_diverged_run_is_frozen(order):
    given = problem(lr=[0.3, 30.0, 1e160], seed=1)
    found = assert_same_runs(given, 4, 1, order)
    assert found["diverged_at"][0] == -1
    for run in (1, 2):
        stop = int(found["diverged_at"][run])
        assert 0 < stop < 16
        after = found["strong"][run, stop:]
        assert (after == after[0]).all() and after.isfinite().all()
        assert_close(after[0] * after[0].sign(), (found["weights"][run] @ given.u[run]).abs())


def test_a_run_may_start_out_diverged():
    given = problem()
    given.weights[1] *= 1e5
    found = assert_same_runs(given, 2, 3)
    assert found["diverged_at"].tolist() == [-1, 0, -1]
    assert torch.equal(found["weights"][1], given.weights[1])


def looked_at(monkeypatch):
    """A list that fills with the numbers of updates before each epoch that needs looks."""
    careful, steps = engine._Batch.careful_epoch, []

    def spied(self, step):
        steps.append(step)
        careful(self, step)

    monkeypatch.setattr(engine._Batch, "careful_epoch", spied)
    return steps


def test_a_run_may_stay_near_the_limit(monkeypatch):
    """Where large outputs of the two signs cancel, no epoch is even tried without the looks."""
    steps, tried = looked_at(monkeypatch), []
    monkeypatch.setattr(engine, "_replayable", lambda epoch, _: lambda: tried.append(epoch()))
    given = problem(runs=2, m=2, lr=1e-9, scale=3e3)
    given.weights[:, 2:] = given.weights[:, :2]
    given.weights[0, 2:] *= 1 + 1e-6
    found = assert_same_runs(given, 3, 1, tolerance=1e-7)
    assert found["diverged_at"].tolist() == [-1, -1]
    assert steps == [0, 4, 8] and not tried


def test_weights_may_overflow_where_no_output_does():
    """One update throws a filter out of float64's range, to where no point activates it."""
    x = torch.ones(1, 1, 1, 3, dtype=torch.float64)
    u, v = torch.eye(3, dtype=torch.float64)[:2, None]
    weights = torch.zeros(1, 2, 3, dtype=torch.float64)
    weights[0, 1] = 0.5
    lr = torch.tensor([1e160], dtype=torch.float64)
    given = Problem(x, torch.ones(1, 1, dtype=torch.float64), u, v, weights, lr)
    found = assert_same_runs(given, 2, 1)
    assert found["diverged_at"].tolist() == [1] and torch.equal(found["weights"], weights)


def test_a_batch_is_not_bound_by_what_it_shares():
    """Many rates on one data set and one start: the same as with copies of both."""
    given = problem(runs=4, shared={"x", "u", "v", "weights"}, lr=[0.1, 0.2, 0.3, 20.0])
    assert given.x.stride(0) == given.weights.stride(0) == 0
    copied = Problem(*(tensor.clone() for tensor in vars(given).values()))
    visits = orders(4, 3, 4, "cyclic")
    shared, own = batched(given, visits, 1), batched(copied, visits, 1)
    for name in NAMES:
        assert_close(shared[name], own[name])


def test_the_arguments_are_left_as_they_are():
    given = problem(lr=[0.3, 20.0, 1e160])
    before = [tensor.clone() for tensor in vars(given).values()]
    visits = orders(3, 3, 4, "one for each run")
    kept = visits.clone()
    batched(given, visits, 1)
    assert torch.equal(visits, kept)
    for now, then in zip(vars(given).values(), before, strict=True):
        assert torch.equal(now, then)


# --- What a graph holds ------------------------------------------------------------------------


class Recorder(TorchDispatchMode):
    """A CUDA graph on the CPU: repeats operations on the tensors of the first time."""

    def __init__(self, epoch):
        super().__init__()
        self.calls = []
        with self:
            epoch()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        self.calls.append((operation, args, kwargs or {}, result))
        return result

    def replay(self):
        for operation, args, kwargs, result in self.calls:
            again = operation(*args, **kwargs)
            if again.data_ptr() != result.data_ptr():
                result.copy_(again)


@pytest.mark.parametrize("record_every", [1, 3, 8])
@pytest.mark.parametrize(
    ("order", "shared"),
    [
        ("cyclic", ()),
        ("cyclic", ("x", "weights")),
        ("the same for all", ("x",)),
        ("one for each run", ()),
        ("one for each run", ("x", "weights")),
    ],
)
def test_an_epoch_can_be_replayed(monkeypatch, record_every, order, shared):
    """A warm-up leaves no trace, and nothing of an epoch was fixed when it was recorded."""
    given = problem(lr=[0.2, 0.4, 4.0], shared=shared, seed=2)
    steps, replays = looked_at(monkeypatch), []
    assert_same_runs(given, 8, record_every, order, limit=8.0)
    operation_by_operation = steps.copy()
    steps.clear()

    def recorded(epoch, device):
        epoch()
        recorder = Recorder(epoch)
        return lambda: replays.append(recorder.replay())

    monkeypatch.setattr(engine, "_replayable", recorded)
    found = assert_same_runs(given, 8, record_every, order, limit=8.0)
    assert steps == operation_by_operation and len(replays) > len(steps) > 1
    assert found["diverged_at"][:2].tolist() == [-1, -1] and found["diverged_at"][2] > 0


@pytest.mark.parametrize("record_every", [1, 4])
@pytest.mark.parametrize("order", ["cyclic", "one for each run"])
@pytest.mark.parametrize("shared", [(), ("x", "weights")])
def test_an_epoch_needs_nothing_of_the_host(record_every, order, shared):
    """On tensors without numbers, which refuse to be read; and without a tensor of the CPU."""
    inside, number = record_every % 4 != 0, 0 if order == "cyclic" else 3
    given = vars(problem(shared=shared).to("meta")).values()
    once = (without_repetitions(tensor, 1) for tensor in given)
    batch = engine._Batch(*once, number, inside, 1e6)
    batch.begin()
    calls = Recorder(batch.epoch).calls
    tensors = [t for call in calls for t in tree_leaves(call[1:]) if isinstance(t, torch.Tensor)]
    assert {t.device.type for t in tensors} == {"meta"} and len(tensors) > 100
    with pytest.raises(RuntimeError, match="(?i)meta"):
        batch.near().any().item()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("record_every", [1, 3, 4])
@pytest.mark.parametrize("order", ["cyclic", "the same for all", "one for each run"])
@pytest.mark.parametrize("shared", [(), ("x", "weights")])
def test_on_cuda(record_every, order, shared):
    """A replayed graph gives the runs that the reference gives on the CPU."""
    given = problem(lr=[0.2, 0.4, 1e160], shared=shared)
    visits = orders(3, 6, 4, order)
    found = batched(given.to("cuda"), visits, record_every)
    for run in range(3):
        alone = reference(given, run, visits, record_every)
        for name in NAMES:
            assert found[name].device.type == "cuda"
            if name != "margins" or run < 2:
                assert_close(found[name][run].cpu(), alone[name], 1e-9)
