"""Φ and φ on rows of filters, against many digits."""

import numpy as np
import pytest
from mpmath import mp, mpf

from benign_osc_lib._compile import jit
from benign_osc_lib.engine.reduced import aligned
from benign_osc_lib.engine.row_activations import gelu
from benign_osc_lib.engine.row_normal import HALF, LOG_2, MIDDLE, MILLS, SHIFT, TOP, normal
from benign_osc_lib.engine.rows import load_row, pointer, store_row


def by_rows(function):
    @jit(entry=True)
    def apply(z, first, second, lanes):
        for k in range(len(z) // len(lanes)):
            a, b = function(load_row(pointer(z), k, lanes))
            store_row(pointer(first), k, a)
            store_row(pointer(second), k, b)

    def call(numbers, dtype):
        z = aligned(-(-len(numbers) // 8) * 8, np.dtype(dtype))
        z[:] = numbers[-1]
        z[: len(numbers)] = numbers
        out = aligned(len(z), z.dtype), aligned(len(z), z.dtype)
        apply(z, *out, (0,) * 8)
        return (z[: len(numbers)], *(part[: len(numbers)] for part in out))

    return call


gelu_of, normal_of = by_rows(gelu), by_rows(normal)


def exactly(z):
    """Φ and φ of a float, and z Φ(z) and its slope."""
    z = mpf(float(z))
    whole, density = mp.erfc(-z / mp.sqrt(2)) / 2, mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)
    return whole, density, z * whole, whole + z * density


@pytest.mark.parametrize(("dtype", "least"), [("float64", -37.5), ("float32", -13.0)])
def test_against_many_digits(dtype, least):
    """To 4 roundings of 1, or in the left tail, where z² is rounded, to 20 and z² of the value."""
    small = 10.0 ** np.linspace(-30, -1, 30)
    z = np.concatenate([np.linspace(least, 10, 600), np.linspace(-1.5, 1.5, 200), small, -small])
    z, whole, density = normal_of(z, dtype)
    found = np.stack([whole, density, *gelu_of(z, dtype)[1:]])
    assert found.dtype == dtype
    with mp.workdps(40):
        exact = [exactly(number) for number in z]
        errors = [
            [float(abs(mpf(float(a)) - b)) for a, b in zip(row, column, strict=True)]
            for row, column in zip(found.T, exact, strict=True)
        ]
        size = np.abs(np.array([[float(b) for b in column] for column in exact]))
    rounding, z = np.finfo(dtype).eps / 2, z.astype(float)[:, None]
    assert (errors <= 4 * rounding * np.maximum(1, size)).all()
    tail = z[:, 0] < -1
    assert (errors <= (20 + z * z) * rounding * size)[tail].all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_far_away(dtype):
    big = np.finfo(dtype).max / 4
    z = np.array([0.0, -0.0, big, -big, 50.0, -50.0, np.inf, np.nan])
    _, value, slope = gelu_of(z, dtype)
    np.testing.assert_array_equal(value, np.array([0, 0, big, 0, 50, 0, np.inf, np.nan], dtype))
    np.testing.assert_array_equal(slope[2:6], [1, 0, 1, 0])
    np.testing.assert_allclose(slope[:2], 0.5, rtol=4 * np.finfo(dtype).eps)
    assert np.isnan(slope[-1])


def test_the_coefficients():
    """P at the roots of the Chebyshev polynomial, and what interpolates it there."""

    def ratio(t):
        s = middle - half * t
        a = 1 / s - mpf(SHIFT)
        return mp.erfc(a / mp.sqrt(2)) / 2 * mp.exp(a * a / 2) / s

    with mp.workdps(60):
        near, far = 1 / mpf(SHIFT), 1 / (mpf(SHIFT) + mpf(TOP))
        middle, half, count = (near + far) / 2, (near - far) / 2, len(MILLS)
        roots = [mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
        powers = mp.matrix([[t**n for n in range(count)] for t in roots])
        found = list(mp.lu_solve(powers, mp.matrix([ratio(t) for t in roots])))
        assert MILLS == tuple(map(float, found))
        assert (MIDDLE, HALF) == pytest.approx((float(middle), float(half)), rel=1e-15, abs=0)
        assert sum(map(mpf, LOG_2)) - mp.log(2) == pytest.approx(0, abs=2e-20)
        for t in mp.linspace(-1, 1, 101):
            assert abs(mp.polyval(found[::-1], t) / ratio(t) - 1) < 2e-17
