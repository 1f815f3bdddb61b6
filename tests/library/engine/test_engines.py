"""The contract of an engine, for every engine of the table; what `follow` adds; Ctrl-C and bars."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import benign_osc_lib
from benign_osc_lib import PatchData, engine, generators, init_weights, train
from benign_osc_lib.engine import Problem, divergence, follow, reduced
from benign_osc_lib.visits import visiting_orders
from tests.library.common import MODEL, assert_close, normal
from tests.library.engine.common import ENGINES, NAMES, SIMULATED
from tests.library.training.common import train_plainly

ROOT = Path(benign_osc_lib.__file__).parent.parent
FIELDS = ("weights", "margins", "strong", "weak")
REDUCED = {"compiled", "family", "batched", "cuda"}
STRANGERS = {
    "engine.step": {"activate", "survey", "update"},
    "engine.whole": {"activate_whole", "update_whole"},
    "engine.family_step": {"visit", "descend", "update_second"},
    "engine.family_flow": {"coast"},
    "engine.row_activations": {"activate"},
    "engine.family_look": {"survey"},
    "engine.batched": {"look"},
    "engine.cuda_kernel": {"trajectories", "survey"},
}

every_engine = pytest.mark.parametrize("name", NAMES)
reduced_engines = pytest.mark.parametrize("name", [p for p in NAMES if p.values[0] in REDUCED])


def problem(axes=(), n=4, m=3, lr=0.5, epochs=3, order="cyclic", seed=0, dtype=torch.float64):
    """A Problem with its own data, weights and order for each run of a batch."""
    runs = torch.Size(axes).numel()
    streams = generators(range(seed, seed + max(runs, 1)))
    data = MODEL.sample(n, n_weak=1, generator=streams)
    w = init_weights(m, MODEL.d, 0.1, generator=streams)
    visits = visiting_orders(epochs, n, order, streams, True)
    if order == "shuffled":
        visits = visits.unflatten(0, (*axes, 1)).squeeze(len(axes))
    x, y, w = (t[:runs].reshape(*axes, *t.shape[1:]).to(dtype) for t in (data.x, data.y, w))
    u, v = data.u.to(dtype), data.v.to(dtype)
    rates = torch.as_tensor(lr, dtype=torch.float64).to(dtype).expand(axes)
    return Problem(x, y, u, v, w, rates, visits)


def alone(given, k):
    """Run k of a batch."""
    visits = given.visits[k] if given.visits.dim() > 2 else given.visits
    own = given._replace(x=given.x[k], y=given.y[k], weights=given.weights[k], lr=given.lr[k])
    return own._replace(visits=visits)


def data_of(given):
    no_weak = torch.zeros_like(given.y, dtype=torch.bool)
    return PatchData(given.x, given.y, no_weak, given.u, given.v)


# --- The contract ------------------------------------------------------------------------------


@every_engine
@pytest.mark.parametrize("order", ["cyclic", "shuffled"])
@pytest.mark.parametrize("lr", [0.3, 0.7, 3.0, 100.0, 1e160])
def test_a_run_is_that_of_the_plain_loop(name, order, lr):
    given = problem(lr=lr, order=order, epochs=4, seed=3)
    found = ENGINES[name](given, 1, divergence.LIMIT, False)
    plain = train_plainly(data_of(given), given.weights, lr, given.visits.tolist())
    stop = plain.diverged_at
    assert found.diverged_at == stop
    for field in ("weights", "strong", "weak"):
        assert_close(getattr(found, field), getattr(plain, field), 1e-8)
    steps = given.visits.argsort(-1) + 4 * torch.arange(4)[:, None]
    before = steps < (stop if stop >= 0 else 16)
    assert_close(found.margins[before], torch.tensor(plain.margins)[before], 1e-8)


@every_engine
@pytest.mark.parametrize("axes", [(), (1,), (3,), (2, 2), (0,)])
@pytest.mark.parametrize("record_every", [1, 3, 12, 13])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shapes_and_dtypes(name, axes, record_every, dtype):
    given = problem(axes, m=8, dtype=dtype)
    found = ENGINES[name](given, record_every, divergence.LIMIT, False)
    records = 12 // record_every + 1
    assert found.weights.shape == (*axes, 2, 8, 8) and found.margins.shape == (*axes, 3, 4)
    assert found.strong.shape == found.weak.shape == (*axes, records, 2, 8)
    assert found.diverged_at.shape == axes and found.diverged_at.dtype == torch.int64
    assert {getattr(found, field).dtype for field in FIELDS} == {dtype}


@every_engine
@pytest.mark.parametrize("order", ["cyclic", "shuffled"])
def test_each_run_of_a_batch_is_the_run_alone(name, order):
    """One diverges, one starts out diverged, one overflows; the others do not notice."""
    given = problem((6,), order=order, lr=torch.tensor([0.3, 0.6, 5.0, 0.4, 1e200, 0.2]))
    given.weights[3] *= 1e5
    found = ENGINES[name](given, 5, divergence.LIMIT, False)
    assert (found.diverged_at[2:5] >= 0).all() and found.diverged_at[3] == 0
    assert found.diverged_at[[0, 1, 5]].tolist() == [-1, -1, -1]
    for k in range(6):
        one = ENGINES[name](alone(given, k), 5, divergence.LIMIT, False)
        assert one.diverged_at == found.diverged_at[k]
        fields = FIELDS if k in (0, 1, 3, 5) else ("weights", "strong", "weak")
        for field in fields:
            assert_close(getattr(found, field)[k], getattr(one, field), 1e-9)


@every_engine
def test_a_diverged_run_is_frozen(name):
    given = problem(lr=10.0, epochs=5, seed=2)
    found = ENGINES[name](given, 1, divergence.LIMIT, False)
    stop = int(found.diverged_at)
    assert 0 < stop < 16
    assert (found.strong[stop:] == found.strong[stop]).all()
    j = torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None]
    assert_close(found.weak[-1], j * (found.weights @ given.v))
    assert (found.margins[-1] == found.margins[-2]).all()


@every_engine
def test_the_limit_is_that_of_the_call(name):
    given = problem(lr=0.8, epochs=6)
    whole = ENGINES[name](given, 1, divergence.LIMIT, False)
    limit = 0.9 * float(whole.margins.abs().max())
    found = ENGINES[name](given, 1, limit, False)
    assert whole.diverged_at == -1 < found.diverged_at


@every_engine
def test_nothing_is_written_to_and_no_graph_is_kept(name):
    given = problem((2,), lr=torch.tensor([0.5, 1e200]), order="shuffled")
    given.weights.requires_grad_()
    tensors = [value for value in given if isinstance(value, torch.Tensor)]
    before = [tensor.detach().clone() for tensor in tensors]
    found = ENGINES[name](given, 1, divergence.LIMIT, False)
    assert all(torch.equal(a, b) for a, b in zip(tensors, before, strict=True))
    kept = [value for value in found if isinstance(value, torch.Tensor)]
    assert len(kept) >= 5 and not any(tensor.requires_grad for tensor in kept)


@every_engine
def test_views_that_repeat_give_the_same(name):
    given = problem((3,), lr=torch.tensor([0.2, 0.4, 0.6]))
    one = alone(given, 1)
    shared = given._replace(
        x=one.x, y=one.y[None].expand(3, -1), weights=one.weights.expand(3, -1, -1, -1)
    )
    copied = shared._replace(**{f: getattr(shared, f).clone() for f in ("y", "weights")})
    a, b = (ENGINES[name](p, 1, divergence.LIMIT, False) for p in (shared, copied))
    for field in FIELDS:
        assert_close(getattr(a, field), getattr(b, field))


# --- Which engine ------------------------------------------------------------------------------


def test_every_place_of_f_and_of_the_step_is_listed():
    """What the list in the docstring names exists, and each engine of the table stands in it."""
    text = engine.__doc__
    for module, names in STRANGERS.items():
        found = (ROOT / "benign_osc_lib" / f"{module.replace('.', '/')}.py").read_text("utf-8")
        assert f"``{module}``" in text
        for name in names:
            assert f"``{name}``" in text and f"def {name}(" in found
    assert {function.__module__.rpartition(".")[2] for function in engine.ENGINES.values()} == {
        "reference",
        "autograd",
        "family",
        "reduced",
        "batched",
        "cuda",
    }


@pytest.mark.parametrize("unseen", ["u", "v"])
@pytest.mark.parametrize("name", ["reference", "reduced", "auto"])
def test_a_feature_that_is_nan_is_recorded_as_nan(name, unseen):
    given = problem((2,))
    known = follow(given, name, 2)
    found = follow(given._replace(**{unseen: torch.full((8,), torch.nan).double()}), name, 2)
    lost, kept = ("strong", "weak") if unseen == "u" else ("weak", "strong")
    assert getattr(found, lost).isnan().all()
    assert torch.equal(getattr(found, kept), getattr(known, kept))
    assert torch.equal(found.weights, known.weights)


# --- Norms that leave the range of the dtype ---------------------------------------------------

F32, F64 = torch.float32, torch.float64
LONG = [("x", F64, 1e160), ("x", F64, 1e-160), ("x", F32, 1e25), ("x", F32, 1e-25)]
LONG += [("u", F64, 1e307), ("v", F64, 1e307), ("u", F32, 1e38), ("u", F64, 1e-307)]


@pytest.mark.parametrize(("name", "dtype", "size"), LONG)
def test_norms_out_of_range_are_for_the_reference(name, dtype, size):
    """``auto`` takes it, ``reduced`` names the argument."""
    stretch = size if name == "x" else 1.0  # x → a x, W → W/a, η → η/a² as far as η can
    x = normal(1, 4, 3, 8) * (stretch if name == "x" else 30 if size > 1 else 0.01)
    rate = {1e160: 1e-300, 1e25: 1e-37}.get(stretch, 1e-9)
    features = {f: normal(k, 8) * (size if f == name else 1.0) for k, f in enumerate("uv", 2)}
    data = PatchData(
        x.to(dtype),
        torch.ones(4, dtype=dtype),
        torch.zeros(4, dtype=torch.bool),
        **{f: t.to(dtype) for f, t in features.items()},
    )
    w = (normal(4, 2, 2, 8) / 100 / stretch).to(dtype)
    auto, expected = (train(data, w, rate, epochs=2, engine=e) for e in ("auto", "reference"))
    for field in (*FIELDS, "diverged_at"):
        torch.testing.assert_close(
            getattr(auto, field), getattr(expected, field), rtol=0, atol=0, equal_nan=True
        )
    with pytest.raises(ValueError, match=rf"data\.{name} must.*range of {dtype}"):
        train(data, w, rate, epochs=2, engine="reduced")
    visits = torch.arange(4).expand(2, 4)
    given = Problem(data.x, data.y, data.u, data.v, w, torch.tensor(rate, dtype=dtype), visits)
    for found in ("compiled", "batched"):
        with pytest.raises(engine.OutOfRange, match=rf"data\.{name} "):
            ENGINES[found](given, 1, divergence.LIMIT, False)


FAR = [(F64, 1e160), (F64, 1e-170), (F32, 1e25), (F32, 1e-25)]


@reduced_engines
@pytest.mark.parametrize("feature", ["u", "v"])
@pytest.mark.parametrize(("dtype", "size"), FAR)
def test_a_feature_may_be_long_or_short_beside_the_patches(name, feature, dtype, size):
    given = problem(m=8, dtype=dtype)
    given = given._replace(**{feature: (size * normal(7, 8)).to(dtype)})
    found, expected = (ENGINES[e](given, 1, divergence.LIMIT, False) for e in (name, "reference"))
    for field in FIELDS:
        a, b = getattr(found, field), getattr(expected, field)
        assert b.isfinite().all() and (a - b).abs().max() <= 1e-4 * b.abs().max()


@pytest.mark.parametrize("length", [1e-100, 1.0, 20.0, 1e100])
@reduced_engines
def test_overflow_that_no_point_sees_is_found_at_any_length(name, length):
    """The update throws the one filter to where no point activates it: f = 0."""
    x = torch.tensor([[[length, 0.0]]] * 2, dtype=F64)
    w = torch.tensor([[[0.5 / length, 0.0]], [[-0.3 / length, 0.0]]], dtype=F64)
    e = torch.eye(2, dtype=F64)
    visits = torch.arange(2).expand(2, 2)
    for lr in (1e150, 1e155 / length, 1e160 / length):
        rate = torch.tensor(lr, dtype=F64)
        given = Problem(x, -torch.ones(2, dtype=F64), e[0], e[1], w, rate, visits)
        found, expected = (
            ENGINES[k](given, 1, divergence.LIMIT, False) for k in (name, "reference")
        )
        assert found.diverged_at == expected.diverged_at
        size = expected.weights.abs().max()
        assert_close(found.weights / size, expected.weights / size)


@every_engine
@pytest.mark.parametrize("aside", [1e100, 1e155, 1e300])
def test_weights_that_overflow_beside_the_patches(name, aside):
    """‖W‖² is infinite after the first update, and no point sees it."""
    given = problem(m=1)
    given.x[..., 7], given.weights[..., 7] = 0, aside
    found = ENGINES[name](given, 1, divergence.LIMIT, False)
    assert found.diverged_at == (1 if aside > 1e154 else -1)
    if aside > 1e154:
        assert torch.equal(found.weights, given.weights)


# --- Ctrl-C and bars ---------------------------------------------------------------------------

LONG_RUNS = """
import signal, sys
import torch
from benign_osc_lib import FeatureNoiseModel, generators, init_weights
from benign_osc_lib.engine import ENGINES, Problem, divergence

signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the parent ignores it
name = sys.argv[1]
m, device = (8, "cuda") if name == "cuda" else (128, "cpu")
visits = torch.arange(32).expand(1000000 if name == "cuda" else 100000, 32)
for case in sys.argv[2:]:
    runs, threads = map(int, case.split(","))
    torch.set_num_threads(threads)
    streams = generators(range(runs))
    data = FeatureNoiseModel(64, 2.0, 0.4, 0.8).sample(32, n_weak=2, generator=streams)
    w, rates = init_weights(m, 64, 1 / 16, generator=streams), torch.full((runs,), 1.0).double()
    tensors = [tensor.to(device) for tensor in (data.x, data.y, data.u, data.v, w, rates)]
    given = Problem(*tensors, visits, margins=name != "cuda")
    ENGINES[name](given._replace(visits=visits[:1]), 10**9, divergence.LIMIT, False)
    try:
        print("ready", flush=True)
        ENGINES[name](given, 10**9, divergence.LIMIT, False)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


def seconds_to_stop(name, cases):
    """From SIGINT to the end of each call, and what the process wrote to stderr."""
    command = [sys.executable, "-c", LONG_RUNS, name, *cases]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        try:
            took = []
            for _ in cases:
                assert process.stdout.readline() == "ready\n"
                time.sleep(1)
                start = time.monotonic()
                process.send_signal(signal.SIGINT)
                assert process.stdout.readline() == "stopped\n"
                took.append(time.monotonic() - start)
            return took, process.communicate(timeout=60)[1]
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt" or SIMULATED, reason="sends SIGINT; the simulator is slow")
@every_engine
def test_ctrl_c_ends_a_long_call(name):
    """One run on one thread, and thirty on two: by hand, half a second; here the bound is wide."""
    took, errors = seconds_to_stop(name, ["1,1", "30,2"])
    assert max(took) < 10 and "Error" not in errors


