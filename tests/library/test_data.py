"""The data model: what each patch is, how noise and labels are distributed, what a seed means."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benign_osc_lib import FeatureNoiseModel, PatchData, generators
from tests.library.common import FALSE_ALARM, seeded

MODEL = FeatureNoiseModel(d=64, u_norm=2.0, v_norm=0.4, noise_norm=0.8)


@st.composite
def models(draw):
    u_norm = draw(st.floats(0.1, 10))
    return FeatureNoiseModel(
        d=draw(st.integers(3, 20)),
        u_norm=u_norm,
        v_norm=u_norm * draw(st.floats(0.01, 1)),
        noise_norm=draw(st.floats(0.1, 10)),
        rho=draw(st.floats(0, 0.49)),
    )


@given(model=models())
def test_the_features_are_orthogonal_with_the_given_norms(model):
    assert model.u.shape == model.v.shape == (model.d,)
    assert model.u.dtype == model.v.dtype == torch.float64
    assert model.u.norm().item() == pytest.approx(model.u_norm, rel=1e-14, abs=0)
    assert model.v.norm().item() == pytest.approx(model.v_norm, rel=1e-14, abs=0)
    assert model.u @ model.v == 0
    assert model.nu == pytest.approx(
        (model.v.norm() / model.u.norm()).item() ** 2, rel=1e-12, abs=0
    )
    assert model.sigma_p * model.d**0.5 == pytest.approx(model.noise_norm, rel=1e-14, abs=0)


@given(model=models(), n=st.integers(1, 12), seed=st.integers(0, 10**6))
def test_the_patches_are_as_documented(model, n, seed):
    """(y u, y v, ξ) in a strong point, (ξ̃, y v, ξ) in a weak one, with noise ⟂ u, v."""
    data = model.sample(n, generator=seeded(seed))
    assert data.x.shape == (n, 3, model.d)
    assert data.y.shape == data.is_weak.shape == (n,)
    assert data.is_weak.dtype == torch.bool
    assert set(data.y.tolist()) <= {-1.0, 1.0}
    for x_i, y_i, weak in zip(data.x, data.y, data.is_weak, strict=True):
        noise = [x_i[2]]
        if weak:
            noise.append(x_i[0])
        else:
            assert torch.equal(x_i[0], y_i * model.u)
        assert torch.equal(x_i[1], y_i * model.v)
        for patch in noise:
            assert patch.norm() > 0
            assert abs(patch @ model.u).item() <= 1e-12
            assert abs(patch @ model.v).item() <= 1e-12


@pytest.mark.parametrize("d", [3, 4, 16, 64])
def test_the_noise_has_the_stated_length(d):
    """‖ξ‖²/σ_p² is chi-square with d − 2 degrees of freedom, for both noise patches."""
    model = FeatureNoiseModel(d, 2.0, 0.4, 0.8)
    data = model.sample(5000, n_weak=5000, generator=seeded(d))
    for patch in (0, 2):
        squared = data.x[:, patch].square().sum(-1) / model.sigma_p**2
        assert stats.kstest(squared.numpy(), stats.chi2(d - 2).cdf).pvalue > FALSE_ALARM


def test_the_noise_is_the_same_in_all_directions():
    """Along any unit vector ⟂ u, v a noise patch is N(0, σ_p²)."""
    noise = MODEL.sample(5000, generator=seeded(1)).x[:, 2]
    random = torch.randn(62, generator=seeded(2), dtype=torch.float64)
    last, diagonal = torch.zeros(62), torch.ones(62)
    last[-1] = 1
    for direction in (random, last, diagonal):
        along = noise[:, 2:] @ (direction.double() / direction.norm()) / MODEL.sigma_p
        assert stats.kstest(along.numpy(), "norm").pvalue > FALSE_ALARM


def test_noise_patches_are_independent():
    """⟨ξ, ξ'⟩/σ_p², summed over n pairs, has mean 0 and variance n (d − 2)."""
    n = 4000
    x = MODEL.sample(n, n_weak=n, generator=seeded(3)).x
    pairs = {"within a point": (x[:, 0], x[:, 2]), "between points": (x[1:, 2], x[:-1, 2])}
    for a, b in pairs.values():
        total = (a * b).sum() / MODEL.sigma_p**2 / (len(a) * (MODEL.d - 2)) ** 0.5
        assert abs(total.item()) < stats.norm.isf(FALSE_ALARM / 2)


