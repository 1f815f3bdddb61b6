"""The laboratory's page without a browser: addresses, Python to copy, what it says in words."""

import json
import re
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest

from benign_osc_lib import cubic_map, one_point, theory
from benign_osc_lib.lab import _bundle
from benign_osc_lib.statistics import mean_by_run
from tests.library.lab.common import floats, node_program

CASES = Path(__file__).with_name("view_cases.js")


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What the page's pure functions say, from one Node."""
    script = tmp_path_factory.mktemp("view") / "view.mjs"
    script.write_text(_bundle.module() + CASES.read_text("utf-8"), encoding="utf-8")
    done = subprocess.run(
        [node_program(), str(script)], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_address_holds_the_state(answers):
    for view, (state, read, fields) in answers["roundTrips"].items():
        assert read["view"] == view
        wanted = [*fields, "diagram"] if view == "phase" else fields
        assert read["values"] == {name: state[name] for name in wanted}


def test_an_address_of_something_else_is_left_alone(answers):
    assert answers["broken"] == [None] * 6


def test_an_odd_address_gives_values_in_range(answers):
    values = answers["odd"]["values"]
    assert values == {"kappa": 2.2, "nu": 0.005, "m": 3, "seed": 1, "epochs": 200} | {
        "n_weak": 2,  # what an address leaves out has its first value
        "noise_norm": 0.8,
        "scale": 1 / 16,
    }


def test_presets_know_themselves(answers):
    for name, values, (point, network) in answers["presets"]:
        assert network == name
        assert point == ("paper" if name == "noiseless" else name)
        assert values["kappa"] == pytest.approx(
            {"small": 0.1, "chaos": 1.5, "escape": 1.8}.get(name, 1.2)
        )
    assert answers["noPreset"] is None


def run_copied(code):
    """The names that copied Python leaves behind."""
    names = {}
    exec(compile(code, "copied", "exec"), names)
    return names


def test_copied_python_repeats_the_point(answers, capsys):
    names = run_copied(answers["python"]["point"])
    run = answers["pointRun"]["path"]
    np.testing.assert_allclose(names["run"].q, run["weak"], rtol=1e-12)
    np.testing.assert_allclose(1 - names["run"].e, run["f"], rtol=1e-12)
    assert capsys.readouterr().out.count("\n") == 2


def test_copied_python_repeats_the_network(answers, capsys):
    for view in ("network", "phase"):
        names = run_copied(answers["python"][view])
        np.testing.assert_allclose(
            names["run"].margins[-1], answers["margins"], rtol=1e-9, atol=1e-9
        )
        learned = names["run"].weak[-1].clamp(min=0).square().mean(-1)
        np.testing.assert_allclose(learned, answers["signals"], rtol=1e-9)
    right, page = re.findall(r"(\d+)/200", capsys.readouterr().out), answers["right"]["right"]
    for count in map(int, right):  # other fresh points: five standard deviations apart at most
        share = (count + page) / 400
        assert abs(count - page) <= 5 * (2 * 200 * share * (1 - share)) ** 0.5
    assert len(right) == 2


def test_copied_python_repeats_the_other_views(answers, capsys):
    names = run_copied(answers["python"]["cobweb"])
    assert len(names["z"]) == 121
    run_copied(answers["python"]["potential"])
    assert float(capsys.readouterr().out.split("\n")[-2]) == pytest.approx(
        theory.potential_gain(-0.31, 0.73, 0.11313708498984761)
    )


def test_copied_python_runs_at_both_ends_of_every_field(answers, capsys):
    codes = set(answers["ends"])
    assert len(codes) > 40 and any("noise_norm = 0.04, 0\n" in code for code in codes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for code in codes:
            run_copied(code)
            assert capsys.readouterr().out


def test_copied_python_has_the_rate_of_any_number_of_filters(answers):
    """And all other digits of the state: an address or a notebook can give more than six."""
    for page in (*answers["anyFilters"], answers["manyDigits"]):
        run = run_copied(page["code"])["run"]
        np.testing.assert_allclose(run.margins[-1], page["margins"], rtol=1e-9, atol=1e-9)


def test_copied_python_of_the_cubic_map_ends_where_the_page_does(answers, capsys):
    lost = 0
    for page in answers["cobwebCode"]:
        path = np.array(page["path"])
        z = run_copied(page["code"])["z"]
        assert z.shape == path.shape and np.isfinite(z).all()
        early = slice(0, 30)  # rounding grows in chaos
        np.testing.assert_allclose(z[early], path[early], rtol=1e-6, atol=1e-6)
        last, outputs = capsys.readouterr().out.splitlines()
        np.testing.assert_allclose(floats(last.strip("[]").split()), z[-4:], rtol=1e-6, atol=1e-7)
        squares = z[z >= 0][-4:] ** 2
        np.testing.assert_allclose(
            floats(outputs.strip("[]").split()), squares, rtol=1e-6, atol=1e-7
        )
        lost += path[-1] < 0 and len(path) <= 30
    assert lost > 5


def test_the_drawn_curves_are_those_of_the_theory(answers):
    run = answers["pointRun"]
    path = one_point.orbit(0.73, 0.11313708498984761, 0.0213, 0.00172, steps=340)
    height = theory.potential(np.sqrt(path.s), np.sqrt(path.q), 0.11313708498984761)
    np.testing.assert_allclose(floats(run["height"]), height, rtol=1e-9)
    assert np.isnan(floats(run["low"])).all()  # no 2-cycle below κ = 1
    predicted = floats(answers["predicted"])
    path = one_point.orbit(1.2, 0.04, 0.0078, 0.0003, steps=1500)
    begin = (1 - path.e >= 0.9).argmax()
    assert np.isnan(predicted[:begin]).all()
    curve = theory.weak_signal_curve(np.arange(1501.0 - begin), path.q[begin], 1.2, 0.04)
    np.testing.assert_allclose(predicted[begin:], curve, rtol=1e-9)


def test_the_cycle_is_that_beside_the_weak_signal(answers):
    """Chapter 7: with q held, s/(1 − q) follows the cubic map of κ (1 − q)."""
    point, network = answers["cycles"]
    for found, held in (
        (point, np.convolve(point["weak"], [0.5, 0.5], "valid")),
        (network, np.array(network["weak"])),
    ):
        there = 1.2 * (1 - held) > 1
        room = 1 - held[there]
        for name, s in zip(("low", "high"), theory.two_cycle(1.2 * room), strict=True):
            drawn = floats(found[name])[: len(held)]
            np.testing.assert_allclose(drawn[there], 1 - room + room * s, rtol=1e-9)
            assert np.isnan(drawn[~there]).all()
        assert there.sum() > 50


def test_the_cobweb_is_the_cubic_map(answers):
    for kappa, path in zip((0.4, 1.2, 1.7), answers["cobweb"], strict=True):
        z = cubic_map.iterate(0.2, kappa, steps=120)[: len(path)]
        np.testing.assert_allclose(path[:40], z[:40], rtol=1e-9)
        assert (len(path) == 121) == (kappa < theory.SIGN_LIMIT)
        assert path[-1] < 0 or len(path) == 121


def test_words_of_a_point(answers):
    words = answers["words"]
    low, high = theory.two_cycle(1.2)
    assert f"jumps between {low:.2f} and {high:.2f}" in words["large"]
    assert f"jumps between {low:.2f} and {high:.2f}" in words["early"]
    assert (
        f"{theory.terminal_weak_signal(1.2, 0.04):.2f} the oscillation can stop" in words["large"]
    )
    assert "stays there" in words["small"] and "oscillation" not in words["small"]
    assert "without a fixed rhythm" in words["chaos"]
    assert "strong feature is lost" in words["lost"]
    assert "after 2 steps" in words["before"] and "after 1 step the" in words["one"]


def test_words_of_the_weak_signal(answers):
    """Where the oscillation can stop, if there is such a signal, and how far it has grown."""
    words = answers["words"]
    assert f"; at {theory.terminal_weak_signal(1.5, 0.2):.2f} the osc" in words["within"]
    assert "; no weak signal is large enough for the oscillation to stop" in words["beyond"]
    assert words["grown"] == [
        "has come from 0 to 0.25",
        "is 0, no larger than at the start",
        "is 0.20, no larger than at the start",
        "is 0.20, hardly larger than at the start",
        "is 0.15, no larger than at the start",
        "has grown by 25\u00a0%, to 0.25",
        "has grown 3.5 times, to 0.70",
        "has grown 20 times, to 0.20",
        "has grown 2.0·10⁷ times, to 0.20",
    ]
    assert "The weak signal has come from 0 to " in words["fromNothing"]


def test_words_of_a_run_that_diverged(answers):
    """divergedAt is the number of the update after which it had; 16 of 16 is in epoch 1."""
    found = [
        re.search(r"diverged in epoch (\d+):", said)[1] for said in answers["words"]["diverged"]
    ]
    assert found == ["1", "1", "1", "1", "2", "2", "3"]


def test_words_of_the_potential(answers):
    words = answers["words"]
    for side, e, way in (("up", 0.5, "below"), ("down", -0.5, "above")):
        assert f"a miss {way} the label: strong overlap × {1 + 1.2 * e:.2f}" in words[side]
        assert f"Φ rises by {theory.potential_gain(e, 1.2, 0.04):.2g}" in words[side]
    assert [said.split(",")[0] for said in words["nearly"]] == ["e = 0.00", "e = 0.00", "e = −0.01"]
    assert "Φ stays" in words["nothing"]
    assert "Φ has no value" in words["turned"]
    assert words["taken"].endswith("Φ has risen by 0.15 and fell in 0 of them.")


def test_numbers_of_a_network(answers):
    found = answers["found"]
    assert found["divergedAt"] == -1 and found["lost"] == []
    late = np.abs(1 - np.array(answers["margins"])).max()
    assert found["weak"][1] == pytest.approx(np.mean(answers["signals"]))
    assert 0 <= found["late"] <= late
    shares = answers["right"]["share"]
    assert len(shares) == 17 and found["right"] == round(200 * shares[-1])


def test_draws_of_five_seeds(answers):
    first, again, other = answers["five"]
    assert first == again != other
    for draw in (first, other):
        assert len(draw["shares"]) == 5
        assert draw["right"] == pytest.approx(32 * sum(draw["shares"]))
        assert 150 < draw["right"] <= 160  # κ = 1.2: the book's thousand networks have 99.5 %
    assert answers["totals"] == [[158, 1], [159, 2], [160, 1]]


def test_the_interval_is_the_librarys(answers):
    mean, half = mean_by_run(np.array([0.9, 1, 0.8, 0.95]))
    assert answers["mean"] == pytest.approx([mean, half], rel=2e-3, abs=0)


def test_cells_of_the_phase_diagrams(answers):
    cells = answers["cells"]
    assert [cell["column"] for cell, _ in cells] == [11] * 3  # κ = 1.2
    for _, words in cells:
        assert words.startswith("κ = 1.2, ") and "benign in" in words


def test_axes_and_numbers(answers):
    assert answers["ticks"][1] == [0, 500, 1000, 1500]
    assert np.allclose(answers["ticks"][2], [-4, -3, -2, -1])
    assert answers["labels"] == ["0", "−0.5", "1500", "10⁻⁴", "10⁻⁷", "0.2"]
    assert answers["numbers"] == ["0", "0.53", "−0.020", "0.00037", "1.3·10⁻⁷", "no value"]
