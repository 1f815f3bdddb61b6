"""The kernel of the reduced engine on a GPU: whole trajectories of plain SGD, many runs at a time.

The mathematics is that of ``compiled``. A run belongs to a group of threads, at most a warp; thread
t of T has the filters t, t + T, …. What a step reads lies in shared memory: the Gram matrix, each
row from its first to its last entry that is not 0, the products of the initial filters with the
directions, and the coefficients, of which a thread reads and writes those of its filters only. So
threads meet in two places: f is a sum over filters (shuffles), and where one run of a warp has to
look at all its points, the others do so too (a vote), since a shuffle needs all threads of a warp.

A launch makes some epochs and leaves the state of each run in global memory. The numbers do not
depend, bit for bit, on where a trajectory is cut into launches.

Numba's simulator (NUMBA_ENABLE_CUDASIM=1) has no shuffles: there sums and votes go through shared
memory and barriers of the block. All that names Numba's module ``cuda`` has to stand in this file:
the simulator replaces it file by file as a thread enters a function, and threads that enter another
file undo it for each other.
"""

import math
from functools import cache

import numpy as np
from numba import config, cuda, float32, float64, int32, uint64

from .cuda_layout import DIRECTION, FIRST, LAST, MOST
from .divergence import SAFE

TINY = float(np.finfo(np.float32).tiny)

SHUFFLES = not config.ENABLE_CUDASIM
"""Whether the threads of a warp can exchange numbers."""


