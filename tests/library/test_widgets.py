"""The slider over pictures: one figure in HTML, described for those who do not see it."""

import base64

import pytest
from bs4 import BeautifulSoup

from benign_osc_lib.widgets import FrameSlider

FRAMES = [b"\x89PNG-one", b"\x89PNG-two", b"\x89PNG-three"]
LABELS = ["η = 0.1", "η = 1", "η = 2"]
ALTS = ["smooth", 'a "wild" <run>', "diverged"]


def slider(**changes):
    arguments = {"frames": FRAMES, "labels": LABELS, "alts": ALTS, **changes}
    return FrameSlider(
        arguments.pop("frames"), arguments.pop("labels"), arguments.pop("alts"), **arguments
    )


def shown(**changes):
    """The slider's HTML, parsed."""
    return BeautifulSoup(slider(**changes)._repr_html_(), "html.parser")


def test_the_start_is_in_view_and_the_others_wait():
    figure = shown(start=1).figure
    (picture,) = figure.find_all("img", recursive=False)
    assert (picture["alt"], picture["data-label"]) == (ALTS[1], LABELS[1])
    assert [(p["alt"], p["data-label"]) for p in figure.template.find_all("img")] == [
        (ALTS[0], LABELS[0]),
        (ALTS[2], LABELS[2]),
    ]


def test_frames_that_wait_have_no_size():
    """JupyterLab shows an untrusted output without its template but with what stands in it."""
    (picture,) = shown(start=1).figure.find_all("img", recursive=False)
    assert not picture.has_attr("width")
    for waiting in shown(start=1).figure.template.find_all("img"):
        assert waiting["width"] == waiting["height"] == "0"


def test_every_picture_is_the_frame_that_was_given():
    figure = shown(start=2).figure
    sources = {p["data-label"]: p["src"] for p in figure.find_all("img")}
    prefix = "data:image/png;base64,"
    assert [base64.b64decode(sources[label].removeprefix(prefix)) for label in LABELS] == FRAMES


def test_the_range_says_its_label_and_hides_until_the_script_runs():
    figure = shown(start=1, description="rate η").figure
    control = figure.select_one(".bo-frames-control")
    assert control.has_attr("hidden")
    assert control.label.get_text() == "rate η"
    assert control.input["aria-valuetext"] == control.output.get_text() == "η = 1"
    limits = [control.input[name] for name in ("type", "min", "max", "value")]
    assert limits == ["range", "0", "2", "1"]


def test_the_arrow_keys_belong_to_the_range_in_jupyterlab():
    """The mark on an element around the range would not do: JupyterLab looks at the range first."""
    assert shown().figure.input["data-lm-suppress-shortcuts"] == "true"


def test_a_range_without_description_has_a_name_all_the_same():
    assert shown().figure.input["aria-label"]


def test_caption_and_name_are_escaped_and_left_out_if_empty():
    figure = shown(caption="q < δ & more", name="fig-x").figure
    assert (figure.figcaption.get_text(), figure["id"]) == ("q < δ & more", "fig-x")
    plain = shown().figure
    assert plain.figcaption is None and not plain.has_attr("id")


def test_text_is_short_and_holds_no_picture():
    text = repr(slider(frames=[b"x" * 100_000] * 3))
    assert text == "FrameSlider(3 frames, η = 0.1 to η = 2)"


def test_two_sliders_are_the_same_text():
    """Nothing random: a chapter that is run again stays as it was, to the byte."""
    assert slider()._repr_html_() == slider()._repr_html_()


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


@pytest.mark.parametrize("argument", ["description", "caption", "name"])
def test_words_must_be_text(argument):
    with pytest.raises(TypeError, match=f"{argument} must be a str, got int"):
        slider(**{argument: 3})
