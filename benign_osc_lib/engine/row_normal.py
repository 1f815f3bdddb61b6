"""The normal distribution on rows of filters: without a branch, so that all numbers go together.

With a = abs(z) and s = 1/(5 + a), the density and the distribution function are

    φ(z) = exp(−a²/2) / √(2π),    Φ(−a) = exp(−a²/2) s P(s),    Φ(a) = 1 − Φ(−a).

The function P(s) = Φ(−a) exp(a²/2) / s is smooth, and a polynomial of degree 22 is within 2e-17 of
it, relatively. For exp(x) = 2^k exp(r), k is the whole number next to x/log 2; in
abs(r) <= log(2)/2 Taylor's polynomial of degree 13 is as close.
"""

import math

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .rows import FUSED

SHIFT, TOP = 5.0, 38.0
"""a + SHIFT = 1/s; a beyond TOP, where φ is below the smallest float64, counts as TOP."""

MILLS = (
    *(0.8537846698997347, -0.7020201186954605, 0.4835798152692305, -0.27627116298367244),
    *(0.12782105422768633, -0.045486836698940276, 0.010886455838589498, -0.0008325940626488259),
    *(-0.0005170351015055652, 0.00018796571834586595, 4.9075495404942934e-06),
    *(-1.7297590094298295e-05, 1.7316549499958893e-06, 1.5356535619325483e-06),
    *(-2.761117944774981e-07, -1.5486471143100542e-07, 3.226491003654793e-08),
    *(1.7986931287297643e-08, -3.1756762499826854e-09, -2.0827947799467777e-09),
    *(2.355348429077532e-10, 1.6174293349635894e-10, -8.940608757769348e-12),
)
"""P by powers of t = (MIDDLE − s)/HALF, which runs from −1 to 1. The polynomial is P at the zeros
of a Chebyshev polynomial of degree 23, computed with 60 digits; ``test_row_normal`` does so too."""

MIDDLE = (1 / SHIFT + 1 / (SHIFT + TOP)) / 2
HALF = (1 / SHIFT - 1 / (SHIFT + TOP)) / 2

LOG_2 = (355 / 512, -2.1219444005469058e-4)
"""Their sum is log 2; whole numbers up to 1100 times the first are exact, in float32 too."""

TAYLOR = tuple(1 / math.factorial(n) for n in range(14))

FORMATS = {32: (23, 127, 87.0), 64: (52, 1023, 708.0)}
"""Of a number with so many bits: those of the fraction, what is added to the exponent, and x for
which exp(−x) is a normal number. Below, exp counts as 0."""


class _Rows:
    """Arithmetic with rows of one type, as instructions."""

    def __init__(self, builder, kind):
        self.builder, self.kind = builder, kind

    def all(self, number):
        return ir.Constant(self.kind, [number] * self.kind.count)

    def times(self, a, b):
        return self.builder.fmul(a, b, FUSED)

    def plus(self, a, b):
        return self.builder.fadd(a, b, FUSED)

    def least(self, a, number):
        """min(a, number); for NaN, the number."""
        below = self.builder.fcmp_ordered("<", a, self.all(number))
        return self.builder.select(below, a, self.all(number))

    def polynomial(self, coefficients, x):
        """Σ_n c_n x^n: even and odd powers by Horner's rule; neither waits for the other."""
        square, halves = self.times(x, x), []
        for part in (coefficients[0::2], coefficients[1::2]):
            sums = self.all(part[-1])
            for c in part[-2::-1]:
                sums = self.plus(self.times(sums, square), self.all(c))
            halves.append(sums)
        return self.plus(halves[0], self.times(x, halves[1]))

    def exp(self, x, bits):
        """exp(x) of x <= 0."""
        fraction, bias, lowest = FORMATS[bits]
        whole = ir.VectorType(ir.IntType(bits), self.kind.count)
        # Added to this number, another is rounded to a whole one, which the last bits then hold.
        magic = 1.5 * 2.0**fraction
        shifted = self.plus(self.times(x, self.all(1 / math.log(2))), self.all(magic))
        k = self.builder.fsub(shifted, self.all(magic))
        r = x
        for part in LOG_2:
            r = self.plus(r, self.times(k, self.all(-part)))
        power = self.builder.add(
            self.builder.bitcast(shifted, whole), ir.Constant(whole, [bias] * whole.count)
        )
        power = self.builder.shl(power, ir.Constant(whole, [fraction] * whole.count))
        power = self.builder.bitcast(power, self.kind)
        vanishes = self.builder.fcmp_ordered("<", x, self.all(-lowest))
        result = self.times(power, self.polynomial(TAYLOR, r))
        return self.builder.select(vanishes, self.all(0.0), result)


@intrinsic
def normal(_, z):
    """Φ and φ of each number of a row."""

    def generate(context, builder, signature, args):
        z = args[0]
        rows, zero = _Rows(builder, z.type), ir.Constant(z.type, [0.0] * z.type.count)
        negative = builder.fcmp_ordered("<", z, zero)
        size = rows.least(builder.select(negative, builder.fneg(z), z), TOP)
        power = rows.exp(rows.times(rows.times(z, z), rows.all(-0.5)), number.bitwidth)
        s = builder.fdiv(rows.all(1.0), rows.plus(size, rows.all(SHIFT)))
        t = rows.plus(rows.all(MIDDLE / HALF), rows.times(s, rows.all(-1 / HALF)))
        tail = rows.times(power, rows.times(s, rows.polynomial(MILLS, t)))
        whole = builder.select(negative, tail, builder.fsub(rows.all(1.0), tail))
        density = rows.times(power, rows.all(1 / math.sqrt(2 * math.pi)))
        return context.make_tuple(builder, signature.return_type, [whole, density])

    number = z.number
    return types.UniTuple(z, 2)(z), generate
