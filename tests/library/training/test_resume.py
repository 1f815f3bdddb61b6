"""Runs that go on: bit for bit those that never ended; and their files."""

import dataclasses
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import PatchData, Rule, Run, generators, resume, train
from benign_osc_lib.activations import Activation
from tests.library.common import seeded
from tests.library.training.rules_by_numpy import RULES
from tests.library.training.test_rules import case

DATA, WEIGHTS = case(4, 2, 3, 4, 11)
RATES = torch.tensor([[0.1, 0.2, 40.0], [0.05, 0.3, 0.1]], dtype=torch.float64)
BUSY = Rule(
    **{"momentum": 0.5, "nesterov": True, "weight_decay": 0.01, "batch_size": 3, "sam": 0.1},
    **{"label_noise": 0.2, "label_flips": 0.1, "schedule": (1.0, 0.5, 0.7)},
    **{"second_layer": "trained", "second_layer_rate": 4.0},
)


def assert_equal(now, expected):
    """Two dataclasses, field by field, tensors to the bit."""
    for field in dataclasses.fields(expected):
        a, b = getattr(now, field.name), getattr(expected, field.name)
        if isinstance(b, dict):
            assert list(a) == list(b)
            pairs = [(a[name], b[name]) for name in b]
        elif isinstance(b, torch.Tensor):
            pairs = [(a, b)]
        elif dataclasses.is_dataclass(b) and not isinstance(b, Rule):
            assert_equal(a, b)
            continue
        else:
            assert a == b and type(a) is type(b), field.name
            continue
        for mine, wanted in pairs:
            assert (mine.shape, mine.dtype) == (wanted.shape, wanted.dtype), field.name
            torch.testing.assert_close(mine, wanted, rtol=0, atol=0, equal_nan=True)


def streams(kind):
    """Of each kind, the same at each call."""
    if kind == "default":
        torch.manual_seed(3)
        return None
    return seeded(3) if kind == "one" else generators([3, 4, 5])


@pytest.mark.parametrize("engine", ["reference", "reduced"])
@given(
    rule=RULES,
    order=st.sampled_from(["cyclic", "shuffled"]),
    kind=st.sampled_from(["default", "one", "several"]),
    record_every=st.sampled_from([None, 1, 2, 3, 7, 1000]),
    parts=st.lists(st.integers(1, 2), min_size=2, max_size=4),
    margins=st.booleans(),
    more=st.booleans(),
)
def test_a_run_in_parts_is_the_run(engine, rule, order, kind, record_every, parts, margins, more):
    """One run diverges, and one may be stopped; they stay frozen."""
    how = {
        **{"rule": rule, "order": order, "record_every": record_every, "engine": engine},
        **{"margins": margins, "resumable": True},
    }
    if more:
        how |= {"overlaps": DATA.x[0], "record_weights": True, "stop_below": 0.4}
    with torch.random.fork_rng(devices=[]):
        whole = train(DATA, WEIGHTS, RATES, epochs=sum(parts), generator=streams(kind), **how)
        run = train(DATA, WEIGHTS, RATES, epochs=parts[0], generator=streams(kind), **how)
        for part in parts[1:]:
            run = resume(run, DATA, epochs=part)
    assert_equal(run, whole)


@pytest.mark.parametrize("rule", [BUSY, Rule(momentum=0.9), Rule()], ids=repr)
@pytest.mark.parametrize("engine", ["reference", "reduced"])
def test_that_a_run_can_go_on_changes_nothing(engine, rule):
    how = {"epochs": 2, "rule": rule, "engine": engine}
    run, kept = (
        train(DATA, WEIGHTS, RATES, generator=seeded(1), resumable=resumable, **how)
        for resumable in (False, True)
    )
    assert_equal(dataclasses.replace(kept, progress=None), run)


