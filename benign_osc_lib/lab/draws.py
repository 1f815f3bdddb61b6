"""The laboratory's data and starts, by their seeds, for the library.

The numbers are those of ``random.js`` and ``draw.js``, one after the other, so that a run of the
laboratory can be repeated, and looked into, with :func:`benign_osc_lib.training.train`.
"""

import math

import torch

from .. import _checks
from ..patch_data import PatchData
from ._numbers import Numbers as _Numbers


def draw(
    seed,
    *,
    n=16,
    n_weak=2,
    m=8,
    d=64,
    u_norm=2.0,
    nu=0.04,
    noise_norm=0.8,
    scale=0.0625,
):
    """The data and the start of the laboratory's run with this seed.

    The law is that of :class:`~benign_osc_lib.data.FeatureNoiseModel` and
    :func:`~benign_osc_lib.network.init_weights`; the numbers are others than theirs.

    Args:
        seed: at least 0.
        n: number of points, at least 1.
        n_weak: how many of them are weak, 0 to n.
        m: filters per sign, at least 1.
        d: dimension of a patch, at least 3.
        u_norm: ‖u‖ > 0.
        nu: ν = ‖v‖²/‖u‖² > 0.
        noise_norm: σ_p √d >= 0.
        scale: σ_0 > 0.

    Returns:
        (data, weights): PatchData with x (n, 3, d), and weights (2, m, d), float64.

    Raises:
        TypeError: an argument is no number, or no integer where one is needed.
        ValueError: an argument is outside its range.
    """
    _checks.integer("seed", seed, low=0, high=2**53 - 1)
    for name, value, low, high in (
        *(("n", n, 1, None), ("m", m, 1, None), ("d", d, 3, None)),
        ("n_weak", n_weak, 0, n),
    ):
        _checks.integer(name, value, low=low, high=high)
    for name, value in (("u_norm", u_norm), ("nu", nu), ("scale", scale)):
        _checks.positive(name, value)
    _checks.real_number("noise_norm", noise_norm)
    _checks.all_between("noise_norm", noise_norm, 0, low_open=False)
    numbers = _Numbers(seed)
    y = torch.tensor([1.0 if numbers.uniform() < 0.5 else -1.0 for _ in range(n)]).double()
    is_weak = torch.zeros(n, dtype=torch.bool)
    is_weak[numbers.permutation(n)[:n_weak]] = True
    noise = torch.zeros(n + n_weak, d, dtype=torch.float64)
    noise[:, 2:] = numbers.normals(n + n_weak, d - 2) * (noise_norm / math.sqrt(d))
    weights = (numbers.normals(2 * m, d) * scale).reshape(2, m, d)
    u, v = torch.zeros(2, d, dtype=torch.float64)
    u[0], v[1] = u_norm, u_norm * math.sqrt(nu)
    x = torch.stack([y[:, None] * u, y[:, None] * v, noise[:n]], dim=1)
    x[is_weak, 0] = noise[n:]
    return PatchData(x=x, y=y, is_weak=is_weak, u=u, v=v), weights
