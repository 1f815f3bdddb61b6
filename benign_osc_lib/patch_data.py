"""Labelled points made of patches, one data set or a batch of them."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from . import _checks


@dataclass(frozen=True, eq=False)
class PatchData:
    """Labelled points, each made of a few patches.

    Args:
        x: the patches, (..., n, P, d). In the paper's model P = 3.
        y: the labels, (..., n), each −1 or +1, in the dtype of ``x``.
        is_weak: (..., n) bool, true where the point lacks the strong feature.
        u: the strong feature, (d,) or (..., d); or None to read it off the data: in the paper's
            layout patch 0 of a strong point is y·u.
        v: the weak feature, (d,) or (..., d); or None to read it off the data: patch 1 of every
            point is y·v.

    Leading axes ``...`` are a batch of data sets: ``data[k]`` is one of them, :meth:`stack` and
    :meth:`cat` put several together.

    Raises:
        TypeError: something is not a tensor, or the dtypes differ.
        ValueError: shapes or devices disagree, a label is not ±1, or x, u or v is not finite.
    """

    x: Tensor
    y: Tensor
    is_weak: Tensor
    u: Tensor | None = None
    v: Tensor | None = None

    def __post_init__(self):
        _checks.floats("x", self.x, last=("n", "P", "d"))
        _checks.floats("y", self.y, last=("n",))
        _checks.same_kind(x=self.x, y=self.y)
        if not isinstance(self.is_weak, Tensor) or self.is_weak.dtype != torch.bool:
            kind = getattr(self.is_weak, "dtype", type(self.is_weak).__name__)
            raise TypeError(f"is_weak must be a bool tensor, got {kind}")
        if self.is_weak.device != self.x.device:
            raise ValueError(
                f"is_weak must be on the device of x, {self.x.device}, got {self.is_weak.device}"
            )
        for name in ("y", "is_weak"):
            if getattr(self, name).shape != self.x.shape[:-2]:
                raise ValueError(
                    f"{name} must have the shape of x without its last two axes, "
                    f"{tuple(self.x.shape[:-2])}, got {tuple(getattr(self, name).shape)}"
                )
        _checks.each_label("y", self.y)
        _checks.finite("x", self.x)
        for name in ("u", "v"):
            given = getattr(self, name)
            if given is not None:
                _checks.floats(name, given, last=(self.x.shape[-1],))
                _checks.same_kind(x=self.x, **{name: given})
                _checks.broadcast(x=self.x.shape[:-3], **{name: given.shape[:-1]})
                _checks.finite(name, given)

    def __getitem__(self, index):
        """One data set, or some, of a batch: ``data[3]`` has the points of data set 3 alone.

        Args:
            index: of the leading axes, as for a tensor with just these axes.

        Returns:
            PatchData. Features (d,) stay as they are; those with leading axes are indexed too.

        Raises:
            IndexError: there is no such data set.
        """
        batch = self._batch()
        places = torch.arange(math.prod(batch), device=self.x.device).reshape(batch)[index]

        def chosen(tensor, own):
            last = tensor.shape[tensor.dim() - own :]
            return tensor.expand(*batch, *last).reshape(-1, *last)[places]

        return PatchData(
            chosen(self.x, 3),
            chosen(self.y, 1),
            chosen(self.is_weak, 1),
            *(f if f is None or f.dim() == 1 else chosen(f, 1) for f in (self.u, self.v)),
        )

    def __iter__(self):
        """The data sets along the first leading axis, one after the other."""
        batch = self._batch()
        if not batch:
            raise TypeError("data is one data set, with no leading axis to go along")
        return (self[k] for k in range(batch[0]))

    def _batch(self):
        """The leading axes of the points and of the features together."""
        features = [f for f in (self.u, self.v) if f is not None]
        return torch.broadcast_shapes(self.x.shape[:-3], *(f.shape[:-1] for f in features))

    @staticmethod
    def stack(sets):
        """Several data sets of one shape as a batch: entry k of a new first axis is ``sets[k]``.

        Args:
            sets: a sequence of PatchData with the same shape of x.

        Returns:
            PatchData with one leading axis more. A feature (d,) that is the same in all sets stays
            (d,); one that none of them was given stays None.

        Raises:
            TypeError: ``sets`` is no sequence of PatchData, or the dtypes differ.
            ValueError: it is empty, the shapes or devices differ, or only some sets have a u or v.
        """
        sets = _data_sets(sets)
        shapes = {tuple(each.x.shape) for each in sets}
        if len(shapes) > 1:
            raise ValueError(f"sets must have one shape of x, got {sorted(shapes)}")

        def stack(features):
            return torch.stack(torch.broadcast_tensors(*features))

        return PatchData(
            *(torch.stack([getattr(each, name) for each in sets]) for name in _OF_POINTS),
            *(_joint_feature(name, sets, stack) for name in ("u", "v")),
        )

    @staticmethod
    def cat(sets, dim=0):
        """Several data sets joined along an axis of their labels y (..., n).

        Args:
            sets: a sequence of PatchData whose shapes agree but for that axis.
            dim: the axis, as for ``torch.cat`` of the labels: 0 is the first leading axis, −1 the
                axis of points.

        Returns:
            PatchData. A feature (d,) that is the same in all sets stays (d,); one that none of them
            was given stays None.

        Raises:
            TypeError: ``sets`` is no sequence of PatchData, or the dtypes differ.
            ValueError: it is empty, the shapes or devices disagree, only some sets have a u or v,
                ``dim`` is no axis of the labels, or points with different features are joined.
        """
        sets = _data_sets(sets)
        axes = sets[0].y.dim()
        dim = _checks.integer("dim", dim, low=-axes, high=axes - 1) % axes
        shapes = [tuple(each.x.shape) for each in sets]
        if len({shape[:dim] + shape[dim + 1 :] for shape in shapes}) > 1:
            raise ValueError(f"sets must have shapes of x that agree but for axis {dim}: {shapes}")

        def join(features):
            if dim == axes - 1:
                if not all(torch.equal(features[0], feature) for feature in features):
                    raise ValueError("sets must share u and v where their points are joined")
                return features[0]
            if any(feature.dim() != axes for feature in features):
                raise ValueError("sets must not have more leading axes in u or v than in x")
            return torch.cat(features, dim)

        return PatchData(
            *(torch.cat([getattr(each, name) for each in sets], dim) for name in _OF_POINTS),
            *(_joint_feature(name, sets, join) for name in ("u", "v")),
        )

    def features(self):
        """The strong and the weak feature, (u, v), each (d,) as given or (..., d) as read.

        Raises:
            ValueError: one was not given and the patches do not show it: no point is strong, the
                patches are not laid out as in the paper, or what stands in the place of u is
                shorter than v or not orthogonal to it.
        """
        u, v, unseen = self._look()
        if unseen:
            raise ValueError(f"{unseen[0]} must be given: the patches do not show it")
        return u, v

    def features_or_nan(self):
        """The same, with NaN and a warning in place of an error."""
        u, v, unseen = self._look()
        if unseen:
            names = " and ".join(unseen)
            warnings.warn(f"the patches do not show {names}: give it with the data", stacklevel=2)
        return u, v

    def _look(self):
        """u and v, given or read, NaN where unseen, and the names of those unseen."""
        everywhere = torch.ones_like(self.is_weak)
        u, u_seen = _read_feature(self.u, self.x, self.y, 0, ~self.is_weak)
        v, v_seen = _read_feature(self.v, self.x, self.y, 1, everywhere)
        if self.u is None and u_seen and v_seen:
            u_norm, v_norm = u.norm(dim=-1), v.norm(dim=-1)
            orthogonal = (u * v).sum(-1).abs() <= 1e-5 * u_norm * v_norm
            u_seen = bool((orthogonal & (u_norm >= v_norm * (1 - 1e-5))).all())
        nan = self.x.new_full((self.x.shape[-1],), math.nan)
        unseen = [name for name, seen in (("u", u_seen), ("v", v_seen)) if not seen]
        return u if u_seen else nan, v if v_seen else nan, unseen


def _read_feature(given, x, y, patch, where):
    """The feature that patch ``patch`` of the points ``where`` carries, and whether all agree."""
    if given is not None:
        return given, True
    if x.shape[-2] <= patch:
        return None, False
    candidates = y[..., None] * x[..., patch, :]
    first = where.int().argmax(-1)[..., None, None].expand(*y.shape[:-1], 1, x.shape[-1])
    feature = candidates.gather(-2, first)
    close = (candidates - feature).abs() <= 1e-5 * feature.abs().amax(-1, keepdim=True)
    seen = where.any(-1) & (close.all(-1) | ~where).all(-1)
    return feature.squeeze(-2), bool(seen.all())


_OF_POINTS = ("x", "y", "is_weak")


def _data_sets(sets):
    """A sequence of PatchData of one dtype and device, as a list, or an error."""
    if not isinstance(sets, Sequence):
        raise TypeError(f"sets must be a sequence of PatchData, got {type(sets).__name__}")
    if not sets:
        raise ValueError("sets must hold at least one PatchData, got none")
    for k, each in enumerate(sets):
        _checks.instance(f"sets[{k}]", each, PatchData)
        _checks.same_kind(**{"sets[0].x": sets[0].x, f"sets[{k}].x": each.x})
    return list(sets)


def _joint_feature(name, sets, join):
    """The feature of several data sets: None, the one that they share, or theirs joined.

    ``join`` gets them with the leading axes of their sets.
    """
    features = [getattr(each, name) for each in sets]
    given = [k for k, feature in enumerate(features) if feature is not None]
    if not given:
        return None
    if len(given) < len(sets):
        raise ValueError(f"sets must all have {name} or none, got it in {given} of {len(sets)}")
    first = features[0]
    if first.dim() == 1 and all(torch.equal(first, feature) for feature in features):
        return first
    leads = [torch.broadcast_shapes(s.x.shape[:-3], getattr(s, name).shape[:-1]) for s in sets]
    return join([f.expand(*lead, -1) for f, lead in zip(features, leads, strict=True)])


def noiseless_point(u, v, y=1):
    """One point without noise, (y u, y v, 0), or several (paper, section 3; chapter 4).

    Args:
        u: the strong feature, (d,).
        v: the weak feature, (d,), in the dtype and on the device of ``u``.
        y: the label, −1 or +1; or the labels of several points, a list or tensor (..., n).

    Returns:
        PatchData with x (1, 3, d), or (..., n, 3, d) for several points, none of them weak.

    Raises:
        TypeError: u or v is no floating tensor, their dtypes differ, or y is not numeric.
        ValueError: shapes or devices disagree, or a label is not ±1.
    """
    _checks.floats("u", u, last=("d",))
    _checks.floats("v", v, last=(u.shape[-1],))
    _checks.same_kind(u=u, v=v)
    if u.dim() > 1 or v.dim() > 1:
        raise ValueError(f"u and v must have shape (d,), got {tuple(u.shape)}, {tuple(v.shape)}")
    y = _checks.tensor_or_list("y", y).to(u)
    y = y if y.dim() else y[None]
    x = y[..., None, None] * torch.stack([u, v, torch.zeros_like(u)])
    return PatchData(x=x, y=y, is_weak=torch.zeros_like(y, dtype=torch.bool), u=u, v=v)
