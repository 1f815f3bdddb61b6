"""Where SGD of another kind begins to oscillate: thresholds at rest (appendix J)."""

from .. import _checks
from .._formula import above, at_least, between, formula, whole


@formula(momentum=between(0, 1, "[)"), every=whole(1))
def _heavy_ball(momentum, every):
    """The limit for a heavy ball."""
    return 2 * (1 - momentum) * (1 + momentum**every) / (1 - momentum**every)


@formula(momentum=between(0, 1, "[)"), every=whole(1))
def _nesterov(momentum, every):
    """The limit for Nesterov's momentum."""
    power = momentum**every
    return 2 * (1 - momentum) * (1 + power) / (1 + power - 2 * momentum * power)


def sharpness_limit(momentum=0.0, nesterov=False, every=1):
    """The η λ up to which a step with momentum can rest where the loss is 0.

    Near such weights the residual of one point obeys e ← (1 + b − ηλ) e − b e_before for a heavy
    ball with momentum b, and e ← (1 − ηλ) ((1 + b) e − b e_before) for Nesterov's. Both die out
    for 0 < ηλ < 2 (1 + b), or 2 (1 + b)/(1 + 2b), and grow beyond. Without momentum this is 2.

    If the point is visited at every P-th step only, and the other steps do not push its filters,
    the momentum goes on in between, and the limits are 2 (1 − b) (1 + b^P)/(1 − b^P), or
    2 (1 − b) (1 + b^P)/(1 + b^P − 2 b^(P+1)).

    Source: appendix J, Theorem J.1 and Corollary J.1.

    Args:
        momentum: b, in [0, 1): a number, array or tensor.
        nesterov: whether the gradient is taken ahead, as ``torch.optim.SGD`` has it.
        every: P, at least 1; 2 for two classes whose points are visited in turn.

    Returns:
        The limit of η λ, with the shape of ``momentum``.

    Raises:
        TypeError: momentum is not a number, array or tensor, nesterov is not a bool, or every no
            integer.
        ValueError: unless momentum in [0, 1), every at least 1.
    """
    _checks.instance("nesterov", nesterov, bool)
    return (_nesterov if nesterov else _heavy_ball)(momentum, every)


@formula(limit=above(0), decay=between(0, 1, "[)"), share=between(0, 1, "(]"))
def _kappa_limit(limit, decay, share):
    """The same as a limit of κ."""
    return (limit / 2 + decay) / share


def kappa_limit(momentum=0.0, nesterov=False, decay=0.0, share=1.0):
    """The κ up to which noiseless strong points keep the strong signal at rest.

    It is (L/2 + d)/p, with L of :func:`sharpness_limit`, weight decay d = η λ_wd in a step, and p
    the share of the batch that belongs to the class: 1 for a batch of one point, for the full
    batch the share of the class in the data. The filters of the other class do not answer.
    Beside a weak signal q at rest κ (1 − (1 − ν) q) takes the place of κ, if there is no decay.

    Source: appendix J, Theorem J.1 and Proposition J.2.

    Args:
        momentum: b, in [0, 1): a number, array or tensor.
        nesterov: whether the momentum is Nesterov's.
        decay: d, in [0, 1).
        share: p, in (0, 1].

    Returns:
        The limit of κ, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not a number, array or tensor, or nesterov is not a bool.
        ValueError: unless momentum in [0, 1), decay in [0, 1), share in (0, 1], and the shapes
            broadcast together.
    """
    return _kappa_limit(sharpness_limit(momentum, nesterov), decay, share)


@formula(kappa=above(0), nu=between(0, 1, "[]"), decay=between(0, 1, "[)"))
def rest_with_decay(kappa, nu, decay):
    """Where a strong point rests under weight decay, and what that does to the weak overlaps.

    The residual at rest is e* = min(d/κ, 1) and the strong signal 1 − e*, which is 0 from d = κ
    on. A step there multiplies weak overlaps by 1 + κ ν e* − d, which is below 1: they die out.

    Source: appendix J, Proposition J.2.

    Args:
        kappa: κ > 0.
        nu: ν, in [0, 1].
        decay: d = η λ_wd, the weight decay of one step, in [0, 1).

    Returns:
        (e*, strong signal, factor of weak overlaps), with the shape of the arguments broadcast
        together.
    """
    residual = (decay / kappa).clamp(max=1)
    return residual + 0 * nu, 1 - residual + 0 * nu, 1 + kappa * nu * residual - decay


@formula(slope_square=above(0), second_layer=at_least(0))
def rest_limit(slope_square, second_layer=0.0):
    """The η ‖u‖²/m up to which a network of any activation can rest at the label of one point.

    It is 2/(⟨a² σ'(z)²⟩ + C), where z are the overlaps with the strong patch, a the second layer
    (1 if fixed) and ⟨·⟩ the mean over the m filters of the class. A trained second layer adds
    C = c ⟨σ(z)²⟩/‖u‖², where c is its rate over that of the filters.

    Source: appendix J, Proposition J.1.

    Args:
        slope_square: ⟨a² σ'(z)²⟩ > 0.
        second_layer: C >= 0.

    Returns:
        The limit, with the shape of the arguments broadcast together.
    """
    return 2 / (slope_square + second_layer)


@formula(degree=at_least(2), m=whole(1))
def power_limits(degree, m):
    """The least and the largest :func:`rest_limit` for σ(z) = max(z, 0)^k.

    They are 2/(k² m^{1 − 2/k}), where one filter gives the whole answer, and 2/k², where all m
    give the same. For k = 2 both are 1/2, that is κ = 1.

    Source: appendix J, Corollary J.2.

    Args:
        degree: k >= 2.
        m: filters per sign, at least 1.

    Returns:
        (least, largest), with the shape of ``degree``.
    """
    largest = 2 / degree**2
    return largest * m ** (2 / degree - 1), largest


@formula(share=between(0, 0.5))
def wrong_labels(share):
    """Where the logistic loss rests if a share of a point's labels is wrong, and up to which κ.

    With a share p of wrong labels in every batch the residual is 1/(1 + e^f) − p, zero at the
    margin f* = log((1 − p)/p); the strong signal rests there for κ p (1 − p) f* < 1.

    Source: appendix J, Proposition J.5.

    Args:
        share: p, in (0, 0.5).

    Returns:
        (f*, limit of κ), each with the shape of ``share``.
    """
    margin = ((1 - share) / share).log()
    return margin, 1 / (share * (1 - share) * margin)
