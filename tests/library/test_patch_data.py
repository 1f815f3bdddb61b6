"""Labelled points: one data set of a batch, several as one, and a point without noise."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import (
    FeatureNoiseModel,
    PatchData,
    generators,
    init_weights,
    noiseless_point,
    one_point,
    predict,
    train,
)
from tests.library.common import assert_close, normal, seeded

MODEL = FeatureNoiseModel(d=6, u_norm=2.0, v_norm=0.4, noise_norm=0.8)
FIELDS = ("x", "y", "is_weak", "u", "v")


def same(one, other):
    """Whether two data sets agree to the bit, the features included."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in FIELDS]
    return all(a is b if a is None or b is None else torch.equal(a, b) for a, b in pairs)


def batch(*lead, n=3, u_lead=None, seed=0):
    """Random points with leading axes; u with leading axes ``u_lead``, v none."""
    x = normal(seed, *lead, n, 2, 5)
    y = torch.where(normal(seed + 1, *lead, n) > 0, 1.0, -1.0).double()
    u = None if u_lead is None else normal(seed + 2, *u_lead, 5)
    return PatchData(x, y, normal(seed + 3, *lead, n) > 1, u, normal(seed + 4, 5))


def test_one_of_a_batch_is_what_its_seed_gives_alone():
    data = MODEL.sample(4, n_weak=1, generator=generators(range(3)))
    for k in range(3):
        assert same(data[k], MODEL.sample(4, n_weak=1, generator=seeded(k)))
    assert same(data[-1], data[2])
    assert same(data[1:][0], data[1])
    assert same(data[[2, 0]][1], data[0])
    assert same(data[torch.tensor([True, False, True])][1], data[2])
    assert data[:, None].x.shape == (3, 1, 4, 3, 6)


def test_iterating_gives_the_data_sets():
    data = batch(3, u_lead=(3,))
    assert all(same(one, data[k]) for k, one in enumerate(data))
    with pytest.raises(TypeError, match="one data set"):
        list(data[0])


@pytest.mark.parametrize("u_lead", [None, (), (3,), (2, 3), (2, 1)])
def test_features_are_indexed_with_their_points(u_lead):
    data = batch(2, 3, u_lead=u_lead)
    one = data[1, 2]
    assert torch.equal(one.x, data.x[1, 2])
    if u_lead is None:
        assert one.u is None
    else:
        assert torch.equal(one.u, data.u.expand(2, 3, 5)[1, 2] if u_lead else data.u)
    assert torch.equal(one.v, data.v)


def test_features_alone_may_span_the_batch():
    data = batch(u_lead=(4,))
    assert torch.equal(data[3].u, data.u[3]) and torch.equal(data[3].x, data.x)


@pytest.mark.parametrize("index", [3, -4, (0, 0), slice(None, None), ...])
def test_an_index_reaches_leading_axes_only(index):
    data = batch(3)
    if isinstance(index, slice) or index is ...:
        assert same(data[index], data)
    else:
        with pytest.raises(IndexError):
            data[index]
    with pytest.raises(IndexError):
        data[0][0]


@given(
    lead=st.lists(st.integers(1, 3), max_size=2),
    number=st.integers(1, 4),
    u_lead=st.sampled_from([None, "none", "all"]),
)
def test_stacked_sets_come_back(lead, number, u_lead):
    u_lead = {None: None, "none": (), "all": tuple(lead)}[u_lead]
    sets = [batch(*lead, u_lead=u_lead, seed=10 * k) for k in range(number)]
    together = PatchData.stack(sets)
    assert together.x.shape == (number, *lead, 3, 2, 5)
    for k, one in enumerate(sets):
        back = together[k]
        assert torch.equal(back.x, one.x) and torch.equal(back.y, one.y)
        assert torch.equal(back.is_weak, one.is_weak)
        for name in ("u", "v"):
            feature, expected = getattr(back, name), getattr(one, name)
            if expected is None:
                assert feature is None
            else:
                assert torch.equal(feature.expand(*lead, 5), expected.expand(*lead, 5))


def test_a_shared_feature_stays_one():
    sets = [MODEL.sample(4, generator=seeded(k)) for k in range(3)]
    assert PatchData.stack(sets).u.shape == (6,)
    assert same(PatchData.stack(sets), MODEL.sample(4, generator=generators(range(3))))


