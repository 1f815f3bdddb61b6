"""The standard panels draw what they say, in the book's one style."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.colors import rgb_to_hsv, to_rgb

from benign_osc_lib import FeatureNoiseModel, generators, init_weights, plotting, train

EPOCHS, N, M = 3, 5, 2


SEEDS = generators([0, 1])
DATA = FeatureNoiseModel(6, 2.0, 0.5, 0.5).sample(N, n_weak=1, generator=SEEDS[0])
WEIGHTS = init_weights(M, 6, 0.2, generator=SEEDS[1])


@pytest.fixture
def run():
    return train(DATA, WEIGHTS, 0.3, epochs=EPOCHS, record_every=2)


@pytest.fixture
def ax():
    fig, ax = plotting.figure()
    yield ax
    plt.close(fig)


def luminance(color):
    """Relative luminance, what is left of a colour in a grey print."""
    linear = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color))
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_colours_differ_in_hue_and_have_contrast_with_white():
    colours = (plotting.STRONG, plotting.WEAK, plotting.NOISE)
    assert all(1.05 / (luminance(c) + 0.05) > 3 for c in colours)  # WCAG's bound for graphics
    assert rgb_to_hsv(to_rgb(plotting.STRONG))[1] == 0  # grey
    assert abs(rgb_to_hsv(to_rgb(plotting.WEAK))[0] - rgb_to_hsv(to_rgb(plotting.NOISE))[0]) > 0.3


def test_style_becomes_the_default():
    with plt.rc_context():
        plotting.use_style()
        assert {key: plt.rcParams[key] for key in plotting.STYLE} == plotting.STYLE


def test_figures_have_the_width_of_the_book():
    fig, axes = plotting.figure(3, 2, height=1.5)
    assert fig.get_size_inches().tolist() == [plotting.WIDTH, 4.5]
    assert axes.shape == (3, 2)
    plt.close(fig)


def test_signals_draws_every_filter_of_both_features(ax, run):
    plotting.signals(ax, run, epoch=N, style=plotting.SMALL)
    for color, values in ((plotting.STRONG, run.strong), (plotting.WEAK, run.weak)):
        drawn = [line for line in ax.lines if line.get_color() == color]
        assert {line.get_linestyle() for line in drawn} == {plotting.SMALL}
        y = torch.stack([torch.as_tensor(line.get_ydata()) for line in drawn])
        assert torch.equal(y, values.flatten(1).T)
    assert ax.lines[0].get_xdata().tolist() == pytest.approx((run.steps / N).tolist())


def test_margins_stand_in_visiting_order(ax, run):
    points = torch.tensor([True, False, True, False, False])
    plotting.margins(ax, run, points, color="k")
    (line,) = ax.lines
    assert line.get_ydata().tolist() == run.margins[:, points].flatten().tolist()
    assert line.get_xdata().tolist() == pytest.approx([0, 0.4, 1, 1.4, 2, 2.4])


def test_loss_is_the_mean_of_an_epoch(ax, run):
    plotting.loss(ax, run)
    expected = (0.5 * (1 - run.margins) ** 2).mean(-1)
    assert ax.lines[0].get_ydata().tolist() == pytest.approx(expected.tolist())


def test_a_batch_is_refused(ax):
    """With its shape, and how to pick one run of it."""
    batch = train(DATA, WEIGHTS, [0.1, 0.3, 0.5], epochs=EPOCHS)
    points = torch.ones(N, dtype=torch.bool)
    for draw in (
        lambda run: plotting.signals(ax, run, epoch=N),
        lambda run: plotting.margins(ax, run, points, color="k"),
        lambda run: plotting.loss(ax, run),
    ):
        with pytest.raises(ValueError, match=r"^run must be one run, .* shape \(3,\): .*run\[0\]"):
            draw(batch)
        assert not ax.lines
    plotting.loss(ax, batch[0])


def test_patches_draws_a_bar_per_coordinate():
    fig, axes = plotting.figure(1, 3)
    point = torch.arange(12.0).view(3, 4)
    plotting.patches(axes, point, names=["a", "b", "c"], colors=["r", "g", "b"])
    assert [[bar.get_height() for bar in ax.patches] for ax in axes] == point.tolist()
    assert [ax.get_title() for ax in axes] == ["a", "b", "c"]
    plt.close(fig)


def test_network_diagram_names_its_parts(ax):
    plotting.network_diagram(ax)
    texts = [text.get_text() for text in ax.texts]
    assert {r"$F_{+1}$", r"$F_{-1}$", "$f$", r"$\xi$"} <= set(texts)


def test_to_png_renders_and_closes():
    fig, _ = plotting.figure()
    assert plotting.to_png(fig).startswith(b"\x89PNG\r\n")
    assert not plt.fignum_exists(fig.number)
