"""Runs trained on a device."""

import json

import pytest
import torch

from tests.library.sweeps.common import GRID, assert_same, run


def test_the_cpu_is_the_default(serial, tmp_path):
    for device in ("cpu", torch.device("cpu"), "cpu:0"):
        assert_same(run(device=device, store=tmp_path), serial)
    assert "device" not in (tmp_path / "sweep.json").read_text()


def test_the_runs_are_moved_to_the_device(counted, tmp_path):
    """Tensors on "meta" have no numbers: whoever looks at them fails."""
    with pytest.raises(RuntimeError, match="the sweep stopped with 0 of 1 blocks done.*Error"):
        run(device="meta", store=tmp_path)
    assert len(counted) == 1
    assert json.loads((tmp_path / "sweep.json").read_text())["grid"]["device"] == "meta"
    with pytest.raises(ValueError, match="device is 'meta' there and not given here"):
        run(store=tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="it has one")
def test_a_device_that_is_not_here_is_found_before_anything_runs(tmp_path):
    with pytest.raises(ValueError, match="^device must be one of this machine, got 'cuda'"):
        run(device="cuda", store=tmp_path)
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda(serial):
    found = run(device="cuda")
    assert found.attrs["device"] == "cuda"
    for name in ("accuracy_weak", "strong_signal", "oscillation"):
        stable = serial.sel(lr=GRID["lr"][:1])
        difference = abs(found[name].sel(lr=GRID["lr"][:1]) - stable[name])
        assert difference.max() < 1e-9
