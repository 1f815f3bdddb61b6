"""The slider over pictures: linked in the browser, described for those who do not see it."""

import ipywidgets
import pytest

from benign_osc_lib.widgets import FrameSlider

FRAMES = [b"\x89PNG-one", b"\x89PNG-two", b"\x89PNG-three"]
LABELS = ["η = 0.1", "η = 1", "η = 2"]
ALTS = ["smooth", 'a "wild" <run>', "diverged"]


needs_stack = pytest.mark.skipif(not hasattr(ipywidgets, "Stack"), reason="needs ipywidgets 8")


def slider(**changes):
    arguments = {"frames": FRAMES, "labels": LABELS, "alts": ALTS, **changes}
    return FrameSlider(
        arguments.pop("frames"), arguments.pop("labels"), arguments.pop("alts"), **arguments
    )


def links(monkeypatch):
    """Record the links that are made: (source, trait), (target, trait)."""
    made = []
    monkeypatch.setattr(ipywidgets, "jslink", lambda source, target: made.append((source, target)))
    return made


@needs_stack
def test_the_browser_links_slider_and_pictures(monkeypatch):
    made = links(monkeypatch)
    control, stack = slider(start=1).children
    assert made == [((control, "index"), (stack, "selected_index"))]
    assert isinstance(stack, ipywidgets.Stack)
    assert control.index == stack.selected_index == 1
    assert control.options == tuple(LABELS)


@needs_stack
def test_every_picture_has_its_alternative_text_escaped():
    _, stack = slider().children
    values = [page.value for page in stack.children]
    assert 'alt="smooth"' in values[0]
    assert 'alt="a &quot;wild&quot; &lt;run&gt;"' in values[1]
    assert all("data:image/png;base64," in value for value in values)


def test_repr_is_short_and_holds_no_picture():
    text = repr(slider(frames=[b"x" * 100_000] * 3))
    assert text == "FrameSlider(3 frames, η = 0.1 to η = 2)"


def test_without_stack_the_kernel_swaps_the_picture(monkeypatch):
    """ipywidgets 7, which Colab runs, has no Stack."""
    monkeypatch.delattr(ipywidgets, "Stack", raising=False)
    control, view = slider(start=2).children
    assert 'alt="diverged"' in view.value
    control.index = 0
    assert 'alt="smooth"' in view.value


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"frames": []}, "length"),
        ({"labels": LABELS[:2]}, "length"),
        ({"alts": ALTS + ["more"]}, "length"),
        ({"labels": ["a", "b", "a"]}, "labels"),
        ({"alts": ["a", " ", "c"]}, "alts"),
        ({"start": 3}, "start"),
        ({"start": -1}, "start"),
    ],
)
def test_bad_input(changes, words):
    with pytest.raises(ValueError, match=words):
        slider(**changes)