def test_labels_are_balanced():
    y = FeatureNoiseModel(3, 2.0, 0.4, 0.8).sample(200_000, generator=seeded(4)).y
    assert stats.binomtest(int((y == 1).sum()), len(y), 0.5).pvalue > FALSE_ALARM


@pytest.mark.parametrize("rho", [0.0, 0.01, 0.125, 0.45])
def test_weak_points_come_with_probability_rho(rho):
    """Overall, and with either label."""
    data = FeatureNoiseModel(3, 2.0, 0.4, 0.8, rho).sample(200_000, generator=seeded(5))
    for group in (data.is_weak, data.is_weak[data.y == 1], data.is_weak[data.y == -1]):
        assert stats.binomtest(int(group.sum()), len(group), rho).pvalue > FALSE_ALARM


@given(n=st.integers(1, 20), seed=st.integers(0, 10**6), data=st.data())
def test_the_number_of_weak_points_can_be_fixed(n, seed, data):
    n_weak = data.draw(st.integers(0, n))
    drawn = MODEL.sample(n, n_weak=n_weak, generator=generators([seed, seed + 1]))
    assert drawn.is_weak.sum(-1).tolist() == [n_weak, n_weak]


def test_a_fixed_number_of_weak_points_lies_at_random_places():
    """Of the 10 ways to place 2 weak points among 5, each comes up in a tenth of 3000 draws."""
    is_weak = (
        FeatureNoiseModel(3, 2.0, 0.4, 0.8)
        .sample(5, n_weak=2, generator=generators(range(3000)))
        .is_weak
    )
    places = (is_weak * 2 ** torch.arange(5)).sum(-1)
    _, counts = places.unique(return_counts=True)
    assert len(counts) == 10
    assert stats.chisquare(counts.numpy()).pvalue > FALSE_ALARM


def test_labels_do_not_depend_on_the_places_of_the_weak_points():
    data = FeatureNoiseModel(3, 2.0, 0.4, 0.8).sample(20_000, n_weak=5000, generator=seeded(6))
    weak_labels = data.y[data.is_weak]
    assert stats.binomtest(int((weak_labels == 1).sum()), 5000, 0.5).pvalue > FALSE_ALARM


@given(numbers=st.lists(st.integers(0, 10**6), min_size=1, max_size=5), n=st.integers(1, 6))
def test_a_seed_means_the_same_data_for_every_batch_size(numbers, n):
    batch = MODEL.sample(n, generator=generators(numbers))
    assert batch.x.shape == (len(numbers), n, 3, MODEL.d)
    for k, number in enumerate(numbers):
        alone = MODEL.sample(n, generator=seeded(number))
        for name in ("x", "y", "is_weak"):
            assert torch.equal(getattr(batch, name)[k], getattr(alone, name))


def test_seeds_and_successive_draws_differ():
    stream = seeded(7)
    first, second = MODEL.sample(4, generator=stream), MODEL.sample(4, generator=stream)
    other = MODEL.sample(4, generator=seeded(8))
    assert not torch.equal(first.x[:, 2], second.x[:, 2])
    assert not torch.equal(first.x[:, 2], other.x[:, 2])


def test_a_fixed_number_of_weak_points_changes_nothing_else():
    free = MODEL.sample(50, generator=seeded(9))
    fixed = MODEL.sample(50, n_weak=50, generator=seeded(9))
    assert torch.equal(free.y, fixed.y)
    assert torch.equal(free.x[:, 1:], fixed.x[:, 1:])
    assert torch.equal(free.x[free.is_weak], fixed.x[free.is_weak])


def test_only_without_a_generator_is_the_global_stream_used():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        before = torch.get_rng_state()
        given_one = MODEL.sample(4, generator=seeded(5))
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.equal(MODEL.sample(4).x, given_one.x)
        assert not torch.equal(MODEL.sample(4).x, given_one.x)


def test_float32_data_are_the_float64_data_rounded():
    double = MODEL.sample(20, generator=seeded(10))
    single = MODEL.sample(20, generator=seeded(10), dtype=torch.float32)
    assert double.x.dtype == torch.float64
    for name in ("x", "y", "u", "v"):
        assert torch.equal(getattr(single, name), getattr(double, name).float())
    assert torch.equal(single.is_weak, double.is_weak)