@pytest.mark.parametrize("m", [3, 4])
@given(
    record_every=st.sampled_from([None, 1, 3, 5]),
    parts=st.lists(st.integers(1, 3), min_size=2, max_size=3),
    margins=st.booleans(),
    more=st.booleans(),
)
def test_the_plain_rule_has_the_same_bits_however_it_is_asked_for(
    m, record_every, parts, margins, more
):
    """In parts or at once, and with whatever else is recorded; one of the runs diverges."""
    weights = case(4, m, 3, 4, 11)[1]
    how = {"record_every": record_every, "order": "shuffled", "engine": "reduced"}
    run = train(DATA, weights, RATES, epochs=sum(parts), generator=generators([3, 4, 5]), **how)
    how |= {"margins": margins, "resumable": True}
    if more:
        how |= {"overlaps": DATA.x[0], "record_weights": True}
    kept = train(DATA, weights, RATES, epochs=parts[0], generator=generators([3, 4, 5]), **how)
    for part in parts[1:]:
        kept = resume(kept, DATA, epochs=part)
    assert (run.diverged_at >= 0).sum() == 1
    found = dataclasses.replace(kept, progress=None, overlaps=None, path=None)
    assert_equal(found, run if margins else dataclasses.replace(run, margins=None))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("axes", [(), (2,), (2, 3), (0,)])
def test_a_file_holds_all_of_a_run(tmp_path, axes, dtype):
    tensors = {name: getattr(DATA, name).to(dtype) for name in ("x", "y", "u", "v")}
    data = PatchData(**tensors, is_weak=DATA.is_weak)
    weights = WEIGHTS.to(dtype).expand(*axes, 2, 2, 4)
    how = {"rule": BUSY, "order": "shuffled", "engine": "reference", "resumable": True}
    how |= {"overlaps": data.x[0], "record_weights": True, "stop_below": 1e-9}
    part = train(data, weights, 0.1, epochs=2, generator=seeded(3), **how)
    part.save(tmp_path / "run.npz")
    found = Run.load(tmp_path / "run.npz")
    assert_equal(found, part)
    whole = train(data, weights, 0.1, epochs=4, generator=seeded(3), **how)
    assert_equal(resume(resume(found, data, epochs=1), data, epochs=1), whole)


def test_a_plain_run_and_one_without_extras(tmp_path):
    for run in (
        train(DATA, WEIGHTS, 0.1, epochs=2),
        train(DATA, WEIGHTS, RATES, epochs=2, margins=False, rule=Rule(momentum=0.5)),
    ):
        run.save(os.fsencode(tmp_path / "run"))
        assert run.progress is None
        assert_equal(Run.load(str(tmp_path / "run")), run)
        assert_equal(Run.load(tmp_path / "run", device="cpu"), run)
    assert os.listdir(tmp_path) == ["run"]


def test_a_file_on_another_device(tmp_path):
    """What belongs to the CPU stays there."""
    run = train(DATA, WEIGHTS, 0.1, epochs=2, rule=BUSY, generator=seeded(1), resumable=True)
    run.save(tmp_path / "run")
    found = Run.load(tmp_path / "run", device="meta")
    assert {t.device.type for t in found.progress.state.values()} == {"meta"}
    assert found.weights.device.type == found.lr.device.type == "meta"
    there = (found.steps, found.seeds, found.progress.generators)
    assert {tensor.device.type for tensor in there} == {"cpu"}
    with pytest.raises(ValueError, match="^device must"):
        Run.load(tmp_path / "run", device="nowhere")


def test_numbers_of_numpy_can_be_written(tmp_path):
    how = {"record_every": np.int64(2), "stop_below": np.float64(0.1), "resumable": True}
    rule = Rule(batch_size=np.int64(2), momentum=np.float64(0.5), schedule=np.array([1.0, 0.5]))
    run = train(DATA, WEIGHTS, 0.1, epochs=np.int64(2), rule=rule, **how)
    run.save(tmp_path / "run")
    assert_equal(Run.load(tmp_path / "run"), run)


