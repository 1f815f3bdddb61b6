"""Momentum and weight decay of the loop for every rule: a 2 × 2 matrix for all coefficients.

Without the gradient of the loss, an update maps every coefficient a and its velocity V alike,

    V ← β V + λ a,    a ← a − η V    (with ``nesterov``: a ← a − η (λ a + β V)),

with the V on its left. The gradient then adds to the coefficients of its own batch only. To map all
others at each update would cost more than the rest. So the loop keeps numbers p and q with

    a = F_aa p + F_av q,    V = F_va p + F_vv q,

lets an update multiply F, the *flow*, and adds to p and q what the gradient is before that flow.
Before F gets so ill-conditioned that rounding would grow, and after each epoch, p and q become a
and V again, and F the unit matrix: :func:`settle`. The coefficient α of the initial weights has a
p and a q of its own.
"""

from collections import namedtuple

from .._compile import jit
from .rows import add, load_row, multiply, row_of, store_row

Flow = namedtuple("Flow", "aa av va vv p q")
"""F, and p and q of the initial weights."""

Frame = namedtuple("Frame", "alpha scale mix")
"""Where the weights are: a = scale (p + mix q), and α for the initial weights."""

LEAST, MOST = 1 / 16, 16.0
"""Between these abs(det F) and abs(F_aa) stay: rounding grows by less than their ratio."""


@jit(inline=True)
def frame_of(flow):
    """The Frame of a flow."""
    return Frame(alpha=flow.aa * flow.p + flow.av * flow.q, scale=flow.aa, mix=flow.av / flow.aa)


@jit(inline=True)
def coast(a, v, rate, s):
    """A coefficient and its velocity after an update without a gradient of the loss."""
    momentum, decay = s.rule.momentum, s.rule.weight_decay
    if momentum == 0:
        return (s.one - rate * decay) * a, v
    v = momentum * v + decay * a
    if s.rule.nesterov:
        return a - rate * (decay * a + momentum * v), v
    return a - rate * v, v


@jit(inline=True)
def determinant(flow):
    """det F."""
    return flow.aa * flow.vv - flow.av * flow.va


@jit(inline=True)
def flow_on(flow, rate, s):
    """The flow after one more update."""
    aa, va = coast(flow.aa, flow.va, rate, s)
    av, vv = coast(flow.av, flow.vv, rate, s)
    return Flow(aa=aa, av=av, va=va, vv=vv, p=flow.p, q=flow.q)


@jit(inline=True)
def is_sound(flow):
    """Whether F is well-conditioned."""
    det = abs(determinant(flow))
    return LEAST <= det and det <= MOST and LEAST <= abs(flow.aa) and abs(flow.aa) <= MOST


@jit(inline=True)
def kick(flow, rate, s):
    """What a gradient g of the loss adds to p and q, as multiples of g."""
    if s.rule.momentum == 0:
        return -rate / flow.aa, s.zero
    a = -rate * (s.one + s.rule.momentum) if s.rule.nesterov else -rate
    det = determinant(flow)
    return (flow.vv * a - flow.av) / det, (flow.aa - flow.va * a) / det


@jit()
def settle(flow, s):
    """Make p and q the coefficients and their velocities; the flow is then that of no update."""
    aa, av = row_of(flow.aa, s.lanes), row_of(flow.av, s.lanes)
    va, vv = row_of(flow.va, s.lanes), row_of(flow.vv, s.lanes)
    for row in range(s.blocks * s.count):
        p = load_row(s.coefficients, row, s.lanes)
        if s.rule.momentum > 0:
            q = load_row(s.velocity, row, s.lanes)
            store_row(s.velocity, row, add(multiply(va, p), multiply(vv, q)))
            store_row(s.coefficients, row, add(multiply(aa, p), multiply(av, q)))
        else:
            store_row(s.coefficients, row, multiply(aa, p))
    alpha, velocity = flow.aa * flow.p + flow.av * flow.q, flow.va * flow.p + flow.vv * flow.q
    return Flow(aa=s.one, av=s.zero, va=s.zero, vv=s.one, p=alpha, q=velocity)
