"""Eigenpairs against known Hessians, the dense matrix and the theory; what can go wrong is said."""

import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benign_osc_lib import init_weights, noiseless_point, one_point, predict, theory
from benign_osc_lib.batch_sharpness import along_gradients
from benign_osc_lib.hessian import DENSE, WHICH, eigenpairs, of_batches, of_module
from tests.library.common import assert_close, normal, seeded

SIZES = st.integers(1, 6) | st.integers(DENSE - 1, DENSE + 20)


def symmetric(n, seed, rank=None):
    """A symmetric matrix, (n, n); with a rank it has no negative eigenvalue."""
    if rank is not None:
        factor = normal(seed, n, rank)
        return factor @ factor.T
    matrix = normal(seed, n, n)
    return matrix + matrix.T


def quadratic(matrix):
    return lambda p: p @ matrix @ p / 2


def expected(matrix, k, which):
    values = torch.linalg.eigvalsh(matrix)
    order = {"largest": -values, "smallest": values, "magnitude": -values.abs()}[which]
    return values[order.argsort()[:k]]


@settings(max_examples=20)
@given(SIZES, st.integers(1, 4), st.sampled_from(WHICH), st.integers(0, 99))
def test_of_a_quadratic_form(n, k, which, seed):
    matrix, k = symmetric(n, seed), min(n, k)
    size = torch.linalg.matrix_norm(matrix, 2)
    found = eigenpairs(quadratic(matrix), normal(seed, n), k=k, which=which)
    assert (found.values - expected(matrix, k, which)).abs().max() <= 2e-6 * size
    assert_close(found.vectors @ found.vectors.T, torch.eye(k, dtype=torch.float64), 1e-8)
    gap = (found.vectors @ matrix - found.values[:, None] * found.vectors).norm(dim=1)
    assert_close(found.residuals, gap, 1e-8)
    assert found.residuals.max() <= 1e-2 * size
    largest = found.vectors.gather(1, found.vectors.abs().argmax(1, keepdim=True))
    assert (largest > 0).all()


@pytest.mark.parametrize("which", WHICH)
def test_no_copy_of_a_multiple_eigenvalue_is_missed(which):
    """ARPACK alone returns 0, 0 and 2.3 for the smallest three, where 0 occurs 150 times."""
    low_rank = symmetric(200, 1, rank=50) / 10
    for matrix in (low_rank, -low_rank, torch.eye(200).double(), low_rank @ low_rank):
        found = eigenpairs(quadratic(matrix), torch.zeros(200).double(), k=3, which=which)
        size = torch.linalg.matrix_norm(matrix, 2)
        assert (found.values - expected(matrix, 3, which)).abs().max() <= 3e-6 * size


def test_more_pairs_than_the_rank():
    matrix = symmetric(150, 2, rank=2)
    found = eigenpairs(quadratic(matrix), torch.zeros(150).double(), k=5)
    assert (found.values - expected(matrix, 5, "largest")).abs().max() < 1e-6 * found.values[0]


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_units_do_not_matter(size):
    matrix = size * symmetric(100, 3)
    found = eigenpairs(quadratic(matrix), torch.zeros(100).double(), k=2)
    assert ((found.values / expected(matrix, 2, "largest")) - 1).abs().max() < 1e-5


def test_a_start_of_ones_own():
    f, at = quadratic(symmetric(100, 4)), torch.zeros(100).double()
    same = [eigenpairs(f, at) for _ in range(2)]
    assert torch.equal(same[0].vectors, same[1].vectors)
    other = eigenpairs(f, at, generator=seeded(5))
    assert not torch.equal(other.vectors, same[0].vectors)
    assert_close(other.values, same[0].values, 1e-5)
    rough = eigenpairs(f, at, tolerance=0.1)
    assert rough.products < same[0].products


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.bfloat16, 0.03)])
def test_other_dtypes(dtype, tolerance):
    matrix = symmetric(120, 6, rank=60) / 60
    at = torch.zeros(120, dtype=dtype)
    found = eigenpairs(quadratic(matrix.to(dtype)), at, k=2)
    assert (found.values / expected(matrix, 2, "largest") - 1).abs().max() < tolerance
    assert found.values.dtype == torch.float64 and found.vectors.dtype == dtype


