"""What the compiled loop for every rule is given, writes to, and works on."""

from collections import namedtuple

from .._compile import jit
from .rows import pointer

GLANCE = 64  # visits between two looks at ``stop``

Given = namedtuple("Given", "x y u v start weights lr visits targets schedule")
"""The runs. All but the rates and the schedule are pairs: an array with one leading axis; its index
for each run. ``start`` are the weights before the first update, ``weights`` those of the moment."""

Settings = namedtuple(
    "Settings",
    "kind logistic batch_size momentum nesterov weight_decay trained second_rate sam stop_below"
    " limit record_every epochs_before epochs tiny",
)
"""Numbers of a call: the rule, with the number of its activation, and what is asked for. ``tiny``
keeps squares above 0."""

Epoch = namedtuple("Epoch", "y targets margins")
"""Pointers to the n numbers of each in an epoch."""

Workspace = namedtuple(
    "Workspace",
    "source direction sign row_begin row_end gram initial_products coefficients before velocity"
    " velocity_before"
    " gradient reach inner slopes sums slope_of touched mark scratch share factors second"
    " second_before second_velocity second_slope outputs stop progress refused",
)
"""The arrays of a thread. ``inner``, ``slopes`` and ``sums`` hold z, σ'(z) and Σ_p σ(z) of a batch,
``slope_of`` the derivative of its loss by f of each point; ``share`` is j/m and ``factors`` is
j a_{j,r}/m, ``second`` a_{j,r}. The last three
speak with others, as in ``compiled``."""

State = namedtuple(
    "State",
    "x u v source direction sign row_begin row_end gram initial_products coefficients velocity"
    " gradient reach inner slopes sums slope_of touched mark scratch share factors second"
    " second_before second_velocity second_slope stop zero one lanes rule blocks count"
    " patches",
)
"""Pointers to the data of a run and to arrays of a Workspace, to which Numba counts no references;
0 and 1 in the dtype; ``lanes``, a tuple as long as a row; Settings; the numbers of blocks of
filters, of directions K and of patches P."""


@jit(inline=True)
def pointers(run, given, work, rule, count, patches, lanes):
    """The State of a run."""
    number = given.lr.dtype.type
    return State(
        x=pointer(given.x[0][given.x[1][run]]),
        u=pointer(given.u[0][given.u[1][run]]),
        v=pointer(given.v[0][given.v[1][run]]),
        source=pointer(work.source),
        direction=pointer(work.direction),
        sign=pointer(work.sign),
        row_begin=pointer(work.row_begin),
        row_end=pointer(work.row_end),
        gram=pointer(work.gram),
        initial_products=pointer(work.initial_products),
        coefficients=pointer(work.coefficients),
        velocity=pointer(work.velocity),
        gradient=pointer(work.gradient),
        reach=pointer(work.reach),
        inner=pointer(work.inner),
        slopes=pointer(work.slopes),
        sums=pointer(work.sums),
        slope_of=pointer(work.slope_of),
        touched=pointer(work.touched),
        mark=pointer(work.mark),
        scratch=pointer(work.scratch),
        share=pointer(work.share),
        factors=pointer(work.factors),
        second=pointer(work.second),
        second_before=pointer(work.second_before),
        second_velocity=pointer(work.second_velocity),
        second_slope=pointer(work.second_slope),
        stop=pointer(work.stop),
        zero=number(0),
        one=number(1),
        lanes=lanes,
        rule=rule,
        blocks=len(work.share) // len(lanes),
        count=count,
        patches=patches,
    )
