"""A run sorted by class: what one class went through at the visits of training (chapter 10)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from . import _checks
from .patch_data import PatchData
from .signals import learned_signal


@dataclass(frozen=True, eq=False)
class ClassRecord:
    """What one class went through in a run of T visits.

    Args:
        e_strong: the residuals at visits to strong points of the class, in order.
        e_weak: those at visits to its weak points.
        misfit: P − y f at the visits of ``e_strong``, with P = s + q.
        growth: P_in, the largest total of increases of P at visits other than ``e_strong``: from
            the start or a strong visit with e >= 0 to the next such visit or the end of the record.
        s: strong signal of the class's filters, (T + 1,).
        q: weak signal of the class's filters, (T + 1,).
        q_other: q⁻, what the filters of the other sign draw from the same patch, (T + 1,).
        strong_visits: strong visits of the class among the first t visits, (T + 1,).
        weak_visits: the same for its weak points, (T + 1,).
    """

    e_strong: Tensor
    e_weak: Tensor
    misfit: Tensor
    growth: float
    s: Tensor
    q: Tensor
    q_other: Tensor
    strong_visits: Tensor
    weak_visits: Tensor


def class_record(data, run, y, *, start=0):
    """Sort the visits of a run for one class.

    A Run does not know the order of its visits: for one in shuffled order the record is wrong, and
    no error says so. After a divergence the record goes on with the weights that the run kept.

    Args:
        data: PatchData of one data set.
        run: its Run in cyclic order, recorded at every step, without leading axes.
        y: the class, −1 or +1.
        start: visits to leave out at the beginning, fewer than the run has.

    Returns:
        A ClassRecord.

    Raises:
        TypeError: ``data`` is no PatchData.
        ValueError: the data or the run have leading axes, their numbers of points differ, the run
            is not recorded at every step, or y or start is outside its range.
    """
    _checks.instance("data", data, PatchData)
    _checks.one_data_set("data", data.y.shape[:-1])
    _checks.one_label("y", y)
    visits = run.margins.numel()
    if run.margins.ndim != 2 or len(run.steps) != visits + 1:
        raise ValueError("run must be one run, recorded at every step")
    if run.margins.shape[1] != len(data.y):
        raise ValueError(f"run must visit {len(data.y)} points, got {run.margins.shape[1]}")
    _checks.integer("start", start, low=0, high=visits - 1)
    own_sign = 0 if y == 1 else 1
    s, q = (learned_signal(z[start:, own_sign]) for z in (run.strong, run.weak))
    q_other = learned_signal(-run.weak[start:, 1 - own_sign])
    margins = run.margins.flatten()[start:]
    own = (data.y == y).repeat(run.margins.shape[0])[start:]
    weak = own & data.is_weak.repeat(run.margins.shape[0])[start:]
    strong = own & ~weak
    e = 1 - margins
    signal = s + q
    rise = signal.diff().clamp(min=0) * ~strong
    restart = torch.cumsum(strong & (e >= 0), 0)
    totals = torch.zeros(visits - start + 1, dtype=rise.dtype).index_add(0, restart, rise)
    return ClassRecord(
        e_strong=e[strong],
        e_weak=e[weak],
        misfit=(signal[:-1] - margins)[strong],
        growth=float(totals.max()),
        s=s,
        q=q,
        q_other=q_other,
        strong_visits=_count(strong),
        weak_visits=_count(weak),
    )


def _count(visits):
    """How many of the first t visits are marked, t = 0, …, T."""
    return torch.cat([torch.zeros_like(visits[:1], dtype=torch.long), visits.cumsum(0)])
