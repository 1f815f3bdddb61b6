"""A short run alone is trained in the calling thread, a long one beside it."""

import pytest
import torch

from benign_osc_lib import FeatureNoiseModel, generators, init_weights, train
from benign_osc_lib.engine import reduced


@pytest.fixture
def pools(monkeypatch):
    """The pools of threads that are made during a test."""
    made = []

    class Pool(reduced.ThreadPoolExecutor):
        def __init__(self, *arguments):
            made.append(self)
            super().__init__(*arguments)

    monkeypatch.setattr(reduced, "ThreadPoolExecutor", Pool)
    return made


def run(**options):
    (stream,) = generators([0])
    data = FeatureNoiseModel(8, 2.0, 0.4, 0.8).sample(4, n_weak=1, generator=stream)
    w = init_weights(3, 8, 0.1, generator=stream)
    return train(data, w, 0.5, epochs=10, engine="reduced", **options)


def test_a_short_run_needs_no_thread(pools, monkeypatch):
    """To start one takes longer than the run."""
    here = run()
    assert not pools
    monkeypatch.setattr(reduced, "SOON", 0)
    there = run()
    assert len(pools) == 1
    for name in ("weights", "margins", "strong", "weak", "diverged_at"):
        assert torch.equal(getattr(here, name), getattr(there, name))


def test_its_bar_is_full_at_the_end(pools, capsys):
    run(progress=True)
    assert not pools and "40/40" in capsys.readouterr().err


def test_norms_out_of_range_are_refused_here_too(pools):
    (stream,) = generators([0])
    data = FeatureNoiseModel(8, 2e200, 0.4, 0.8).sample(4, generator=stream)
    with pytest.raises(ValueError, match="data.x must have no vectors so long"):
        train(data, torch.zeros(2, 3, 8).double(), 0.5, epochs=1, engine="reduced")
    assert not pools


@pytest.mark.parametrize(("patches", "filters", "d"), [(1, 2, 1), (96, 128, 64), (3, 2, 10**5)])
def test_a_long_run_does_not_count_as_short(patches, filters, d):
    """Ctrl-C would have to wait for it."""
    assert reduced.most_work(10**7, patches, filters, d, 2) > reduced.SOON
