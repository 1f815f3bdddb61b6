"""What a Run records."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import predict, sgd_step, train
from tests.library.common import MODEL, assert_close, problem, seeded


def test_margins_are_those_before_the_update():
    data, w = problem(n=1)
    run = train(data, w, 0.5, epochs=2)
    after_one = sgd_step(w, data.x[0], data.y[0], 0.5)
    for epoch, weights in enumerate((w, after_one)):
        assert_close(run.margins[epoch], data.y * predict(weights, data.x))
    assert not torch.allclose(run.margins[0], run.margins[1])


@pytest.mark.parametrize(
    ("record_every", "steps"),
    [
        (1, list(range(13))),
        (5, [0, 5, 10]),
        (4, [0, 4, 8, 12]),
        (12, [0, 12]),
        (13, [0]),
        (None, [0, 12]),
    ],
)
def test_signals_are_recorded_after_the_update(record_every, steps):
    """Row k of ``strong`` and ``weak`` is the state after ``steps[k]`` of the 12 updates."""
    data, w = problem(n=4, m=3)
    run = train(data, w, 0.5, epochs=3, record_every=record_every)
    states = [w]
    for step in range(12):
        i = step % 4
        states.append(sgd_step(states[-1], data.x[i], data.y[i], 0.5))

    assert run.steps.tolist() == steps
    assert run.strong.shape == run.weak.shape == (len(steps), 2, 3)
    j = torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None]
    for row, step in enumerate(steps):
        assert_close(run.strong[row], j * (states[step] @ MODEL.u))
        assert_close(run.weak[row], j * (states[step] @ MODEL.v))
    assert_close(run.weights, states[-1])


@given(n=st.integers(1, 5), epochs=st.integers(1, 4), record_every=st.integers(1, 25))
def test_recording_less_changes_nothing_else(n, epochs, record_every):
    data, w = problem(n=n)
    full = train(data, w, 0.5, epochs=epochs)
    run = train(data, w, 0.5, epochs=epochs, record_every=record_every)
    assert run.steps.tolist() == full.steps.tolist()[::record_every]
    assert torch.equal(run.strong, full.strong[::record_every])
    assert torch.equal(run.weak, full.weak[::record_every])
    assert torch.equal(run.margins, full.margins)
    assert torch.equal(run.weights, full.weights)


def test_the_loss_is_half_the_squared_residual():
    data, w = problem(n=1)
    run = train(data, w, 0.5, epochs=3)
    state = w
    for epoch in range(3):
        residual = predict(state, data.x) - data.y
        assert_close(run.loss[epoch], residual**2 / 2)
        state = sgd_step(state, data.x[0], data.y[0], 0.5)


def test_the_arguments_are_left_as_they_are():
    data, w = problem()
    lr = torch.tensor([0.5, 1e9], dtype=torch.float64)
    tensors = [data.x, data.y, data.is_weak, data.u, data.v, w, lr]
    before = [t.clone() for t in tensors]
    train(data, w, lr, epochs=3)
    for now, then in zip(tensors, before, strict=True):
        assert torch.equal(now, then)


def test_a_progress_bar_only_on_request(capsys):
    data, w = problem()
    quiet = train(data, w, 0.6, epochs=3)
    assert capsys.readouterr() == ("", "")
    shown = train(data, w, 0.6, epochs=3, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "12/12" in err
    assert torch.equal(shown.weights, quiet.weights)


def test_float32():
    data, w = problem(m=3)
    single_data = MODEL.sample(4, generator=seeded(0), dtype=torch.float32)
    run, single = train(data, w, 0.5, epochs=3), train(single_data, w.float(), 0.5, epochs=3)
    for name in ("weights", "margins", "strong", "weak"):
        assert getattr(single, name).dtype == torch.float32
        assert_close(getattr(single, name).double(), getattr(run, name), 1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("order", ["cyclic", "shuffled"])
def test_on_cuda(order):
    data, w = problem()
    there = MODEL.sample(4, generator=seeded(0), device="cuda")
    lr = torch.tensor([0.5, 1e200], dtype=torch.float64)
    run = train(data, w, lr, epochs=3, order=order, generator=seeded(1))
    moved = train(there, w.cuda(), lr.cuda(), epochs=3, order=order, generator=seeded(1))
    for name in ("weights", "margins", "strong", "weak", "diverged_at"):
        assert getattr(moved, name).device.type == "cuda"
    for name in ("weights", "margins", "strong", "weak"):
        assert_close(getattr(moved, name)[0].cpu(), getattr(run, name)[0])
    assert moved.diverged_at.tolist() == run.diverged_at.tolist()
