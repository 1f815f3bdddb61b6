"""The parts of one update of the loop for every rule.

Of a point of a batch, :func:`visit` finds f, and keeps in the rows of its ``slot`` what its
gradient consists of: by eq. (1), ∂f/∂w_{j,r} = (j/m) a_{j,r} Σ_p σ'(z_{j,r,p}) x^(p) and
∂f/∂a_{j,r} = (j/m) Σ_p σ(z_{j,r,p}). ``s`` is a State of ``family_state``.
"""

import numpy as np

from .._compile import jit
from .family_look import response
from .row_activations import GELU, OWN, QUADRATIC, RELU, RELU2, activate
from .rows import add, item, load_row, multiply, row_of, store, store_row, total


@jit(inline=True)
def loss_slope(f, target, s):
    """∂ℓ/∂f: f − t, or −t/(1 + exp(t f)), where an overflow of exp gives 0 as it should."""
    if s.rule.logistic:
        return -target / (s.one + np.exp(target * f))
    return f - target


@jit(inline=True)
def loss_of_margin(margin, s):
    """ℓ by y f, with the label: ½(y f − 1)², or log(1 + exp(−y f))."""
    if s.rule.logistic:
        return np.log1p(np.exp(-abs(margin))) + max(-margin, s.zero)
    return (margin - s.one) * (margin - s.one) / (s.one + s.one)


@jit(inline=True)
def visit(i, slot, shift, frame, s, value, slope):
    """f of point i, and the sum of the squares of σ'(z); their rows into ``slot``.

    With ``shift`` not 0 the weights are moved by so many times the rows ``reach`` of inner
    products, and z is that of the visit before plus this.
    """
    output, squares = row_of(s.zero, s.lanes), row_of(s.zero, s.lanes)
    for b in range(s.blocks):
        sums = row_of(s.zero, s.lanes)
        for p in range(s.patches):
            q, row = i * s.patches + p, (slot * s.blocks + b) * s.patches + p
            k, sign = item(s.direction, q), item(s.sign, q)
            if shift == 0:
                z = response(k, sign, b, frame, s)
            else:
                moved = load_row(s.reach, b * s.count + k, s.lanes)
                moved = multiply(row_of(sign * shift, s.lanes), moved)
                z = add(load_row(s.inner, row, s.lanes), moved)
            if s.rule.sam > 0:
                store_row(s.inner, row, z)
            z, steep = activate(z, s, value, slope)
            store_row(s.slopes, row, steep)
            squares = add(squares, multiply(steep, steep))
            sums = add(sums, z)
        store_row(s.sums, slot * s.blocks + b, sums)
        output = add(output, multiply(load_row(s.factors, b, s.lanes), sums))
    return total(output), total(squares)


@jit(inline=True)
def scale_second(shift, s):
    """The factors j a_{j,r}/m, with a moved by so many times the rows ``second_slope``."""
    for b in range(s.blocks):
        a = load_row(s.second, b, s.lanes)
        if shift != 0:
            a = add(a, multiply(row_of(shift, s.lanes), load_row(s.second_slope, b, s.lanes)))
        store_row(s.factors, b, multiply(load_row(s.share, b, s.lanes), a))


@jit(inline=True)
def second_gradient(size, b, s):
    """The gradient of a batch's summed loss by the second layer, for block b."""
    sums = row_of(s.zero, s.lanes)
    for slot in range(size):
        c = row_of(item(s.slope_of, slot), s.lanes)
        sums = add(sums, multiply(c, load_row(s.sums, slot * s.blocks + b, s.lanes)))
    return multiply(load_row(s.share, b, s.lanes), sums)


@jit(inline=True)
def visit_batch(points, size, shift, epoch, frame, s, value, slope):
    """Visit the points of a batch; the sum of their losses, with the labels, and ``steepness``.

    ∂ℓ/∂f of each goes into ``slope_of``; y f into the margins unless ``shift`` moves the weights.
    Steepness is Σ_i abs(∂ℓ/∂f) ‖σ'(z_i)‖.
    """
    loss, steepness = s.zero, s.zero
    for slot in range(size):
        i = item(points, slot)
        f, squares = visit(i, slot, shift, frame, s, value, slope)
        if shift == 0:
            margin = item(epoch.y, i) * f
            store(epoch.margins, i, margin)
            if s.rule.stop_below > 0:
                loss += loss_of_margin(margin, s)
        c = loss_slope(f, item(epoch.targets, i), s)
        store(s.slope_of, slot, c)
        steepness += abs(c) * np.sqrt(squares + s.rule.tiny)
    return loss, steepness


