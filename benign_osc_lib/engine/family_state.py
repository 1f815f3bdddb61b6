"""What the compiled loop for every rule is given, writes to, and works on."""

from collections import namedtuple

from .._compile import jit
from .rows import behind, pointer

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

Results = namedtuple(
    "Results",
    "weights margins strong weak diverged_at stopped_at second path source coefficients velocity"
    " second_velocity",
)
"""Arrays of all runs, written to; those that are not wanted have length 0. ``path`` holds the
coefficients at each recorded step, (K + 1, 2m) with α last, and ``source`` the patch of each
direction. ``coefficients``, ``velocity``, ``second`` and ``second_velocity`` are also what a run
that goes on has behind it."""

Workspace = namedtuple(
    "Workspace",
    "source direction sign row_begin row_end gram initial_products outputs touched mark numbers"
    " places stop progress refused",
)
"""The arrays of a thread. ``numbers`` holds those that Places names, from ``places`` on: to hand on
one array takes a good part of the time to compile. The last three speak with others, as in
``compiled``."""

Places = namedtuple(
    "Places",
    "coefficients before velocity velocity_before gradient reach inner slopes sums slope_of scratch"
    " share factors second second_before second_velocity second_slope",
)
"""Rows of filters. p and q of ``family_flow`` stand in ``coefficients`` and ``velocity``; z, σ'(z)
and Σ_p σ(z) of a batch in ``inner``, ``slopes`` and ``sums``, and the derivative of each point's
loss by f in ``slope_of``; j/m in ``share``, j a_{j,r}/m in ``factors``, a_{j,r} in ``second``."""

State = namedtuple(
    "State",
    "x u v source direction sign row_begin row_end gram initial_products touched mark "
    + " ".join(Places._fields)
    + " stop zero one lanes rule blocks count patches",
)
"""Pointers to the data of a run and to arrays of a Workspace, to which Numba counts no references;
0 and 1 in the dtype; ``lanes``, a tuple as long as a row; Settings; the numbers of blocks of
filters, of directions K and of patches P."""

Data = namedtuple("Data", "x u v source stop")
"""Those pointers that ``products`` needs to find the directions."""


@jit(inline=True)
def data_of(run, given, work):
    """The Data of a run."""
    return Data(
        x=pointer(given.x[0][given.x[1][run]]),
        u=pointer(given.u[0][given.u[1][run]]),
        v=pointer(given.v[0][given.v[1][run]]),
        source=pointer(work.source),
        stop=pointer(work.stop),
    )


@jit(inline=True)
def pointers(data, work, one, rule, blocks, count, patches, lanes):
    """The State of a run."""
    numbers, places = pointer(work.numbers), work.places
    return State(
        x=data.x,
        u=data.u,
        v=data.v,
        source=data.source,
        direction=pointer(work.direction),
        sign=pointer(work.sign),
        row_begin=pointer(work.row_begin),
        row_end=pointer(work.row_end),
        gram=pointer(work.gram),
        initial_products=pointer(work.initial_products),
        touched=pointer(work.touched),
        mark=pointer(work.mark),
        coefficients=behind(numbers, places.coefficients),
        before=behind(numbers, places.before),
        velocity=behind(numbers, places.velocity),
        velocity_before=behind(numbers, places.velocity_before),
        gradient=behind(numbers, places.gradient),
        reach=behind(numbers, places.reach),
        inner=behind(numbers, places.inner),
        slopes=behind(numbers, places.slopes),
        sums=behind(numbers, places.sums),
        slope_of=behind(numbers, places.slope_of),
        scratch=behind(numbers, places.scratch),
        share=behind(numbers, places.share),
        factors=behind(numbers, places.factors),
        second=behind(numbers, places.second),
        second_before=behind(numbers, places.second_before),
        second_velocity=behind(numbers, places.second_velocity),
        second_slope=behind(numbers, places.second_slope),
        stop=data.stop,
        zero=one - one,
        one=one,
        lanes=lanes,
        rule=rule,
        blocks=blocks,
        count=count,
        patches=patches,
    )