@every_engine
def test_a_bar_counts_the_steps_of_all_runs(name, capsys):
    given = problem((3,), epochs=5)
    quiet = ENGINES[name](given, 1, divergence.LIMIT, False)
    assert capsys.readouterr() == ("", "")
    shown = ENGINES[name](given, 1, divergence.LIMIT, True)
    out, err = capsys.readouterr()
    assert out == "" and "60/60" in err
    for field in (*FIELDS, "diverged_at"):
        assert torch.equal(getattr(shown, field), getattr(quiet, field))


def test_the_bar_of_one_long_run_moves(monkeypatch):
    """It counts the steps that the compiled loop has made so far.

    The run would take more than a second; it is stopped when the bar has moved three times.
    """
    seen = []

    class Bar(reduced.tqdm):
        def update(self, n=1):
            super().update(n)
            seen.append(n)
            if sum(n > 0 for n in seen) == 3:
                raise KeyboardInterrupt

    monkeypatch.setattr(reduced, "tqdm", Bar)
    monkeypatch.setattr(reduced, "GLANCE", 0.001)
    given = problem(n=32, m=64, epochs=20000)
    with pytest.raises(KeyboardInterrupt):
        ENGINES["compiled"](given, 10**9, divergence.LIMIT, True)
    assert 0 < sum(seen) < 640000
