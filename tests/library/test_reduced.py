"""The reduced engine against the reference engine, and against arithmetic of its own."""

import multiprocessing
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from benign_osc_lib import (
    FeatureNoiseModel,
    PatchData,
    generators,
    init_weights,
    predict,
    train,
)
from benign_osc_lib.engine import reduced
from tests.library.common import assert_close, normal, seeded

OWN_AXES = {"weights": 3, "margins": 2, "strong": 3, "weak": 3}
"""The fields of a Run that hold floats, with the number of axes that belong to one run."""

MODEL = FeatureNoiseModel(d=8, u_norm=2.0, v_norm=0.4, noise_norm=0.8, rho=0.25)

# Every pair of a row length and a number of patches is compiled once, which takes seconds. Up to 8
# filters and 18 or 34 make rows of 8, the others here rows of 16; those come with 3 patches only.
ROWS_OF_8, ROWS_OF_16 = (1, 2, 3, 4, 9, 17), (5, 7, 8, 16)


def both(data, weights, lr, *, seeds=None, **options):
    """The run of the reduced engine and that of the reference. Their generators are equal."""
    runs = []
    for engine in ("reduced", "reference"):
        if seeds is not None:
            generator = generators(seeds) if isinstance(seeds, list) else seeded(seeds)
            options |= {"order": "shuffled", "generator": generator}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "the patches do not show")
            runs.append(train(data, weights, lr, engine=engine, **options))
    return runs


def largest_error(now, expected, start=None):
    """The largest difference in a field of a run, relative to its largest entry there.

    Final weights may all but vanish: their errors are also relative to the initial ones, if given.
    """
    errors = [0.0]
    for name, own in OWN_AXES.items():
        a, b = getattr(now, name), getattr(expected, name)
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
    for name in (*OWN_AXES, "diverged_at", "steps"):
        assert torch.equal(getattr(now, name), getattr(expected, name)), name


def problem(n=4, m=4, model=MODEL, scale=0.1, seed=0, **kind):
    stream = seeded(seed)
    data = model.sample(n, generator=stream, **kind)
    return data, init_weights(m, model.d, scale, generator=stream, **kind)


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


# --- The reference engine's run ----------------------------------------------------------------