@cache
def kernel(double, patches, own, threads, warp):
    """The kernel for one kind of runs, ``warp // threads`` a block; compiled at its first launch.

    Args:
        double: float64, not float32.
        patches: P.
        own: filters of a thread.
        threads: T, a power of two.
        warp: threads of a block: 32, or fewer in the simulator.
    """
    number = float64 if double else float32
    width, runs, root = own * threads, warp // threads, math.sqrt(threads)
    slots = patches * own
    codes_a_number = 2 if double else 1

    if SHUFFLES:

        @cuda.jit(device=True)
        def group_sum(value):
            offset = threads // 2
            while offset > 0:
                value += cuda.shfl_xor_sync(0xFFFFFFFF, value, offset)
                offset //= 2
            return value

        @cuda.jit(device=True)
        def some(condition):
            return cuda.any_sync(0xFFFFFFFF, condition)

    else:

        @cuda.jit(device=True)
        def group_sum(value):
            numbers, t = cuda.shared.array(warp, number), cuda.threadIdx.x
            cuda.syncthreads()
            numbers[t] = value
            cuda.syncthreads()
            return numbers[t - t % threads :][:threads].sum()

        @cuda.jit(device=True)
        def some(condition):
            return cuda.syncthreads_or(condition) != 0

    @cuda.jit(device=True)
    def lesser(a, b):  # ``min`` is not compiled by every release of Numba for CUDA
        return a if a < b else b

    @cuda.jit(device=True)
    def respond(s, code, home, z):
        """⟨w, x_k⟩ of the own filters into ``z``, for the patch of a code but for its sign.

        Places are unsigned: a signed one would be compared with 0 before every read.
        """
        gram, start, coefficients, count = home
        k, first, last = code >> DIRECTION, (code >> FIRST) & MOST, (code >> LAST) & MOST
        place, row = uint64(start + k * width), uint64(gram + k * count + first)
        a, odd = uint64(coefficients + first * width), cuda.local.array(own, number)
        for f in range(own):
            z[f], odd[f] = s[place + uint64(f * threads)], number(0)
        for _ in range(int32((last - first) >> 1)):  # two sums, so that neither waits for the other
            here, there = s[row], s[row + uint64(1)]
            for f in range(own):
                z[f] += here * s[a + uint64(f * threads)]
                odd[f] += there * s[a + uint64(width + f * threads)]
            row, a = row + uint64(2), a + uint64(2 * width)
        if (last - first) & 1:
            here = s[row]
            for f in range(own):
                z[f] += here * s[a + uint64(f * threads)]
        for f in range(own):
            z[f] += odd[f]

    @cuda.jit(device=True)
    def survey(s, codes, code, n, home, share):
        """The largest abs(f) of a point, and the largest ‖z_i‖; NaN counts as inf."""
        z = cuda.local.array(own, number)
        largest, square = number(0), number(0)
        for i in range(n):
            output, squares = number(0), number(0)
            for q in range(i * patches, (i + 1) * patches):
                respond(s, codes[code + q], home, z)
                for f in range(own):
                    value = -z[f] if codes[code + q] & 1 else z[f]
                    squares += value * value
                    if not value <= 0:
                        output += share[f] * value * value
            output, squares = abs(group_sum(output)), group_sum(squares)
            if not output <= largest:
                largest = output if output == output else number(np.inf)
            if not squares <= square:
                square = squares if squares == squares else number(np.inf)
        return largest, math.sqrt(square)

    @cuda.jit(device=True)
    def square_of_weights(s, home, directions, initial, lane):
        """‖W‖², from directions (K, d) and the initial filters (2m, d)."""
        square, coefficients = number(0), home[2]
        for f in range(own):
            r = lane + f * threads
            if r < initial.shape[0]:
                for c in range(initial.shape[1]):
                    w = initial[r, c]
                    for k in range(home[3]):
                        a = s[coefficients + k * width + f * threads]
                        if a != 0:
                            w += a * directions[k, c]
                    square += w * w
        return group_sum(square)

    @cuda.jit(device=True)
    def record(s, codes, code, home, lane, strong, weak):
        """⟨w_{j,r}, j u⟩ and ⟨w_{j,r}, j v⟩, whose codes are there, into two arrays (2m,)."""
        z, filters = cuda.local.array(own, number), strong.shape[0]
        for feature in range(2):
            c = codes[code + feature]
            respond(s, c, home, z)
            for f in range(own):
                r = lane + f * threads
                if r < filters:
                    value = z[f] if (2 * r < filters) == (c & 1 == 0) else -z[f]
                    if feature == 0:
                        strong[r] = value
                    else:
                        weak[r] = value

    @cuda.jit(device=True)
    def update(s, codes, point, coefficients, rate, error, share, active):
        """The SGD step on the visited point, for the own filters."""
        for p in range(patches):
            c = codes[point + uint64(p)]
            at = uint64(coefficients + (c >> DIRECTION) * width)
            for f in range(own):
                change = rate * (error * share[f] * active[p * own + f])
                s[at + uint64(f * threads)] += -change if c & 1 else change

    @cuda.jit(device=True)
    def touched(codes, point, coefficients, q):
        """The place of the q-th coefficient that an update of the visited point changes."""
        k = codes[point + uint64(q // own)] >> DIRECTION
        return uint64(coefficients + k * width + q % own * threads)

    @cuda.jit
    def trajectories(
        size_of_run, begin, end, record_every, limit, with_margins, places, grams, all_codes,
        labels, starts, directions, initial, visits, rates, bounds, all_coefficients, moved,
        diverged_at, margins, strong, weak,
    ):  # fmt: skip
        lane, slot = cuda.threadIdx.x % threads, cuda.threadIdx.x // threads
        run = cuda.blockIdx.x * runs + slot
        exists = run < rates.shape[0]
        run = run if exists else rates.shape[0] - 1  # the last one again, written nowhere
        data, first, weights, order = places[0, run], places[1, run], places[2, run], places[3, run]
        count, n, filters = grams.shape[1], labels.shape[1], initial.shape[1]
        s, codes = cuda.shared.array(0, number), cuda.shared.array(0, int32)
        gram = slot * size_of_run
        start = gram + count * count
        coefficients = start + count * width
        label = coefficients + count * width
        code = (label + n) * codes_a_number
        for q in range(lane, count * count, threads):
            s[gram + q] = grams[data, q // count, q % count]
        for q in range(lane, n, threads):
            s[label + q] = labels[data, q]
        for q in range(lane, n * patches + 2, threads):
            codes[code + q] = all_codes[data, q]
        for q in range(lane, count * width, threads):
            s[start + q] = starts[first, q // width, q % width]
            s[coefficients + q] = all_coefficients[run, q // width, q % width]
        start, coefficients, u = start + lane, coefficients + lane, code + n * patches
        home = gram, start, coefficients, count
        cuda.syncthreads()

        share, active = cuda.local.array(own, number), cuda.local.array(slots, number)
        z, before = cuda.local.array(own, number), cuda.local.array(slots, number)
        for f in range(own):
            r = lane + f * threads
            share[f] = number(2 if 2 * r < filters else -2 if r < filters else 0) / number(filters)
        rate, zero, two, tiny = rates[run], number(0), number(2), float32(TINY)
        movement_rate, allowed_since_start = bounds[run, 0], bounds[run, 1]
        within = math.sqrt(SAFE * limit * filters / 2)
        if begin == 0:
            largest, norm = survey(s, codes, code, n, home, share)
            diverged = -1 if largest <= limit else 0
            since, since_start = 0.0, 0.0
            allowed = lesser((within - norm) / root, allowed_since_start)
            if exists:
                record(s, codes, u, home, lane, strong[run, 0], weak[run, 0])
        else:
            diverged = diverged_at[run]
            since, since_start = moved[run, lane, 0], moved[run, lane, 1]
            allowed = moved[run, lane, 2]
        step = begin * n
        record_at = step // record_every + 1
        until_record = record_at * record_every - step
        for e in range(begin, end):
            visit = e % visits.shape[1]
            upcoming = visits[order, visit, 0]
            for position in range(n):
                i = upcoming
                following = position + 1 if position + 1 < n else position
                upcoming = visits[order, visit, following]  # read ahead
                step += 1
                output, squares = zero, zero
                point = uint64(code + i * patches)
                for p in range(patches):
                    c = codes[point + uint64(p)]
                    respond(s, c, home, z)
                    for f in range(own):
                        value = -z[f] if c & 1 else z[f]
                        value = value if value > zero else zero
                        active[p * own + f] = value
                        squares += value * value
                        output += share[f] * (value * value)
                output = group_sum(output)
                y = s[uint64(label + i)]
                if exists and lane == 0 and with_margins:
                    margins[run, e, i] = y * output
                error = two * (y - output)
                running = diverged < 0
                if running:
                    since += movement_rate * abs(error) * math.sqrt(float32(squares) + tiny)
                careful = some(running and not since <= allowed)
                if careful:
                    for q in range(slots):
                        before[q] = s[touched(codes, point, coefficients, q)]
                if running:
                    update(s, codes, point, coefficients, rate, error, share, active)
                if careful:
                    near = group_sum(number(running and not since <= allowed)) > 0
                    largest, norm = survey(s, codes, code, n, home, share)
                    if near:
                        since_start += since
                        since = 0.0
                        allowed = lesser((within - norm) / root, allowed_since_start - since_start)
                    far = group_sum(number(not since_start <= allowed_since_start)) > 0
                    wild = not largest <= limit
                    suspect = near and (wild or far)
                    if some(suspect):
                        square = square_of_weights(
                            s, home, directions[data], initial[weights], lane
                        )
                        finite = square < number(np.inf)
                        if suspect and (wild or not finite):
                            diverged = step
                        if suspect and not finite:  # keep the weights of before
                            for q in range(slots):
                                s[touched(codes, point, coefficients, q)] = before[q]
                until_record -= 1
                if until_record == 0:
                    if exists:
                        out = strong[run, record_at], weak[run, record_at]
                        record(s, codes, u, home, lane, *out)
                    record_at += 1
                    until_record = record_every
        if exists:
            diverged_at[run] = diverged
            moved[run, lane, 0], moved[run, lane, 1] = since, since_start
            moved[run, lane, 2] = allowed
            for q in range(count * own):
                k, r = q // own, q % own * threads
                all_coefficients[run, k, lane + r] = s[coefficients + k * width + r]

    return trajectories
