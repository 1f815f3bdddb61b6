"""What is known of the data of a run, in its place of the workspace; and the final weights."""

from .._compile import jit
from .products import (
    WIDE,
    Vectors,
    final_weights,
    find_directions,
    gram_matrix,
    out_of_range,
)
from .rows import behind, item, load_shared, store
from .workspace import PLAN


@jit()
def vectors_of(run, data, sizes, s, patches):
    """The Vectors of a run."""
    return Vectors(
        x=behind(s.x, item(s.x_of, run) * sizes.n * len(patches) * sizes.d),
        u=behind(s.u, item(s.u_of, run) * sizes.d),
        v=behind(s.v, item(s.v_of, run) * sizes.d),
        source=behind(s.source, data * sizes.most),
        stop=s.stop,
    )


@jit()
def know(slot, run, runs, smallest, largest, sizes, s, patches):
    """Which part of the workspace holds what is known of the data of a run; −1 to end all work.

    It may be there from another run. Else it is made, where no run before ``slot`` needs the place.
    """
    x, u, v = item(s.x_of, run), item(s.u_of, run), item(s.v_of, run)
    data = 0
    for k in range(sizes.together):
        known = behind(s.known, 4 * k)
        if item(known, 0) == x and item(known, 1) == u and item(known, 2) == v:
            return k
    for k in range(slot):
        data += runs[k].data == data
    known, vectors = behind(s.known, 4 * data), vectors_of(run, data, sizes, s, patches)
    entries, most = sizes.n * len(patches), sizes.most
    direction, gram = behind(s.direction, data * entries), behind(s.gram, data * most * most)
    begin, end = behind(s.row_begin, data * most), behind(s.row_end, data * most)
    store(known, 0, -1)
    sign = behind(s.sign, data * entries)
    count = find_directions(sizes.n, sizes.d, vectors, direction, sign, s.zero, patches)
    gram_matrix(count, sizes.d, vectors, gram, begin, end, s.zero)
    if load_shared(s.stop) != 0:
        return -1
    refused = out_of_range(entries, count, sizes.d, vectors, gram, direction, smallest, largest)
    store(s.refused, 0, refused)
    if refused != 0:
        return -1
    store(known, 0, x)
    store(known, 1, u)
    store(known, 2, v)
    store(known, 3, count)
    return data


@jit()
def plan(slot, r, sizes, s, lanes, patches):
    """Where the responses of a run find their numbers, see :data:`PLAN`."""
    entries, most = sizes.n * len(patches), sizes.most
    rows = slot * sizes.blocks * most * len(lanes)
    for q in range(entries + 2):
        k = item(s.direction, r.data * entries + q) if q < entries else q - entries
        sign = item(s.sign, r.data * entries + q) if q < entries else s.one
        row, entry = r.data * most * most + k * r.count, behind(s.plan, (r.first + q) * PLAN)
        store(entry, 0, row + item(s.row_begin, r.data * most + k))
        store(entry, 1, row + item(s.row_end, r.data * most + k))
        store(entry, 2, rows - row * len(lanes))
        store(entry, 3, rows + k * len(lanes))
        store(s.flips, r.first + q, s.zero * sign)
        store(s.steps, r.first + q, r.rate * sign)


@jit()
def put_together(slot, r, sizes, s, lanes, patches):
    """The weights of a run; a pointer to them."""
    size = sizes.filters * sizes.d
    w, final = (
        behind(s.weights, item(s.weights_of, r.number) * size),
        behind(s.final, r.number * size),
    )
    coefficients = behind(s.coefficients, slot * sizes.blocks * sizes.most * len(lanes))
    vectors = vectors_of(r.number, r.data, sizes, s, patches)
    final_weights(r.count, sizes.filters, sizes.d, w, vectors, coefficients, final, lanes, WIDE)
    return final
