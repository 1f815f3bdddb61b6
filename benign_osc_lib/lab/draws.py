"""The laboratory's data and starts, by their seeds, for the library.

The numbers are those of ``random.js`` and ``draw.js``, one after the other, so that a run of the
laboratory can be repeated, and looked into, with :func:`benign_osc_lib.train`.
"""

import math

import torch

from .. import _checks
from ..patch_data import PatchData

WORD = 2**32


def draw(
    seed,
    *,
    n=16,
    n_weak=2,
    m=8,
    d=64,
    u_norm=2.0,
    v_norm=0.4,
    noise_norm=0.8,
    scale=0.0625,
):
    """The data and the start of the laboratory's run with this seed.

    The law is that of :class:`~benign_osc_lib.FeatureNoiseModel` and
    :func:`~benign_osc_lib.init_weights`; the numbers are others than theirs.

    Args:
        seed: at least 0.
        n: number of points, at least 1.
        n_weak: how many of them are weak, 0 to n.
        m: filters per sign, at least 1.
        d: dimension of a patch, at least 3.
        u_norm: ‖u‖ > 0.
        v_norm: ‖v‖ > 0.
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
    for name, value in (("u_norm", u_norm), ("v_norm", v_norm), ("scale", scale)):
        _checks.positive(name, value)
    _checks.real_number("noise_norm", noise_norm)
    _checks.all_between("noise_norm", noise_norm, 0, low_open=False)
    numbers = Numbers(seed)
    y = torch.tensor([1.0 if numbers.uniform() < 0.5 else -1.0 for _ in range(n)]).double()
    is_weak = torch.zeros(n, dtype=torch.bool)
    is_weak[numbers.permutation(n)[:n_weak]] = True
    noise = torch.zeros(n + n_weak, d, dtype=torch.float64)
    noise[:, 2:] = numbers.normals(n + n_weak, d - 2) * (noise_norm / math.sqrt(d))
    weights = (numbers.normals(2 * m, d) * scale).reshape(2, m, d)
    u, v = torch.zeros(2, d, dtype=torch.float64)
    u[0], v[1] = u_norm, v_norm
    x = torch.stack([y[:, None] * u, y[:, None] * v, noise[:n]], dim=1)
    x[is_weak, 0] = noise[n:]
    return PatchData(x=x, y=y, is_weak=is_weak, u=u, v=v), weights


class Numbers:
    """The generator of ``random.js``: sfc32, its state filled by splitmix32.

    Args:
        seed: an integer, at least 0 and below 2⁵³.
    """

    def __init__(self, seed):
        z = seed % WORD

        def splitmix():
            nonlocal z
            z = (z + 0x9E3779B9) % WORD
            t = (z ^ z >> 16) * 0x21F0AAAD % WORD
            t = (t ^ t >> 15) * 0x735A2D97 % WORD
            return t ^ t >> 15

        self.a, self.b, self.c = splitmix(), splitmix(), splitmix() ^ seed // WORD
        self.counter, self.spare = 1, None
        for _ in range(12):
            self.bits()

    def bits(self):
        """The next 32 bits, as an integer in [0, 2³²)."""
        t = (self.a + self.b + self.counter) % WORD
        self.counter = (self.counter + 1) % WORD
        self.a = self.b ^ self.b >> 9
        self.b = (self.c + (self.c << 3)) % WORD
        self.c = ((self.c << 21 | self.c >> 11) + t) % WORD
        return t

    def uniform(self):
        """A number in [0, 1), a multiple of 2⁻⁵³."""
        return ((self.bits() >> 5) * 2**26 + (self.bits() >> 6)) / 2**53

    def normal(self):
        """A standard normal number, by Marsaglia's polar method."""
        if self.spare is not None:
            kept, self.spare = self.spare, None
            return kept
        while True:
            x, y = 2 * self.uniform() - 1, 2 * self.uniform() - 1
            square = x * x + y * y
            if 0 < square < 1:
                break
        stretch = math.sqrt(-2 * math.log(square) / square)
        self.spare = y * stretch
        return x * stretch

    def normals(self, rows, columns):
        """Many of them, a float64 tensor (rows, columns).

        ``random.js`` fills one row after the other, and so does this.
        """
        found = [self.normal() for _ in range(rows * columns)]
        return torch.tensor(found, dtype=torch.float64).reshape(rows, columns)

    def permutation(self, n):
        """The numbers 0 to n − 1 in random order, a list."""
        found = list(range(n))
        for k in range(n - 1, 0, -1):
            other = int(self.uniform() * (k + 1))
            found[k], found[other] = found[other], found[k]
        return found
