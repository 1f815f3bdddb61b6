"""The laboratory's random numbers, as in ``random.js``."""

import math

import torch

WORD = 2**32


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