def test_a_file_is_readable_without_this_library_and_holds_no_pickle(tmp_path):
    run = train(DATA, WEIGHTS, 0.1, epochs=2)
    run.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as found:
        assert np.array_equal(found["run.weights"], run.weights.numpy())


def test_a_file_that_is_damaged_anywhere_is_refused(tmp_path):
    """One bit flipped; cut; followed by something."""
    path = tmp_path / "run"
    train(*case(1, 1, 3, 2, 0), 0.1, epochs=1, margins=False, record_every=None).save(path)
    whole = path.read_bytes()
    places = [*range(0, len(whole) - 120, 37), *range(len(whole) - 120, len(whole))]
    damaged = [whole[:k] + bytes([whole[k] ^ 1 << k % 8]) + whole[k + 1 :] for k in places]
    damaged += [whole[:k] for k in places] + [whole + b"\0", whole + whole]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="^path must be a file with a run, got .*run"):
            Run.load(path)


@pytest.mark.parametrize("path", ["", b"", "run\0"])
def test_a_path_that_names_no_file(path):
    run = train(DATA, WEIGHTS, 0.1, epochs=1)
    for use in (run.save, Run.load):
        with pytest.raises(ValueError, match="^path must be that of a file, got "):
            use(path)


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "run"
    with pytest.raises(FileNotFoundError):
        Run.load(path)
    with pytest.raises(OSError):
        Run.load(tmp_path)
    np.savez(tmp_path / "other.npz", about=np.array("{}"))
    with zipfile.ZipFile(tmp_path / "archive.npz", "w") as archive:
        archive.writestr("about.npy", pickle.dumps("about"))
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(3))
    (tmp_path / "text.npz").write_text("a run", encoding="utf-8")
    for file in tmp_path.glob("*.npz"):
        with pytest.raises(ValueError, match="^path must be a file with a run"):
            Run.load(file)
    for wrong in (3, None, ["run"]):
        with pytest.raises(TypeError, match="^path must be a path, got"):
            Run.load(wrong)
        with pytest.raises(TypeError, match="^path must be a path, got"):
            train(DATA, WEIGHTS, 0.1, epochs=1).save(wrong)


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    run = train(DATA, WEIGHTS, 0.1, epochs=1)
    run.save(tmp_path / "run")
    own = Activation(torch.relu, lambda z: max(z, 0.0), lambda z: float(z > 0), "own")
    custom = dataclasses.replace(run, rule=Rule(activation=own))
    with pytest.raises(ValueError, match="^activation must be one with a name.*own"):
        custom.save(tmp_path / "run")

    def full(_):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        train(DATA, WEIGHTS, 0.2, epochs=1).save(tmp_path / "run")
    assert_equal(Run.load(tmp_path / "run"), run)
    assert os.listdir(tmp_path) == ["run"]
    with pytest.raises(FileNotFoundError):
        run.save(tmp_path / "no folder" / "run")


# --- What does not fit -------------------------------------------------------------------------


def test_resuming_needs_what_was_kept():
    run = train(DATA, WEIGHTS, RATES, epochs=1)
    with pytest.raises(ValueError, match="^run must have been trained with resumable=True"):
        resume(run, DATA, epochs=1)
    kept = train(DATA, WEIGHTS, RATES, epochs=1, resumable=True)
    with pytest.raises(ValueError, match="^run must have been trained with resumable=True"):
        resume(kept[0], DATA, epochs=1)
    with pytest.raises(TypeError, match="^run must be a Run, got dict"):
        resume({}, DATA, epochs=1)
    with pytest.raises(TypeError, match="^data must be a PatchData, got Tensor"):
        resume(kept, DATA.x, epochs=1)


