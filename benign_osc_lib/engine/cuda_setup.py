"""What the kernel on a GPU is given: directions, their products and the bounds, made by torch.

All of it is made for many runs at once, on their device. The directions are, as in ``products``,
the distinct vectors, up to sign, among u, v and the patches. They are told apart by a number that
is made of the bits of a vector, and vectors with the same number are compared. Should two different
ones share it by chance, the later one becomes a direction of its own, which costs time only.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .cuda_layout import pack


class Directions(NamedTuple):
    """The directions of S sets of points: as many as the set with the most has, the rest are 0."""

    vectors: Tensor
    """(S, K, d)."""
    of_patch: Tensor
    """The direction of each patch, then of u and of v, (S, n P + 2) int64."""
    negative: Tensor
    """Whether the vector is the negative of its direction, (S, n P + 2)."""


class Prepared(NamedTuple):
    """What S sets of points give, whatever the weights and rates are."""

    directions: Tensor
    """(S, K, d)."""
    gram: Tensor
    """(S, K, K)."""
    codes: Tensor
    """A code for each patch, u and v (``cuda_layout.pack``), (S, n P + 2) int32."""
    square_norm: Tensor
    """max_i ‖x_i‖², (S,)."""


def find_directions(x, u, v):
    """The Directions of points x (S, n, P, d) with features u and v, (S, d)."""
    vectors = torch.cat((x.flatten(1, 2), u[:, None], v[:, None]), 1)
    leading = vectors.gather(-1, (vectors != 0).byte().argmax(-1, keepdim=True))
    sign = torch.where(leading < 0, -1, 1).to(x.dtype)  # (S, Q, 1)
    upright = torch.addcmul(x.new_zeros(()), vectors, sign)  # −0 becomes 0
    words = upright.view(torch.int32)
    stream = torch.Generator().manual_seed(1)
    factors = 2 * torch.randint(-(2**62), 2**62, words.shape[-1:], generator=stream) + 1
    number = (words * factors.to(x.device)).sum(-1)  # it wraps around
    first = (number[:, :, None] == number[:, None, :]).byte().argmax(-1)  # (S, Q)
    places = torch.arange(first.shape[1], device=x.device)
    same = (upright == _rows(upright, first)).all(-1)
    first = torch.where(same, first, places)
    own = first == places
    rank = own.cumsum(-1) - 1
    count = int(rank[:, -1].max()) + 1
    source = own.byte().argsort(stable=True, dim=-1, descending=True)[:, :count]
    there = torch.arange(count, device=x.device) <= rank[:, -1:]
    return Directions(
        _rows(vectors, source).masked_fill(~there[..., None], 0),
        rank.gather(1, first),
        (sign != _rows(sign, first))[..., 0],
    )


def _rows(tensor, index):
    """Rows ``index`` (S, K) of tensors (S, Q, d)."""
    return tensor.gather(1, index[..., None].expand(-1, -1, tensor.shape[-1]))


def prepare(x, u, v):
    """What S sets of points give.

    The product of a feature that is no patch with itself or with the other one may overflow; it is
    not needed, and becomes 0.

    Args:
        x: the points, (S, n, P, d).
        u: the strong feature, (S, d).
        v: the weak feature, (S, d).

    Returns:
        Prepared.
    """
    vectors, of_patch, negative = find_directions(x, u, v)
    gram = (vectors @ vectors.mT).nan_to_num(nan=0, posinf=0, neginf=0)
    there = gram != 0
    first = there.byte().argmax(-1)
    last = gram.shape[1] - there.flip(-1).byte().argmax(-1)
    last = torch.where(there.any(-1), last, first)
    ranges = [rows.gather(1, of_patch) for rows in (first, last)]
    codes = pack(of_patch, *ranges, negative.long()).int()
    squares = gram.diagonal(dim1=1, dim2=2).gather(1, of_patch[:, :-2])
    square_norm = squares.unflatten(1, x.shape[1:3]).sum(-1).amax(-1)
    return Prepared(vectors, gram, codes, square_norm)


def products_with_initial(directions, weights, width):
    """⟨w_{j,r}(0), x_k⟩, (S, K, width): 0 behind the 2m filters.

    Args:
        directions: (S, K, d).
        weights: (S, 2m, d).
        width: filters, with the places that stay empty.
    """
    products = directions @ weights.mT
    return torch.nn.functional.pad(products, (0, width - weights.shape[1]))


def bounds(rates, square_norm, sizes, filters, threads):
    """How far an update moves, and how far a thread's filters may have moved since the start.

    The first is (η/m) max_i ‖x_i‖², to be multiplied by 2 abs(f − y) ‖max(z, 0)‖ over the filters
    of a thread: it bounds the movement of z over these filters on any point. ‖W‖² cannot overflow
    before the movement, over the root of max_i ‖x_i‖², has come near the root of the largest
    number; squares of threads add up, so each may use its part; none if ‖W‖² is large at the start.

    Args:
        rates: the learning rates, (R,).
        square_norm: max_i ‖x_i‖², (R,).
        sizes: ‖W‖ at the start, (R,).
        filters: 2m.
        threads: T.

    Returns:
        (R, 2) float64.
    """
    room = torch.finfo(rates.dtype).max ** 0.5 / 10
    allowed = torch.where(sizes <= room, room * (square_norm.double() / threads).sqrt(), -1.0)
    movement = rates / (filters / 2) * square_norm
    return torch.stack((movement.double(), allowed), 1)