@given(layout=layouts(), lr=st.floats(0.01, 0.5), record_every=recordings, seeds=orders)
def test_any_layout(layout, lr, record_every, seeds):
    """200 steps at rates up to κ = 1."""
    data, m, seed = layout
    w = normal(seed + 3, 2, m, data.x.shape[-1]) / 2
    epochs = -(-200 // data.y.shape[-1])
    assert_same_path(data, w, lr * m, epochs=epochs, record_every=record_every, seeds=seeds)


def test_weights_that_vanish():
    """Two points pull a filter to 0: what is left is a rounding of the start, in each engine."""
    x = torch.tensor([[[-1.0]], [[1.0]]], dtype=torch.float64)
    y, u = torch.tensor([-1.0, 1.0], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64)
    data = PatchData(x, y, torch.zeros(2, dtype=torch.bool), u, u)
    w = normal(19195, 2, 1, 1) / 2
    run = both(data, w, 0.25, epochs=100)[1]
    assert run.weights.abs().max() < 1e-20 * w.abs().max()
    assert_same_path(data, w, 0.25, epochs=100)


@given(
    n=st.integers(1, 8),
    d=st.integers(3, 12),
    m=st.sampled_from(ROWS_OF_8 + ROWS_OF_16),
    kappa=st.floats(0.05, 1.25),
    rotated=st.booleans(),
    record_every=recordings,
    seeds=orders,
    choice=st.data(),
)
def test_the_paper_s_layout(n, d, m, kappa, rotated, record_every, seeds, choice):
    """200 steps with any number of weak points; once rotated, nothing is orthogonal exactly."""
    model = FeatureNoiseModel(d, 2.0, 0.4, 0.8)
    stream = seeded(n + 13 * d)
    data = model.sample(n, n_weak=choice.draw(st.integers(0, n)), generator=stream)
    if rotated:
        turn = rotation(d, 3)
        data = replace(data, x=data.x @ turn, u=data.u @ turn, v=data.v @ turn)
    w = init_weights(m, d, 0.1, generator=stream)
    lr = kappa * m / (2 * model.u_norm**2)
    epochs = -(-200 // n)
    assert_same_path(data, w, lr, epochs=epochs, record_every=record_every, seeds=seeds)


@pytest.mark.parametrize("kappa", [1.4, 1.55, 1.8])
def test_in_the_chaotic_range_while_rounding_stays_small(kappa):
    data, w = problem(n=6, m=8)
    assert_same_run(*both(data, w, kappa * 8 / (2 * MODEL.u_norm**2), epochs=5), 1e-8)


@given(seed=st.integers(0, 10**6), kappa=st.floats(0.05, 1.1), n=st.integers(1, 6))
def test_float32(seed, kappa, n):
    data, w = problem(n=n, m=3, seed=seed, dtype=torch.float32)
    assert_same_path(data, w, kappa * 3 / (2 * MODEL.u_norm**2), 1e-3, epochs=10)


@pytest.mark.parametrize("seeds", [None, 5])
def test_what_cannot_be_recorded_is_nan_with_a_warning(seeds):
    x = normal(1, 4, 3, 6) / 3
    data = PatchData(x, torch.ones(4).double(), torch.zeros(4, dtype=torch.bool))
    w = normal(2, 2, 3, 6)
    with pytest.warns(UserWarning, match="do not show u and v"):
        run = train(data, w, 0.3, epochs=3, engine="reduced")
    assert run.strong.isnan().all() and run.weak.isnan().all()
    with pytest.warns(UserWarning, match="do not show v"):
        run = train(replace(data, u=x[0, 0]), w, 0.3, epochs=3, engine="reduced")
    assert run.strong.isfinite().all() and run.weak.isnan().all()
    assert_same_run(*both(data, w, 0.3, epochs=3, seeds=seeds))


def test_autograd_does_not_see_it():
    data, w = problem()
    data = replace(data, x=data.x.requires_grad_(), u=data.u.requires_grad_(), v=None)
    lr = torch.tensor([0.2, 0.6], dtype=torch.float64, requires_grad=True)
    now, expected = both(data, w.requires_grad_(), lr, epochs=3)
    assert_same_run(now, expected)
    assert not any(getattr(now, name).requires_grad for name in OWN_AXES)


def test_the_default_device_does_not_matter():
    data, w = problem()
    here = train(data, w, torch.tensor(0.5), epochs=2, engine="reduced")
    lr = torch.tensor(0.5)
    with torch.device("meta"):
        there = train(data, w, lr, epochs=2, engine="reduced")
    assert_equal_runs(there, here)


# --- Batches -----------------------------------------------------------------------------------


def strided(tensor, kind, own):
    """The same numbers in memory of another kind; ``own`` axes belong to one run."""
    if kind == "reversed in memory":
        axes = tuple(range(tensor.dim()))
        return tensor.permute(axes[::-1]).contiguous().permute(axes[::-1])
    if kind == "every second":
        return torch.stack([tensor, tensor * 0], -1)[..., 0]
    if kind == "expanded" and tensor.dim() > own:
        return tensor[:1].expand_as(tensor)
    return tensor.contiguous()


KINDS = st.sampled_from(["contiguous", "reversed in memory", "every second", "expanded"])


@given(
    layout=st.sampled_from([(), (1,), (3,)]).flatmap(lambda axes: layouts(most=4, batch=axes)),
    lr_axes=st.sampled_from([(), (3,), (2, 1), (2, 3), (1, 1)]),
    w_axes=st.sampled_from([(), (3,), (2, 1, 1), (2, 1, 3)]),
    kinds=st.tuples(KINDS, KINDS, KINDS, KINDS),
    seeds=st.sampled_from([None, 5, [5], [5, 6, 7]]),
    own_features=st.booleans(),
)
def test_batch_axes_of_every_kind(layout, lr_axes, w_axes, kinds, seeds, own_features):
    data, m, seed = layout
    axes, d = data.y.shape[:-1], data.x.shape[-1]
    x, y = strided(data.x, kinds[0], 3), strided(data.y, kinds[1], 1)
    data = replace(data, x=x, y=y, v=normal(seed + 9, *axes, d) if own_features else data.v)
    w = strided(normal(seed + 4, *w_axes, 2, m, d) / 2, kinds[2], 3)
    lr = strided(
        m / 2 * torch.rand(lr_axes, generator=seeded(seed), dtype=torch.float64), kinds[3], 0
    )
    assert_same_path(data, w, lr + 0.01, epochs=5, record_every=3, seeds=seeds)


@pytest.mark.parametrize("seeds", [None, [1, 2, 3, 4, 5]])
@pytest.mark.parametrize("m", [3, 8])
def test_a_run_does_not_depend_on_the_others(m, seeds):
    """Bitwise: alone, in another place, with another number of threads."""
    data = MODEL.sample(6, generator=generators(range(5)))
    w = init_weights(m, MODEL.d, 0.2, generator=generators(range(5, 10)))
    lr = torch.tensor([0.1, 0.4, 1e200, 3.0, 0.6], dtype=torch.float64)

    def run(chosen):
        options = {"epochs": 6, "record_every": 4, "engine": "reduced"}
        if seeds:
            order = generators([seeds[k] for k in chosen])
            options |= {"order": "shuffled", "generator": order}
        fields = {name: getattr(data, name)[chosen] for name in ("x", "y", "is_weak")}
        return train(replace(data, **fields), w[chosen], lr[chosen], **options)

    together = run(range(5))
    assert (together.diverged_at >= 0).sum() == 2
    for k in range(5):
        assert_equal_runs(run([k])[0], together[k])
    order = [3, 0, 4, 2, 1]
    assert_equal_runs(run(order), together[order])
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            assert_equal_runs(run(range(5)), together)
    finally:
        torch.set_num_threads(threads)


def test_runs_with_few_data_sets_and_many_rates():
    """Those that share data are trained together; the result stays in the order of the call."""
    data = MODEL.sample(4, generator=generators(range(3)))
    w = init_weights(2, MODEL.d, 0.2, generator=generators(range(2)))[:, None, None]
    lr = torch.linspace(0.1, 0.6, 50, dtype=torch.float64)[:, None]
    now, expected = both(data, w, lr, epochs=4)
    assert now.diverged_at.shape == (2, 50, 3)
    assert_same_run(now, expected)


@pytest.mark.parametrize("axes", ["data", "weights", "lr"])
def test_a_batch_may_be_empty(axes):
    data, w = problem()
    lr = torch.tensor(0.5, dtype=torch.float64)
    if axes == "data":
        fields = {name: getattr(data, name).expand(0, *getattr(data, name).shape) for name in "xy"}
        data = replace(data, is_weak=data.is_weak.expand(0, 4), **fields)
    if axes == "weights":
        w = w.expand(0, *w.shape)
    if axes == "lr":
        lr = lr.expand(0)
    assert_same_run(*both(data, w, lr, epochs=2))


# --- Divergence --------------------------------------------------------------------------------


@given(layout=layouts(), lr=st.floats(-3, 150), scale=st.floats(-3, 3), seeds=orders)
def test_divergence_and_the_frozen_state(layout, lr, scale, seeds):
    """Rates from 10⁻³ to 10¹⁵⁰, and starts that have diverged."""
    data, m, seed = layout
    w = 10**scale * normal(seed + 5, 2, m, data.x.shape[-1])
    assert_same_path(data, w, 10.0**lr, epochs=4, seeds=seeds)


@pytest.mark.parametrize("m", [1, 4, 8])
@pytest.mark.parametrize("scale", [1e3, 1e10, 1e100, 1e155, 1e300])
def test_a_run_may_start_out_diverged(scale, m):
    data, w = problem(m=m)
    now, expected = both(data, scale * w, 0.1, epochs=2)
    assert now.diverged_at == (0 if scale > 1e3 else expected.diverged_at)
    assert_same_run(now, expected)


def test_rates_across_the_threshold_of_divergence():
    data, w = problem(n=5, m=2)
    now, expected = both(data, w, torch.logspace(-1, 2, 300, dtype=torch.float64), epochs=4)
    assert now.diverged_at.unique().numel() > 5
    assert_same_run(now, expected)


def one_filter_each(z_plus, z_minus, aside=0.0, **kind):
    """Two equal points x = (1, 0), m = 1, and filters (z_plus, aside) and (z_minus, 0)."""
    kind = {"dtype": torch.float64, **kind}
    x = torch.tensor([[[1.0, 0.0]]] * 2, **kind)
    data = PatchData(x, -torch.ones(2, **kind), torch.zeros(2, dtype=torch.bool), x[0, 0], x[0, 0])
    return data, torch.tensor([[[z_plus, aside]], [[z_minus, 0.0]]], **kind)


@pytest.mark.parametrize("lr", [1e150, 1e153, 1e155, 1e200, 1e300])
def test_weights_that_overflow_where_no_point_sees_it(lr):
    """The update turns off the one filter: f = 0 on every point, however large it is."""
    now, expected = both(*one_filter_each(0.5, -0.3), lr, epochs=2)
    assert now.diverged_at == (1 if lr > 1e154 else -1)
    assert_same_run(now, expected)


@pytest.mark.parametrize("aside", [1e150, 1e155, 1e300])
def test_weights_that_overflow_beside_the_patches(aside):
    now, expected = both(*one_filter_each(0.5, 0.3, aside), 0.1, epochs=2)
    assert now.diverged_at == (1 if aside > 1e154 else -1)
    assert_same_run(now, expected)


@pytest.mark.parametrize("lr", [1e307, 1e308, 1.7e308])
def test_the_largest_rates_do_not_move_a_filter_that_is_off(lr):
    now, expected = both(*one_filter_each(-0.5, -0.3), lr, epochs=2)
    assert now.diverged_at == -1
    assert_same_run(now, expected)


@pytest.mark.parametrize(
    ("dtype", "z", "lr"), [(torch.float32, 1e-24, 1e30), (torch.float64, 1e-170, 1e300)]
)
def test_a_response_whose_square_underflows(dtype, z, lr):
    now, expected = both(*one_filter_each(-0.3, z, dtype=dtype), lr, epochs=2)
    assert now.diverged_at == 1
    assert_same_run(now, expected, 1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-15, 1e-5, 1e5, 1e15])
def test_short_and_long_patches(dtype, scale):
    """x → a x, W → W/a, η → η/a² with a far from 1: what diverges stays the same."""
    data, w = problem(n=5, m=3)
    data = PatchData((scale * data.x).to(dtype), data.y.to(dtype), data.is_weak)
    rates = torch.tensor([0.3, 0.6, 4.0, 50.0], dtype=torch.float64) / scale**2
    now, expected = both(data, (w / scale).to(dtype), rates, epochs=3)
    assert (now.diverged_at >= 0).tolist() == [False, False, True, True]
    assert_same_run(now, expected, 1e-3 if dtype == torch.float32 else 1e-9)


# --- Arithmetic of its own ---------------------------------------------------------------------


def exact_run(x, y, w, lr, visits):
    """Eqs. (1) to (3) in rational numbers, which do not round: the weights and the margins."""
    m, margins = len(w[0]), []
    for i in visits:
        z = [[[sum(map(Fraction.__mul__, f, p)) for p in x[i]] for f in group] for group in w]
        active = [[[max(number, Fraction(0)) for number in row] for row in group] for group in z]
        plus, minus = (sum(a * a for row in group for a in row) / m for group in active)
        margins.append(y[i] * (plus - minus))
        for j, group in zip((1, -1), range(2), strict=True):
            for r in range(m):
                for p, patch in enumerate(x[i]):
                    c = -j * lr / m * (plus - minus - y[i]) * 2 * active[group][r][p]
                    w[group][r] = [a + c * b for a, b in zip(w[group][r], patch, strict=True)]
    return w, margins


def rational(tensor):
    if tensor.dim():
        return [rational(part) for part in tensor]
    return Fraction(tensor.item())


@pytest.mark.parametrize("seed", range(4))
def test_against_exact_arithmetic(seed):
    """Two points of two patches in three dimensions, one of them shared, six updates."""
    x, w = (torch.round(8 * normal(seed + k, 2, 2, 3)) / 8 for k in (1, 2))
    x[1, 0] = -x[0, 1]
    y = torch.tensor([1.0, -1.0], dtype=torch.float64)
    data = PatchData(x, y, torch.zeros(2, dtype=torch.bool), x[0, 0], x[1, 1])
    run = train(data, w / 2, 0.125, epochs=3, engine="reduced")
    weights, margins = exact_run(
        rational(x), rational(y), rational(w / 2), Fraction(1, 8), [0, 1] * 3
    )
    assert run.diverged_at == -1
    size = run.weights.abs().max().item()
    expected = torch.tensor([[list(map(float, f)) for f in g] for g in weights]).double()
    torch.testing.assert_close(run.weights, expected, rtol=0, atol=1e-6 * size)
    exact = torch.tensor(list(map(float, margins)), dtype=torch.float64)
    assert_close(run.margins.flatten(), exact, 1e-12 * max(1, exact.abs().max().item()))


@pytest.mark.parametrize("kappa", [0.3, 1.1])
def test_a_rotation_of_the_patch_space_rotates_the_weights(kappa):
    data, w = problem(n=6, m=4)
    turn = rotation(MODEL.d, 4)
    turned = replace(data, x=data.x @ turn, u=data.u @ turn, v=data.v @ turn)
    lr = kappa * 4 / (2 * MODEL.u_norm**2)
    here = train(data, w, lr, epochs=20, engine="reduced")
    there = train(turned, w @ turn, lr, epochs=20, engine="reduced")
    assert_same_run(there, replace(here, weights=here.weights @ turn))


def test_coordinates_that_no_patch_uses_change_nothing():
    """d = 64 and d = 4096: the same run, and the weights there stay to the bit."""
    model = FeatureNoiseModel(64, 2.0, 0.4, 0.8)
    data, w = problem(n=5, model=model)
    aside = normal(9, 2, 4, 4032)
    wide = torch.nn.functional.pad
    padded = replace(data, **{name: wide(getattr(data, name), (0, 4032)) for name in "xuv"})
    here = train(data, w, 0.6, epochs=20, engine="reduced")
    there = train(padded, torch.cat([w, aside], -1), 0.6, epochs=20, engine="reduced")
    assert torch.equal(there.weights[..., 64:], aside)
    assert_same_run(replace(there, weights=there.weights[..., :64]), here, 1e-12)


def test_the_margins_and_signals_are_those_of_the_weights():
    """Of a run that stops at any step: products along the way and weights agree."""
    data, w = problem(n=3, m=5)
    j = torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None]
    long = train(data, w, 0.8, epochs=9, engine="reduced")
    for epochs in range(1, 9):
        run = train(data, w, 0.8, epochs=epochs, engine="reduced")
        first = (data.y * predict(run.weights, data.x))[0]
        assert_close(long.margins[epochs, 0], first, 1e-12)
        assert_close(long.strong[3 * epochs], j * (run.weights @ data.u), 1e-12)
        assert_close(long.weak[3 * epochs], j * (run.weights @ data.v), 1e-12)