def test_structures():
    def f(p):
        return p["a"].square().sum() + 2 * p["b"][0] ** 2 * p["b"][1].sum() ** 2

    at = {"a": torch.ones(2, 3).double(), "b": (torch.tensor(1.0), torch.ones(2))}
    found = eigenpairs(f, at, k=3)
    assert found.vectors["a"].shape == (3, 2, 3) and found.vectors["a"].dtype == torch.float64
    assert found.vectors["b"][0].shape == (3,) and found.vectors["b"][1].dtype == torch.float32
    flat = torch.cat([torch.ones(6), torch.ones(3)]).double()
    whole = torch.autograd.functional.hessian(lambda p: f({"a": p[:6], "b": (p[6], p[7:])}), flat)
    assert_close(found.values, expected(whole, 3, "largest"), 1e-6)


def network(**kind):
    torch.manual_seed(0)
    layers = (nn.Linear(6, 10), nn.BatchNorm1d(10), nn.Tanh(), nn.Dropout(0.5), nn.Linear(10, 3))
    inputs = torch.randn(24, 6).to(**kind)
    return nn.Sequential(*layers).to(**kind), inputs, torch.arange(24) % 3


CROSS = nn.functional.cross_entropy


@pytest.mark.parametrize("train", [True, False])
def test_a_module_is_left_as_it_was(train):
    module, x, y = network()
    module.train(train)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    found = of_module(module, CROSS, x, y, k=2)
    assert module.training == train
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert list(found.vectors) == [name for name, _ in module.named_parameters()]
    assert all(p.grad is None for p in module.parameters())
    assert found.residuals.max() < 1e-2 * found.values[0]  # one mask for all products


def test_a_module_against_the_dense_hessian():
    module, x, y = network(dtype=torch.float64)
    module.eval()
    module[0].weight.requires_grad_(False)
    names = [name for name, p in module.named_parameters() if p.requires_grad]
    parts = tuple(p.detach() for p in module.parameters() if p.requires_grad)

    def f(*p):
        return CROSS(torch.func.functional_call(module, dict(zip(names, p, strict=True)), x), y)

    blocks = torch.autograd.functional.hessian(f, parts)
    rows = [[b.reshape(p.numel(), -1) for b in row] for p, row in zip(parts, blocks, strict=True)]
    whole = torch.cat([torch.cat(row, 1) for row in rows])
    for which in WHICH:
        found = of_module(module, CROSS, x, y, k=3, which=which, tolerance=1e-9)
        assert_close(found.values, expected(whole, 3, which), 1e-7)
        assert list(found.vectors) == names


def test_batches_of_unequal_size_are_one_batch():
    module, x, y = network(dtype=torch.float64)
    module.eval()
    loader = DataLoader(TensorDataset(x, y), batch_size=7)
    options = {"k": 2, "tolerance": 1e-9}
    whole = of_module(module, CROSS, x, y, **options)
    parts = of_batches(module, CROSS, loader, **options)
    assert_close(parts.values, whole.values, 1e-5)
    cosine = sum((parts.vectors[n] * v).sum() for n, v in whole.vectors.items())
    assert float(cosine) == pytest.approx(2, abs=1e-5)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)

    def forward(self, x, scale):
        return self.layer(scale * x)


@pytest.mark.parametrize("recurrent", [True, False])
def test_layers_whose_fast_variants_have_no_second_derivative(recurrent):
    """Attention of PyTorch 2.13 on a CPU; an LSTM has no forward-mode derivative there."""
    torch.manual_seed(0)
    x = torch.randn(2, 5, 4)
    if recurrent:
        found = of_module(nn.LSTM(4, 3), lambda out, _: out[0].square().mean(), x, None)
    else:
        found = of_module(Attention(), lambda out, y: (out - y).square().mean(), (x, 2.0), x)
    assert found.residuals[0] < 1e-3 * found.values[0]


@pytest.mark.parametrize("kappa, s, q", [(0.5, 0.9, 0.1), (1.2, 0.8, 0.2), (1.5, 0.7, 0.3)])
def test_a_fitted_point_of_the_book(kappa, s, q):
    """Where y f = 1 the top eigenvalue is (2/η) κ (s + ν q)."""
    u, v = torch.eye(5).double()[:2] * torch.tensor([[2.0], [0.4]]).double()
    point = noiseless_point(u, v)
    weights = init_weights(4, 5, 0.1, generator=seeded(7)).abs()
    weights[1] = -weights[1]  # silent filters of the other class
    now = one_point.signals(weights, u, v, 1)
    scale = torch.tensor([s / now[0], q / now[1]]).sqrt()
    weights[..., :2] *= scale
    lr = theory.kappa(1.0, 2.0, 4) ** -1 * kappa
    found = eigenpairs(lambda w: (predict(w, point.x) - point.y).square().mean() / 2, weights)
    edge = theory.relative_sharpness(s, q, kappa, 0.04)
    assert float(lr * found.values[0] / 2) == pytest.approx(edge, rel=1e-6, abs=0)


