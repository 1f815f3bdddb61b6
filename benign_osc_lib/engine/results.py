"""What the compiled loops write, as arrays of all runs, and what the engine returns of it."""

from collections import namedtuple

import torch

from .path import overlaps_along, weights_along
from .problem import Found, flat
from .recorder import recorded_steps

Results = namedtuple(
    "Results",
    "weights margins strong weak diverged_at stopped_at second path source coefficients velocity"
    " second_velocity",
)
"""Arrays of all runs, written to; those that are not wanted have length 0. ``path`` holds the
coefficients at each recorded step, (K + 1, 2m) with α last, and ``source`` the patch of each
direction. ``coefficients``, ``velocity``, ``second`` and ``second_velocity`` are also what a run
that goes on has behind it."""


def results_for(problem, record_every):
    """Results of tensors on the CPU; those of the past are what the loop goes on from."""
    rule, before = problem.rule, problem.before
    (n, patches, d), m = problem.x.shape[-3:], problem.weights.shape[-2]
    runs, most = problem.lr.numel(), n * patches + 2
    records = len(recorded_steps(problem, record_every))
    whole = {"dtype": torch.int64, "device": "cpu"}
    along = problem.path or problem.directions is not None
    trained, state = rule.second_layer == "trained", before.state if before else {}
    remembered = problem.keep_state or before is not None

    def empty(*shape):
        return torch.empty(shape, dtype=problem.lr.dtype, device="cpu")

    def memory(name, wanted, *own):
        if name in state:
            return state[name].reshape(runs, *own).clone()
        return empty(runs if wanted else 0, *own)

    def ended(name):
        if before:
            return getattr(before, name).reshape(-1).clone()
        return torch.full((runs,), -1, **whole)

    moving = remembered and rule.momentum > 0
    return Results(
        weights=empty(runs, 2 * m, d),
        margins=empty(runs, problem.visits.shape[-2] if problem.margins else 1, n),
        strong=empty(runs, records, 2 * m),
        weak=empty(runs, records, 2 * m),
        diverged_at=ended("diverged_at"),
        stopped_at=ended("stopped_at"),
        second=memory("second", trained, 2 * m),
        path=empty(runs if along else 0, records, most + 1, 2 * m),
        source=torch.empty(runs if along else 0, most, **whole),
        coefficients=memory("coefficients", remembered, most + 1, 2 * m),
        velocity=memory("velocity", moving, most + 1, 2 * m),
        second_velocity=memory("second_velocity", moving and trained, 2 * m),
    )


def found_by(problem, given, results):
    """The Found of a problem, from its Results and the ``start``, x, u and v of what was given."""
    batch, m = problem.lr.shape, problem.weights.shape[-2]
    filters = (2, m)
    overlaps = path = state = None

    def shared(pair):
        return tuple(torch.from_numpy(array) for array in pair)

    if len(results.source) or problem.path or problem.directions is not None:
        vectors = [shared(getattr(given, name)) for name in ("start", "x", "u", "v")]
        known = results.path, results.source, *vectors
        if problem.path:
            path = weights_along(*known)
            path = path.reshape(*batch, path.shape[1], *filters, path.shape[-1])
        if problem.directions is not None:
            wanted = shared(flat(problem.directions, 2, batch))
            overlaps = overlaps_along(*known, wanted)
            overlaps = overlaps.reshape(*batch, overlaps.shape[1], *filters, overlaps.shape[-1])
    second = None
    if problem.rule.second_layer == "trained":
        second = results.second.reshape(*batch, *filters)
    if problem.keep_state:
        start = problem.before.state["start"] if problem.before else problem.weights
        state = {"start": start.expand(*batch, *start.shape[-3:]).clone()}
        names = {"coefficients": True, "velocity": problem.rule.momentum > 0}
        names |= {"second": second is not None}
        names |= {"second_velocity": second is not None and problem.rule.momentum > 0}
        for name in (name for name, kept in names.items() if kept):
            whole = getattr(results, name)
            state[name] = whole.reshape(*batch, *whole.shape[1:]).clone()
    return Found(
        weights=results.weights.reshape(*batch, *filters, results.weights.shape[-1]),
        margins=results.margins.reshape(*batch, *results.margins.shape[1:]),
        strong=results.strong.reshape(*batch, results.strong.shape[1], *filters),
        weak=results.weak.reshape(*batch, results.weak.shape[1], *filters),
        diverged_at=results.diverged_at.reshape(batch),
        stopped_at=results.stopped_at.reshape(batch),
        second=second,
        overlaps=overlaps,
        path=path,
        state=state,
    )