# --- Memory, threads, processes ----------------------------------------------------------------


def test_the_arguments_are_left_as_they_are():
    data, w = problem()
    lr = torch.tensor([0.5, 1e200], dtype=torch.float64)
    tensors = [data.x, data.y, data.is_weak, data.u, data.v, w, lr]
    before = [(tensor.clone(), tensor._version) for tensor in tensors]
    run = train(data, w, lr, epochs=3, engine="reduced")
    for tensor, (then, version) in zip(tensors, before, strict=True):
        assert torch.equal(tensor, then) and tensor._version == version
    kept = run.weights.clone()
    w.zero_()
    assert torch.equal(run.weights, kept)


def small_run(seed):
    data, w = problem(n=5, m=3, seed=seed)
    return train(data, w, 0.6, epochs=20, engine="reduced").margins.tolist()


def test_python_threads_may_train_at_once():
    alone = [small_run(seed) for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(small_run, range(12))) == alone


@pytest.mark.skipif(sys.platform != "linux", reason="forking is safe on Linux only")
def test_forked_processes_may_train_at_once():
    alone = [small_run(seed) for seed in range(4)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        assert list(pool.map(small_run, range(4))) == alone


def resident(what):
    """Bytes of this process in memory, now ("VmRSS") or at most ("VmHWM")."""
    with open("/proc/self/status") as status:
        return 1024 * int(next(line for line in status if line.startswith(what)).split()[1])


def in_a_fresh_process():
    """Whether the import brings Numba with it; a run; the memory of 2000 runs and their size."""
    brought = "numba" in sys.modules
    margins = small_run(1)
    many = generators(range(2000))
    data, w = MODEL.sample(16, generator=many), init_weights(8, MODEL.d, 0.1, generator=many)
    lr = torch.linspace(0.1, 1.2, 2000, dtype=torch.float64)
    torch.set_num_threads(2)
    train(MODEL.sample(16), w[:1], 0.5, epochs=1, engine="reduced")
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")  # forget the peak so far
    before, options = resident("VmRSS"), {"order": "shuffled", "generator": many}
    run = train(data, w, lr, epochs=60, record_every=16, engine="reduced", **options)
    extra = resident("VmHWM") - before
    return brought, margins, extra, sum(getattr(run, name).nbytes for name in OWN_AXES)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_fresh_process_and_its_memory():
    """Importing the library leaves Numba alone, runs are the same there, and no batch is copied.

    What a call takes besides its result is little: with 2000 runs less than the result does.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        brought, margins, extra, returned = pool.submit(in_a_fresh_process).result()
    assert not brought
    assert margins == small_run(1)
    assert extra <= 2 * returned


# --- Which engine ------------------------------------------------------------------------------


def test_auto_takes_the_reduced_engine_for_few_patches(monkeypatch):
    data, w = problem()  # 12 patches
    runs = {name: train(data, w, 0.6, epochs=20, engine=name) for name in ("reduced", "reference")}
    assert not torch.equal(runs["reduced"].weights, runs["reference"].weights)
    assert_equal_runs(train(data, w, 0.6, epochs=20), runs["reduced"])
    for largest, engine in ((144, "reduced"), (143, "reference")):
        monkeypatch.setattr(reduced, "LARGEST_GRAM", largest)
        assert_equal_runs(train(data, w, 0.6, epochs=20), runs[engine])
    assert_equal_runs(train(data, w, 0.6, epochs=20, engine="reduced"), runs["reduced"])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_auto_takes_the_reference_for_half_precision(dtype):
    data, w = problem(dtype=dtype)
    run = train(data, w, 0.5, epochs=2)
    assert run.weights.dtype == run.margins.dtype == dtype
    assert_equal_runs(run, train(data, w, 0.5, epochs=2, engine="reference"))