def test_cat_joins_data_sets_or_points():
    data = MODEL.sample(4, generator=generators(range(5)))
    assert same(PatchData.cat([data[:2], data[2:]]), data)
    points = PatchData.cat([data[0], data[1]])
    assert points.x.shape == (8, 3, 6)
    assert torch.equal(points.y, torch.cat([data.y[0], data.y[1]]))
    both = PatchData.cat([data, data], dim=-1)
    assert both.x.shape == (5, 8, 3, 6) and torch.equal(both.u, MODEL.u)
    own = [batch(2, u_lead=(2,), seed=0), batch(3, u_lead=(), seed=5)]
    joined = PatchData.cat(own)
    assert torch.equal(joined[1].u, own[0].u[1]) and torch.equal(joined[4].u, own[1].u)
    again = PatchData.cat([own[0], own[0]], dim=1)
    assert torch.equal(again.u, own[0].u) and again.x.shape == (2, 6, 2, 5)


def test_what_cannot_be_joined():
    data, other = batch(u_lead=()), batch(u_lead=(), seed=9)
    with pytest.raises(TypeError, match="sets must be a sequence of PatchData"):
        PatchData.stack(data)
    for join in (PatchData.stack, PatchData.cat):
        with pytest.raises(ValueError, match="at least one"):
            join([])
        with pytest.raises(TypeError, match=r"sets\[1\] must be a PatchData"):
            join([data, data.x])
        with pytest.raises(ValueError, match="u or none, got it in"):
            join([data, batch()])
        with pytest.raises(TypeError, match=r"sets\[1\].x must have the dtype"):
            join([data, PatchData(data.x.float(), data.y.float(), data.is_weak)])
    with pytest.raises(ValueError, match="one shape"):
        PatchData.stack([data, batch(n=4, u_lead=())])
    with pytest.raises(ValueError, match="share u and v"):
        PatchData.cat([data, other])
    with pytest.raises(ValueError, match="agree but for axis 0"):
        PatchData.cat([batch(2), batch(2, n=4)])
    with pytest.raises(ValueError, match="more leading axes"):
        PatchData.cat([batch(1, u_lead=(2, 1)), batch(1, u_lead=(2, 1), seed=3)])
    with pytest.raises(ValueError, match="dim must be in -1..0"):
        PatchData.cat([data, data], dim=1)


@pytest.mark.parametrize("name", ["x", "u", "v"])
@pytest.mark.parametrize("value", [torch.inf, -torch.inf, torch.nan])
def test_what_is_not_finite_is_refused(name, value):
    data = MODEL.sample(2, generator=seeded(0))
    fields = {field: getattr(data, field).clone() for field in FIELDS}
    fields[name].flatten()[-1] = value
    with pytest.raises(ValueError, match=f"^{name} must be finite, got {value}"):
        PatchData(**fields)


@pytest.mark.parametrize("y", [1, -1, [1, -1, -1], torch.tensor([[1.0], [-1.0]])])
def test_a_noiseless_point_has_the_features_and_nothing_else(y):
    u, v = MODEL.u, MODEL.v
    data = noiseless_point(u, v, y)
    labels = torch.as_tensor(y).double().reshape(data.y.shape)
    assert torch.equal(data.y, labels) and not data.is_weak.any()
    assert torch.equal(data.x[..., 0, :], labels[..., None] * u)
    assert torch.equal(data.x[..., 1, :], labels[..., None] * v)
    assert not data.x[..., 2, :].any()
    assert data.u is u and data.v is v


def test_a_noiseless_point_is_the_one_of_the_theory():
    """y f = s + q − s⁻ − q⁻ (chapter 4)."""
    weights = init_weights(3, 6, 0.5, generator=seeded(1))
    for y in (1, -1):
        point = noiseless_point(MODEL.u, MODEL.v, y)
        s, q, s_other, q_other = one_point.signals(weights, MODEL.u, MODEL.v, y)
        assert_close(y * predict(weights, point.x)[0], s + q - s_other - q_other)
        assert_close(train(point, weights, 0.1, epochs=1).margins[0, 0], s + q - s_other - q_other)


def test_a_bad_noiseless_point_is_refused():
    u, v = MODEL.u, MODEL.v
    with pytest.raises(ValueError, match="y must hold labels -1 and"):
        noiseless_point(u, v, 0)
    with pytest.raises(ValueError, match="v must have shape"):
        noiseless_point(u, v[:-1])
    with pytest.raises(ValueError, match=r"u and v must have shape \(d,\)"):
        noiseless_point(u[None], v)
    with pytest.raises(TypeError, match="v must have the dtype of u"):
        noiseless_point(u, v.float())
    with pytest.raises(TypeError, match="u must be a torch.Tensor"):
        noiseless_point([2.0, 0.0], v)
    with pytest.raises(TypeError, match="y must be"):
        noiseless_point(u, v, "one")