@jit()
def gradient_norm(points, size, step, s):
    """‖G‖² for the gradient G of a batch's summed loss.

    The coefficients of G on the directions of the batch go into ``gradient``, the inner products of
    the same directions with it into ``reach``, its part in the second layer into ``second_slope``.
    """
    touched = 0
    for slot in range(size):
        for p in range(s.patches):
            q = item(points, slot) * s.patches + p
            k = item(s.direction, q)
            fresh = item(s.mark, k) != step
            if fresh:
                store(s.mark, k, step)
                store(s.touched, touched, k)
                touched += 1
            c = row_of(item(s.slope_of, slot) * item(s.sign, q), s.lanes)
            for b in range(s.blocks):
                steep = load_row(s.slopes, (slot * s.blocks + b) * s.patches + p, s.lanes)
                part = multiply(c, multiply(load_row(s.factors, b, s.lanes), steep))
                if not fresh:
                    part = add(load_row(s.gradient, b * s.count + k, s.lanes), part)
                store_row(s.gradient, b * s.count + k, part)
    squares = row_of(s.zero, s.lanes)
    for b in range(s.blocks):
        for a in range(touched):
            k = item(s.touched, a)
            inner = row_of(s.zero, s.lanes)
            for c in range(touched):
                l = item(s.touched, c)  # noqa: E741
                product = row_of(item(s.gram, k * s.count + l), s.lanes)
                inner = add(
                    inner, multiply(product, load_row(s.gradient, b * s.count + l, s.lanes))
                )
            store_row(s.reach, b * s.count + k, inner)
            squares = add(squares, multiply(inner, load_row(s.gradient, b * s.count + k, s.lanes)))
        if s.rule.trained:
            steep = second_gradient(size, b, s)
            store_row(s.second_slope, b, steep)
            squares = add(squares, multiply(steep, steep))
    return total(squares)


@jit()
def sharpen(points, size, step, epoch, frame, s, value, slope):
    """Visit a batch again where its gradient G leads, at the distance ``sam``; its steepness.

    It is negative where G is 0, and the first visit is to stay. ‖G‖² is a sum over directions:
    rounding may leave it below 0 where G all but vanishes.
    """
    square = gradient_norm(points, size, step, s)
    if not square > 0:
        return -s.one
    shift = s.rule.sam / np.sqrt(square)
    if s.rule.trained:
        scale_second(shift, s)
    return visit_batch(points, size, shift, epoch, frame, s, value, slope)[1]


@jit(inline=True)
def norm(rows, s):
    """The norm of all numbers in rows."""
    squares = row_of(s.zero, s.lanes)
    for b in range(s.blocks):
        row = load_row(rows, b, s.lanes)
        squares = add(squares, multiply(row, row))
    return np.sqrt(total(squares))


@jit(inline=True)
def update_second(size, share, rate, s):
    """One update of the second layer; that of before goes into ``second_before``.

    ``share`` is what each point has in the mean loss of the batch.
    """
    mean = row_of(share, s.lanes)
    decay, momentum = row_of(s.rule.weight_decay, s.lanes), row_of(s.rule.momentum, s.lanes)
    back = row_of(-rate * s.rule.second_rate, s.lanes)
    for b in range(s.blocks):
        a = load_row(s.second, b, s.lanes)
        store_row(s.second_before, b, a)
        step = add(multiply(mean, second_gradient(size, b, s)), multiply(decay, a))
        if s.rule.momentum > 0:
            velocity = add(multiply(momentum, load_row(s.second_velocity, b, s.lanes)), step)
            store_row(s.second_velocity, b, velocity)
            step = add(step, multiply(momentum, velocity)) if s.rule.nesterov else velocity
        store_row(s.second, b, add(a, multiply(back, step)))


@jit(inline=True)
def descend(points, size, to_p, to_q, s):
    """Add a batch's summed gradient, times two numbers, to p and q of ``family_flow``."""
    for slot in range(size):
        i, c = item(points, slot), row_of(item(s.slope_of, slot), s.lanes)
        for b in range(s.blocks):
            c_j = multiply(c, load_row(s.factors, b, s.lanes))
            for p in range(s.patches):
                q = i * s.patches + p
                row, sign = b * s.count + item(s.direction, q), item(s.sign, q)
                steep = load_row(s.slopes, (slot * s.blocks + b) * s.patches + p, s.lanes)
                part = multiply(c_j, steep)
                a = load_row(s.coefficients, row, s.lanes)
                a = add(a, multiply(row_of(to_p * sign, s.lanes), part))
                store_row(s.coefficients, row, a)
                if s.rule.momentum > 0:
                    a = load_row(s.velocity, row, s.lanes)
                    a = add(a, multiply(row_of(to_q * sign, s.lanes), part))
                    store_row(s.velocity, row, a)


@jit(inline=True)
def grown(size, pace, slope, rate, s):
    """Bounds of a norm and of the norm of its velocity after an update; see ``divergence``."""
    momentum, decay = s.rule.momentum, s.rule.weight_decay
    if momentum == 0:
        return abs(s.one - rate * decay) * size + rate * slope, pace
    pull = slope + decay * size
    pace = momentum * pace + pull
    return size + rate * (pull + momentum * pace if s.rule.nesterov else pace), pace


@jit(inline=True)
def output_bound(norm, numbers, s):
    """Σ_{r,p} abs(σ(z_{j,r,p})) <= φ(‖z‖) of ``divergence``; ``numbers`` is the root of 2mP."""
    if s.rule.kind == OWN:
        return norm * np.inf
    if s.rule.kind == RELU or s.rule.kind == GELU:
        return numbers * norm
    if s.rule.kind == RELU2 or s.rule.kind == QUADRATIC:
        return norm * norm
    return norm * norm * norm
