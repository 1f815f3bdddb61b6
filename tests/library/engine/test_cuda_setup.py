"""What the kernel for GPUs is given: places in memory, directions, bounds. It needs no device."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import generators
from benign_osc_lib.engine import cuda
from benign_osc_lib.engine.batched import _Batch
from benign_osc_lib.engine.cuda_layout import (
    DIRECTION,
    FIRST,
    LAST,
    MOST,
    WARP,
    layout,
    numbers_of_run,
    pack,
)
from benign_osc_lib.engine.cuda_setup import bounds, find_directions, prepare
from benign_osc_lib.engine.divergence import LIMIT
from benign_osc_lib.engine.norms import surely_in_range
from tests.library.common import MODEL, assert_close, normal
from tests.library.engine import test_batched as batch
from tests.library.engine.common import layouts

# --- How runs lie in memory --------------------------------------------------------------------

SIZES = {
    "count": st.integers(1, 400),
    "n": st.integers(1, 300),
    "patches": st.integers(1, 9),
    "filters": st.integers(1, 300).map(lambda m: 2 * m),
    "itemsize": st.sampled_from([4, 8]),
}


@given(**SIZES, shared=st.integers(1, 2**18), warp=st.sampled_from([4, 32]))
def test_a_layout_has_room_for_everything(shared, warp, **sizes):
    plan = layout(**sizes, shared=shared, warp=warp)
    count, n, patches, filters, itemsize = sizes.values()
    if plan is None:
        width = -(-filters // warp) * warp
        least = numbers_of_run(count, n, patches, width, warp, itemsize) * itemsize
        assert count > MOST or least > shared
        return
    assert plan.bytes <= shared and plan.width >= filters > plan.width - plan.threads
    assert plan.runs * plan.threads == plan.warp == warp
    arrays = count**2 + 2 * count * plan.width + n
    needed = plan.runs * (arrays * itemsize + 4 * (n * patches + 2))
    assert plan.bytes >= needed


@given(**SIZES)
def test_the_threads_of_a_warp_meet_no_bank_twice(**sizes):
    """What the threads of all runs read at once, T numbers of each, lies in different banks."""
    plan = layout(**sizes, shared=2**20)
    if plan is None:
        return
    numbers = plan.bytes // plan.runs // sizes["itemsize"]
    row = 128 // sizes["itemsize"]  # numbers that are read at once
    together = max(1, row // plan.threads)  # runs that are
    banks = [slot * numbers % row + t for slot in range(together) for t in range(plan.threads)]
    banks = [bank % row for bank in banks][:row]
    assert len(set(banks)) == min(len(banks), row)


def test_the_papers_sizes_fit_four_runs_a_block():
    """u, v and 16 noise patches; 16 filters, two a thread."""
    plan = layout(18, 16, 3, 16, 8, 48 * 1024)
    assert (plan.own, plan.threads, plan.runs) == (2, 8, 4)
    assert plan.bytes == 4 * 8 * 952  # of 324 + 2 · 288 + 16 + 25, rounded up


def test_what_does_not_fit_is_refused():
    assert layout(18, 16, 3, 16, 8, 1000) is None
    assert layout(MOST, 4, 1, 2, 4, 2**23) is not None
    assert layout(MOST + 1, 4, 1, 2, 4, 2**23) is None
    large = layout(66, 64, 3, 16, 8, 80_000)
    assert (large.threads, large.runs) == (WARP, 1)


@given(
    k=st.integers(0, MOST),
    first=st.integers(0, MOST),
    last=st.integers(0, MOST),
    negative=st.integers(0, 1),
)
def test_a_code_can_be_read(k, first, last, negative):
    code = int(torch.tensor(pack(k, first, last, negative)).int())
    assert code == pack(k, first, last, negative)
    fields = (code >> DIRECTION, code >> FIRST & MOST, code >> LAST & MOST, code & 1)
    assert fields == (k, first, last, negative)


# --- What the kernel is given ------------------------------------------------------------------


@given(case=layouts(batch=(2,)), double=st.booleans())
def test_directions_are_the_distinct_vectors_up_to_sign(case, double):
    data, _, seed = case
    x = data.x if double else data.x.float()
    u, v = x[:, 0, 0], normal(seed, 2, x.shape[-1]).to(x.dtype)
    found = find_directions(x, u, v)
    everything = torch.cat((x.flatten(1, 2), u[:, None], v[:, None]), 1)
    counts = []
    for s in range(2):
        sign = torch.where(found.negative[s], -1, 1)[:, None]
        assert torch.equal(sign * found.vectors[s][found.of_patch[s]], everything[s])
        known = {min(tuple(w.tolist()), tuple((-w).tolist())) for w in everything[s] + 0.0}
        counts.append(len({tuple(abs(a) for a in w) + w for w in known}))
        assert int(found.of_patch[s].max()) == counts[s] - 1
        assert not found.vectors[s][counts[s] :].any()
    assert found.vectors.shape[1] == max(counts)


def test_vectors_that_share_their_number_stay_apart(monkeypatch):
    zeros = torch.zeros(16, dtype=torch.int64)
    monkeypatch.setattr(torch, "randint", lambda *args, **options: zeros)
    x = normal(0, 1, 4, 3, 8).sign()  # many sums of bits coincide
    x[0, 3] = x[0, 0]
    found = find_directions(x, x[:, 0, 0], x[:, 1, 1])
    sign = torch.where(found.negative[0], -1, 1)[:, None]
    kept = sign * found.vectors[0][found.of_patch[0]]
    assert torch.equal(kept[:12], x[0].flatten(0, 1))


@given(case=layouts(batch=(2,)))
def test_rows_of_the_gram_matrix_are_read_where_they_are_not_zero(case):
    data = case[0]
    made = prepare(data.x, data.x[:, -1, -1], data.x[:, 0, 0])
    assert_close(made.gram, made.directions @ made.directions.mT)
    assert_close(made.square_norm, data.x.square().sum((-1, -2)).amax(-1))
    for s in range(2):
        for code in made.codes[s].tolist():
            row = made.gram[s, code >> DIRECTION]
            kept = row[code >> FIRST & MOST : code >> LAST & MOST]
            assert int((kept != 0).sum()) == int((row != 0).sum())
            assert not len(kept) or (kept[0] != 0 and kept[-1] != 0)


def test_a_feature_that_is_no_patch_may_be_too_long_to_be_multiplied():
    x = MODEL.sample(2, generator=generators([0])).x
    made = prepare(x, torch.full((1, 8), 1e200, dtype=x.dtype), 1e-200 * x[:, 0, 0])
    assert made.gram.isfinite().all()


def test_bounds_are_those_of_the_batched_engine():
    case = batch.problem(runs=3, lr=[0.1, 2.0, 1e300])
    case.weights[1] *= 1e200
    whole = _Batch(*vars(case).values(), 0, False, LIMIT)
    square = case.x.square().sum((-1, -2)).amax(-1)
    norms = torch.linalg.vector_norm(case.weights, dim=(1, 2))
    movement, allowed = bounds(case.lr, square, norms, 6, 4).unbind(1)
    assert_close(2 * movement, case.lr * whole.movement_rate)
    assert_close(allowed[[0, 2]] * 2, whole.allowed_since_start[[0, 2]])
    assert allowed[1] == whole.allowed_since_start[1] == -1


def test_launches_take_about_the_time_they_should():
    assert [cuda.next_size(8, took) for took in (0.01, 0.07, 0.3)] == [16, 8, 4]
    assert cuda.next_size(1, 9.0) == 1
    assert cuda.first_size(64, 16) == 256 and cuda.first_size(65536, 16) == 4
    assert cuda.first_size(10**9, 5000) == 1


def test_places_of_what_is_shared():
    for places in ([5, 5, 5], [1, 4, 6], [4, 1, 4], [7]):
        found, where = cuda._once(np.array(places))
        assert found[where].tolist() == places and len(set(found)) == len(found)


def test_a_quick_look_at_the_norms():
    x = normal(0, 4, 3, 8)
    assert surely_in_range(x, x[0, 0], x[1, 1])
    assert surely_in_range(x.float(), x[0, 0].float())
    for factor in (0.0, 1e-80, 1e80, float("nan")):
        assert not surely_in_range(x, factor * x[0, 0])
    assert not surely_in_range(1e10 * x.float(), x[0, 0].float())