def test_other_data_are_refused(tmp_path):
    run = train(DATA, WEIGHTS, RATES, epochs=1, margins=False, resumable=True)
    many = DATA.x.expand(5, 2, 3, 4, 3, 4), DATA.y.expand(5, 2, 3, 4)
    for other in (
        PatchData(DATA.x[:3], DATA.y[:3], DATA.is_weak[:3], DATA.u, DATA.v),
        PatchData(DATA.x[:, :1], DATA.y, DATA.is_weak, DATA.u, DATA.v),
        PatchData(DATA.x[..., :3], DATA.y, DATA.is_weak, DATA.u[:3], DATA.v[:3]),
    ):
        with pytest.raises(ValueError, match=r"^data\.x must have shape \(\.\.\., 4, 3, 4\)"):
            resume(run, other, epochs=1)
    weak = DATA.is_weak.expand(5, 2, 3, 4)
    with pytest.raises(ValueError, match=r"^data must have leading axes that are those of run"):
        resume(run, PatchData(*many, weak, DATA.u, DATA.v), epochs=1)
    with pytest.raises(ValueError, match="leading axes must broadcast together, but run has"):
        resume(
            run,
            PatchData(many[0][0, :, :2], many[1][0, :, :2], weak[0, :, :2], DATA.u, DATA.v),
            epochs=1,
        )
    single = PatchData(DATA.x.float(), DATA.y.float(), DATA.is_weak, DATA.u.float(), DATA.v.float())
    with pytest.raises(TypeError, match="must have the dtype of"):
        resume(run, single, epochs=1)
    run.save(tmp_path / "run")
    with pytest.raises(ValueError, match="must be on the device of"):
        resume(Run.load(tmp_path / "run", device="meta"), DATA, epochs=1)


def test_the_given_generators_are_not_touched():
    stream = seeded(4)
    how = {"order": "shuffled", "generator": stream, "resumable": True}
    run, before = train(DATA, WEIGHTS, 0.1, epochs=2, **how), stream.get_state()
    again = resume(run, DATA, epochs=2)
    assert torch.equal(stream.get_state(), before)
    assert_equal(resume(run, DATA, epochs=2), again)
    assert again.seeds == 4


def test_nothing_is_kept_that_is_not_wanted():
    assert train(DATA, WEIGHTS, 0.1, epochs=2, order="shuffled").progress is None
    how = {"resumable": True, "engine": "reference"}
    kept = train(DATA, WEIGHTS, 0.1, epochs=2, **how).progress
    assert kept.generators is None and kept.state == {}


# --- Parts of a batch --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "index",
    [
        *(0, -1, (1, 2), slice(1), (slice(None), 2), ..., (..., 0), (0, ...), (..., None, 1), None),
        *([0, 1], torch.tensor([1, 0]), RATES > 0.15, (0, torch.tensor([True, False, True]))),
        *((0, ..., 1), (1, 2, ...), np.array([True, False]), ()),
    ],
    ids=str,
)
def test_a_part_of_a_batch_has_its_part_of_every_field(index):
    how = {"rule": BUSY, "overlaps": DATA.x[0], "record_weights": True, "resumable": True}
    run = train(DATA, WEIGHTS, RATES, epochs=2, generator=generators([7, 8, 9]), **how)
    places, part = torch.arange(6).reshape(2, 3)[index], run[index]
    assert part.progress is None and part.rule == BUSY and torch.equal(part.steps, run.steps)
    assert torch.equal(part.seeds, torch.tensor([7, 8, 9]).expand(2, 3)[index])
    for name in ("weights", "margins", "strong", "weak", "diverged_at", "lr", "stopped_at"):
        flat = getattr(run, name).flatten(0, 1)
        assert torch.equal(getattr(part, name), flat[places]), name
    for name in ("second_layer", "overlaps", "path"):
        assert torch.equal(getattr(part, name), getattr(run, name).flatten(0, 1)[places]), name
    assert torch.equal(part.loss, run.loss.flatten(0, 1)[places])


@pytest.mark.parametrize("index", [2, (0, 3), (0, 0, 0), (..., 0, 0, 0)], ids=str)
def test_an_index_cannot_reach_other_axes(index):
    with pytest.raises(IndexError):
        train(DATA, WEIGHTS, RATES, epochs=1)[index]