def test_curvature_along_gradients():
    matrices = [symmetric(5, seed) for seed in range(3)]
    at = normal(8, 5)
    found = along_gradients(map(quadratic, matrices), at)
    g = torch.stack([matrix @ at for matrix in matrices])
    h = torch.stack([row @ matrix @ row for row, matrix in zip(g, matrices, strict=True)])
    assert_close(found.along, h / g.square().sum(1))
    assert found.mean == pytest.approx(float((h / g.square().sum(1)).mean()))
    assert found.weighted == pytest.approx(float(h.sum() / g.square().sum()))


def test_a_loss_without_a_gradient_counts_in_no_mean():
    at = torch.ones(3).double()
    found = along_gradients([lambda p: p.square().sum(), lambda p: 0 * p.sum()], at)
    assert found.along.isnan().tolist() == [False, True]
    assert found.mean == found.weighted == pytest.approx(2)


NO_HESSIAN = "the Hessian is zero"
BAD = [
    (dict(function=lambda p: p.sum()), NO_HESSIAN),
    (dict(function=lambda p: torch.tensor(1.0)), NO_HESSIAN),
    (dict(function=lambda p: (p - 2).clamp(min=0).square().sum()), NO_HESSIAN),
    (dict(function=lambda p: p), r"function must return one number, a tensor, got \(3,\)"),
    (dict(function=lambda p: 1.0), "function must return one number, a tensor, got 1.0"),
    (dict(function=lambda p: (p - 1).sqrt().sum()), "gradient .* must be finite"),
    (dict(function=lambda p: (p - 1).abs().pow(1.5).sum()), "product .* must be finite"),
    (dict(parameters={}), "parameters must hold at least one entry, got none"),
    (dict(parameters=torch.tensor([1.0, float("nan")])), "parameters must be finite, got nan"),
    (dict(k=4), r"k must be in 1\.\.3, got 4"),
    (dict(which="LA"), "which must be one of 'largest', .*, got 'LA'"),
]


@pytest.mark.parametrize("changes, message", BAD)
def test_bad_values(changes, message):
    good = {"function": lambda p: p.square().sum(), "parameters": torch.ones(3)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=f"^.*{message}"):
            eigenpairs(**good | changes)


@pytest.mark.parametrize(
    "parameters", [torch.ones(3, dtype=torch.int64), torch.ones(3) * 1j, [1.0], "w", None]
)
def test_parameters_of_a_wrong_type(parameters):
    for call in (eigenpairs, lambda f, p: along_gradients([f], p)):
        with pytest.raises(TypeError, match="^parameters must"):
            call(lambda p: p.sum(), parameters)


def test_a_dead_network_has_no_steep_direction():
    module = nn.Sequential(nn.Linear(4, 20), nn.ReLU())
    nn.init.constant_(module[0].bias, -1e3)
    with pytest.raises(ValueError, match=f"^{NO_HESSIAN}.* dead"):
        of_module(module, nn.functional.mse_loss, torch.randn(8, 4), torch.ones(8, 20))


def test_bad_modules_and_batches():
    module, x, y = network()
    batches = [(x, y)]
    with pytest.raises(ValueError, match=r"^the loss must be the same each time.* differ by \d"):
        of_batches(module, CROSS, batches)
    module.eval()
    with pytest.raises(TypeError, match="^batches must be iterable again and again"):
        of_batches(module, CROSS, iter(batches))
    with pytest.raises(ValueError, match="^batches must hold at least one point"):
        of_batches(module, CROSS, [])
    with pytest.raises(TypeError, match="^module must be a Module, got function"):
        of_module(predict, CROSS, x, y)
    with pytest.raises(TypeError, match="^generator must be a Generator, got list"):
        of_module(module, CROSS, x, y, generator=[seeded(0)])
    module.requires_grad_(False)
    with pytest.raises(ValueError, match="^module must have a parameter that requires a gradient"):
        of_module(module, CROSS, x, y)
    with pytest.raises(ValueError, match="^functions must hold at least one function"):
        along_gradients([], torch.ones(2))
