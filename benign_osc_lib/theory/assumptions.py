"""The paper's assumptions, evaluated on concrete sizes."""

from dataclasses import dataclass

from .. import _checks
from ..data import FeatureNoiseModel


@dataclass(frozen=True)
class Condition:
    """One condition of an assumption, with its value in one setting.

    Source: chapter 2 (paper, Assumption 3).

    Args:
        part: the part of the assumption, such as "iii".
        text: the condition, in the paper's symbols, as Markdown with a formula.
        value: both sides with their numbers.
        holds: whether it holds; None if it hides a constant, so that one setting cannot decide.
    """

    part: str
    text: str
    value: str
    holds: bool | None


def assumption_3(model, *, n, m, lr, init_scale):
    """Assumption 3 of the paper, condition by condition, as printed.

    Conditions that hide a constant or a logarithm (Θ̃, Ω) are evaluated with the constant 1 and
    have ``holds=None``. Part (iv) stands twice: as printed, and doubled, which is what the printed
    loss with its factor ½ needs (chapter 6).

    Source: chapter 2 (paper, Assumption 3).

    Args:
        model: a FeatureNoiseModel.
        n: number of training points, at least 1.
        m: filters per sign, at least 1.
        lr: the learning rate η > 0.
        init_scale: σ_0 > 0.

    Returns:
        A list of Condition, in the paper's order.

    Raises:
        TypeError: a number is of the wrong type.
        ValueError: a number is outside its range.
    """
    _checks.instance("model", model, FeatureNoiseModel)
    n, m = _checks.integer("n", n, low=1), _checks.integer("m", m, low=1)
    lr, init_scale = _checks.positive("lr", lr), _checks.positive("init_scale", init_scale)
    u, v, noise = model.u_norm, model.v_norm, model.noise_norm
    predicted_scale = 1 / (max(u, v, noise) * model.d**0.5)
    inverse_norms, budget = u**-2 + v**-2, n / noise**2
    low, high = m / (4 * u**2), 2 * m / (5 * u**2)

    return [
        Condition(
            "i",
            r"$\sigma_0 = \tilde\Theta(\max\{\lVert u\rVert, \lVert v\rVert,"
            r" \sigma_p\sqrt{d}\}^{-1} d^{-1/2})$",
            f"{init_scale:.3g} against {predicted_scale:.3g}",
            None,
        ),
        Condition("ii", r"$d = \Omega(n^2)$", f"{model.d} against {n**2}", None),
        Condition(
            "iii",
            r"$\lVert v\rVert \le 0.1\,\lVert u\rVert$",
            f"{v:.3g} ≤ {0.1 * u:.3g}",
            v <= 0.1 * u,
        ),
        Condition(
            "iii",
            r"$\lVert u\rVert^{-2} + \lVert v\rVert^{-2} \le n/(\sigma_p^2 d)$",
            f"{inverse_norms:.3g} ≤ {budget:.3g}",
            inverse_norms <= budget,
        ),
        Condition(
            "iv",
            r"$m/(4\lVert u\rVert^2) \le \eta \le 2m/(5\lVert u\rVert^2)$, as printed",
            f"{low:.3g} ≤ {lr:.3g} ≤ {high:.3g}",
            low <= lr <= high,
        ),
        Condition(
            "iv",
            r"$m/(2\lVert u\rVert^2) \le \eta \le 4m/(5\lVert u\rVert^2)$, corrected (ours)",
            f"{2 * low:.3g} ≤ {lr:.3g} ≤ {2 * high:.3g}",
            2 * low <= lr <= 2 * high,
        ),
        Condition("v", r"$\rho \le$ a small constant", f"{model.rho:.3g}", None),
    ]
