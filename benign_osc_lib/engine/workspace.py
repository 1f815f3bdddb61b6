"""What the compiled loop works on: its arguments, the arrays of a thread, and pointers to all."""

from collections import namedtuple

import numpy as np

from .._compile import jit
from .rows import pointer

Given = namedtuple("Given", "x y u v weights lr visits")
"""The runs. All but the rates are pairs: an array with one leading axis; its index for each run."""

Results = namedtuple("Results", "weights margins strong weak diverged_at")
"""Arrays of all runs, written to."""

Workspace = namedtuple(
    "Workspace",
    "known source direction sign row_begin row_end gram plan flips steps initial_products"
    " coefficients active outputs runs before scratch share j stop progress refused",
)
"""The arrays of a thread. Those up to ``runs`` have a part for each run that is in work, or for its
data. The last three speak with others: ``stop``, set from outside, ends all work; ``progress``
counts the steps that are done; ``refused`` says which argument is out of range."""

State = namedtuple(
    "State",
    "x x_of y y_of u u_of v v_of weights weights_of lr visits visits_of"
    " final margins strong weak diverged_at"
    " known source direction sign row_begin row_end gram plan flips steps initial_products"
    " coefficients active outputs before scratch share j stop progress refused"
    " zero one two m one_m two_m minus_two_mm tiny huge",
)
"""Pointers to the arrays of Given, Results and Workspace, and some constants. Numba counts no
references to them, as it does at each call for every array that is handed on."""

Sizes = namedtuple("Sizes", "n d filters blocks most epochs orders records together")
"""Points; dimension; filters, and rows that hold them; the most directions that there can be;
epochs, and those with an order of their own; records; and how many runs are in work at a time."""

PLAN = 4
"""Of each patch, and of u and v after them, ``plan`` says where the Gram entries are that may
differ from 0, from the first to behind the last; from where the rows of coefficients are counted
that belong to these; and where its own row is."""


def run_type(number):
    """What is kept of each run in work.

    ``moved`` is how far the largest ‖z_i‖ may have moved since the last survey, the bound of
    ``divergence``, and ``allowed`` how far it may move before some point can be beyond the limit,
    or ‖W‖² overflow; ``since_start`` and ``allowed_since_start`` are the same for the second alone.
    With c = 2 (y − f) a step moves it by at most abs(c) (``slope`` ‖z‖² + ``offset``).
    An update that may move it too far is ``left`` to be made: that of the patches from there, by c.
    """
    places = ("number", "data", "count", "first", "y", "margins", "visits", "diverged", "left")
    amounts = (
        "rate",
        "c",
        "square_norm",
        "slope",
        "offset",
        "moved",
        "allowed",
        "since_start",
        "allowed_since_start",
    )
    kinds = [(name, np.int64) for name in places] + [(name, number) for name in amounts]
    return np.dtype(kinds, align=True)


@jit()
def sizes_of(given, results, work, lanes, patches):
    """The Sizes of a call."""
    n, filters = given.x[0].shape[1], given.weights[0].shape[1]
    return Sizes(
        n=n,
        d=given.x[0].shape[3],
        filters=filters,
        blocks=len(work.share) // len(lanes),
        most=n * len(patches) + 2,
        epochs=results.margins.shape[1],
        orders=given.visits[0].shape[1],
        records=results.strong.shape[1],
        together=len(work.runs),
    )


@jit(inline=True)
def state(given, results, work, sizes, patches):
    """The State of a thread."""
    number, m = given.lr.dtype.type, sizes.filters // 2
    return State(
        x=pointer(given.x[0]),
        x_of=pointer(given.x[1]),
        y=pointer(given.y[0]),
        y_of=pointer(given.y[1]),
        u=pointer(given.u[0]),
        u_of=pointer(given.u[1]),
        v=pointer(given.v[0]),
        v_of=pointer(given.v[1]),
        weights=pointer(given.weights[0]),
        weights_of=pointer(given.weights[1]),
        lr=pointer(given.lr),
        visits=pointer(given.visits[0]),
        visits_of=pointer(given.visits[1]),
        final=pointer(results.weights),
        margins=pointer(results.margins),
        strong=pointer(results.strong),
        weak=pointer(results.weak),
        diverged_at=pointer(results.diverged_at),
        known=pointer(work.known),
        source=pointer(work.source),
        direction=pointer(work.direction),
        sign=pointer(work.sign),
        row_begin=pointer(work.row_begin),
        row_end=pointer(work.row_end),
        gram=pointer(work.gram),
        plan=pointer(work.plan),
        flips=pointer(work.flips),
        steps=pointer(work.steps),
        initial_products=pointer(work.initial_products),
        coefficients=pointer(work.coefficients),
        active=pointer(work.active),
        outputs=pointer(work.outputs),
        before=pointer(work.before),
        scratch=pointer(work.scratch),
        share=pointer(work.share),
        j=pointer(work.j),
        stop=pointer(work.stop),
        progress=pointer(work.progress),
        refused=pointer(work.refused),
        zero=number(0),
        one=number(1),
        two=number(2),
        m=number(m),
        one_m=number(1 / m),
        two_m=number(2 / m),
        minus_two_mm=number(-2 / (m * m)),
        tiny=number(np.finfo(given.lr.dtype).tiny * sizes.filters * len(patches)),
        huge=number(np.finfo(given.lr.dtype).max / 100),
    )
