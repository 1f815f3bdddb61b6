"""How a stored answer is held against one that is computed here."""

import torch

from benign_osc_lib import predict
from benign_osc_lib.exercises import store
from tests.book.common import chapters, markdown, read


def hold(number, *wanted):
    """The numbers of an exercise are those computed, and so are those of its known slips.

    Each of `wanted` is (answer, *slips) for one part that asks for a number, in order.
    """
    parts = [part for part in store.load()[number]["parts"] if "answer" in part]
    assert len(parts) == len(wanted)
    for part, (answer, *slips) in zip(parts, wanted, strict=True):
        within, stored = part["within"], part["answer"]
        assert abs(answer - stored) <= within / 2, (number, answer, stored)
        known = [slip[0] for slip in part.get("slips", [])]
        assert len(known) == len(slips), (number, known, slips)
        for slip, computed in zip(known, slips, strict=True):
            room = within * abs(slip / stored) if slip and stored else within
            assert abs(computed - slip) <= max(room, within) / 2, (number, computed, slip)


def right(number, letter):
    """The one choice of an exercise is right with this letter."""
    (part,) = [part for part in store.load()[number]["parts"] if "right" in part]
    assert part["right"] == letter


def printed(chapter, cell):
    """What a cell of a chapter has stored; the tests of the chapters run it again."""
    (found,) = [one for one in read(chapter_path(chapter)).cells if one.get("id") == cell]
    texts = [out.get("text") or out.data.get("text/markdown", "") for out in found.outputs]
    return "\n".join(texts)


def prose(chapter):
    """The text of a chapter."""
    return markdown(read(chapter_path(chapter)))


def chapter_path(name):
    """The notebook of a chapter whose name begins so."""
    (path,) = [path for path in chapters() if path.stem.startswith(name)]
    return path


def sharpness(weights, x, y):
    """The top eigenvalue of the Hessian of the mean loss of some points, from the whole matrix."""

    def loss(w):
        return 0.5 * (1 - y * predict(w.view_as(weights), x)).square().mean()

    hessian = torch.autograd.functional.hessian(loss, weights.flatten())
    return float(torch.linalg.eigvalsh(hessian)[-1])


def sharpness_of_two_classes():
    """λ of one fitted point, of the mean of one point a class, and of three and one.

    ‖u‖ = 2 and m = 4, so κ = 2η: λ = 2κ/η of one point is 4.
    """
    x = torch.zeros(2, 1, 2).double()
    x[:, 0, 0] = torch.tensor([2.0, -2.0])
    y = torch.tensor([1.0, -1.0]).double()
    w = torch.zeros(2, 4, 2).double()
    w[0, :, 0], w[1, :, 0] = 0.5, -0.5
    three = [0, 0, 0, 1]
    return sharpness(w, x[:1], y[:1]), sharpness(w, x, y), sharpness(w, x[three], y[three])