def test_the_default_device_does_not_matter():
    """A seed means the same data on every device, also where torch's default device is set."""
    expected = MODEL.sample(4, generator=seeded(11))
    with torch.device("meta"):
        drawn = MODEL.sample(4, generator=seeded(11))
    assert torch.equal(drawn.x, expected.x)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda():
    here, there = (MODEL.sample(20, generator=seeded(12), device=to) for to in (None, "cuda"))
    for name in ("x", "y", "is_weak", "u", "v"):
        assert getattr(there, name).device.type == "cuda"
        assert torch.equal(getattr(there, name).cpu(), getattr(here, name))


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_features_can_be_read_off_the_patches(batched, dtype):
    generator = generators([1, 2]) if batched else seeded(1)
    data = MODEL.sample(12, n_weak=3, generator=generator, dtype=dtype)
    bare = PatchData(x=data.x, y=data.y, is_weak=data.is_weak)
    for read, feature in zip(bare.features(), (MODEL.u, MODEL.v), strict=True):
        assert torch.equal(read, feature.to(dtype).expand_as(read))


def test_given_features_are_believed():
    u, v = torch.full((64,), 3.0), torch.full((64,), 5.0)
    data = MODEL.sample(4, generator=seeded(1), dtype=torch.float32)
    assert dataclasses.replace(data, u=u, v=v).features() == (u, v)


def test_without_strong_points_u_cannot_be_read():
    data = MODEL.sample(4, n_weak=4, generator=seeded(1))
    with pytest.raises(ValueError, match="^u must be given"):
        dataclasses.replace(data, u=None, v=None).features()


def test_with_one_patch_v_cannot_be_read():
    data = MODEL.sample(4, n_weak=0, generator=seeded(1))
    with pytest.raises(ValueError, match="^v must be given"):
        PatchData(x=data.x[:, :1], y=data.y, is_weak=data.is_weak).features()


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
@pytest.mark.parametrize(("name", "patch"), [("u", 0), ("v", 1)])
def test_patches_that_differ_show_no_feature(name, patch, scale):
    """Noise in the place of a feature is noticed, however large or small the numbers are."""
    data = FeatureNoiseModel(64, 2 * scale, 0.4 * scale, 0.8 * scale).sample(
        4, n_weak=0, generator=seeded(1)
    )
    x = data.x.clone()
    x[:, patch] = x[:, 2]
    with pytest.raises(ValueError, match=f"^{name} must be given"):
        PatchData(x=x, y=data.y, is_weak=data.is_weak).features()


def test_runs_of_different_models_make_one_batch():
    """Each run of a batch shows its own features."""
    models = [FeatureNoiseModel(8, 2.0, v_norm, 0.5) for v_norm in (0.4, 1.0)]
    draws = [model.sample(6, n_weak=k, generator=seeded(k)) for k, model in enumerate(models)]
    x, y, is_weak = (torch.stack([getattr(d, f) for d in draws]) for f in ("x", "y", "is_weak"))
    u, v = PatchData(x=x, y=y, is_weak=is_weak).features()
    assert torch.equal(u, torch.stack([model.u for model in models]))
    assert torch.equal(v, torch.stack([model.v for model in models]))


@pytest.mark.parametrize("layout", ["swapped", "oblique"])
def test_what_cannot_be_u_is_not_read_as_u(layout):
    """One point x = (y·v, y·u), as section 3 of the paper writes it, must not swap the two."""
    u, v = MODEL.u, MODEL.v
    patches = [v, u] if layout == "swapped" else [u + v, v]
    data = PatchData(torch.stack(patches)[None], torch.ones(1).double(), torch.tensor([False]))
    with pytest.raises(ValueError, match="^u must be given"):
        data.features()
    with pytest.warns(UserWarning, match="do not show u"):
        read_u, _ = data.features_or_nan()
    assert read_u.isnan().all()


def test_tiny_and_huge_features_leave_the_noise_clean():
    for norm in (1e-170, 1e-100, 1e100, 1e155):
        model = FeatureNoiseModel(8, norm, norm, 1.0)
        x = model.sample(5, n_weak=5, generator=seeded(1)).x
        assert x.isfinite().all() and (x[:, 2, :2] == 0).all() and model.nu == 1


def test_a_model_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        MODEL.rho = 0.2
    assert dataclasses.replace(MODEL, rho=0.2).rho == 0.2
