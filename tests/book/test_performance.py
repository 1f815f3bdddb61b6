"""The benchmark runs, refuses peers that train something else; the page shows what is stored."""

import json
import os
import re
import subprocess
import sys

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from benchmarks import bench, floor, page, peers, probe, sizes, timing, values, words
from benchmarks.agreement import DisagreementError, check_agreement
from benchmarks.figure import LINES, draw
from benign_osc_lib.sweeps import DEFAULTS
from benign_osc_lib.theory import kappa
from tests.book.common import ROOT

STORED = json.loads(page.RESULTS.read_text(encoding="utf-8"))
IN_CURVES = {name for name, peer in peers.PEERS.items() if peer.in_curves}
WITHOUT_JAX = set(peers.PEERS) - {"jax_full", "jax_reduced"}
LATER = {"plain_numba"}
"""Peers that were written after the stored run; empty once `make bench` has run again."""


def check(results, later=frozenset()):
    """All that the page and a reader of the file count on is there, in a sensible range."""
    assert set(results["table"]) | set(results["missing"]) | later == set(peers.PEERS)
    assert set(results["table"]) >= WITHOUT_JAX - later
    assert set(results["agreement"]) == set(results["table"])
    ours = results["table"]["reduced"]["best_us"]
    for name, row in results["table"].items():
        assert row["runs"] >= 1 and row["threads"] >= 1 and row["times"] >= 1
        assert 0 < row["best_us"] <= row["median_us"]
        assert row["ratio"] == pytest.approx(row["best_us"] / ours)
        assert row["compile_s"] > 0 if name.startswith("jax") else row["compile_s"] is None
    assert set(results["curves"]["axes"]) == {"runs", "m", "n", "d"}
    for curve in results["curves"]["axes"].values():
        assert set(curve["us"]) == IN_CURVES - set(results["missing"])
        for numbers in curve["us"].values():
            assert len(numbers) == len(curve["values"]) and min(numbers) > 0
    assert {"step_us", "ratio", "once_ms", "gram_ms", "filters_ms"} < set(results["d"])
    assert results["floor"]["floor_us"] > 0 and results["floor"]["peak"] > 0
    assert results["import"]["seconds"] > 0 and not results["import"]["numba"]
    assert results["memory"]["returned"] > 0
    assert results["machine"]["cpu"] and results["machine"]["cores"] >= 1
    assert "load" in results["machine"]
    assert {"python", "torch", "numpy", "numba", "jax"} == set(results["versions"])
    assert re.match(r"\d{4}-\d{2}-\d{2}T", results["date"])


def test_quick_benchmark_runs_from_end_to_end(tmp_path):
    saved = tmp_path / "results.json"
    command = [sys.executable, "-m", "benchmarks.bench", "--quick", "--save", saved]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads(saved.read_text(encoding="utf-8"))
    assert results["quick"]
    check(results)
    for name in peers.PEERS:
        assert re.search(rf"^{name} ", done.stdout, re.M)


def test_stored_results_are_complete():
    check(STORED, LATER)
    assert not STORED["quick"]
    assert not STORED["missing"], "the stored run has to show all peers"
    assert STORED["table"]["reduced"]["runs"] >= 400
    assert STORED["sizes"] == sizes.SIZES
    assert None not in STORED["first_call"].values()
    assert STORED["floor"]["operations"] == floor.operations(16, 2, 8)
    assert STORED["command"] == "python -m benchmarks.bench"


def test_page_is_written_from_the_stored_results():
    assert page.PAGE.read_text(encoding="utf-8") == page.render(STORED)
    with Image.open(page.FIGURE) as figure:
        assert figure.info["Source"] == page.fingerprint()


def test_template_holds_no_number_of_a_measurement():
    text = page.TEMPLATE.read_text(encoding="utf-8")
    used = set(re.findall(r"\{\{(\w+)\}\}", text))
    assert used == set(values.values(STORED))
    assert not re.findall(r"\d[\d.]*\s*(?:µs|ms|%|GFLOP|MiB|times)", text)


def test_page_of_a_machine_without_jax():
    without = json.loads(json.dumps(STORED))
    for name in ("jax_full", "jax_reduced"):
        del without["table"][name], without["agreement"][name]
        without["missing"][name] = "skipped: jax is not installed"
        for curve in without["curves"]["axes"].values():
            del curve["us"][name]
    check(without, LATER)
    assert "skipped: jax is not installed" in page.render(without)
    plt.close(draw(without))


def test_page_shows_a_peer_once_it_is_measured():
    with_it, without = json.loads(json.dumps(STORED)), json.loads(json.dumps(STORED))
    row = with_it["table"]["reduced"]
    row = {**row, "best_us": 3 * row["best_us"], "median_us": 3 * row["median_us"], "ratio": 3.0}
    with_it["table"]["plain_numba"], with_it["agreement"]["plain_numba"] = row, 1e-15
    without["table"].pop("plain_numba", None)
    check(with_it)
    best, median = (words.digits(row[key], 3) for key in ("best_us", "median_us"))
    text = page.render(with_it)
    assert f"\n| plain Numba, reduced | {best} | {median} | 3.0 |\n" in text
    assert " Plain Numba is the same reduced algorithm" in text
    assert "lain Numba" not in page.render(without)


def test_every_number_of_the_page_has_one_section():
    sections = (values.waiting, values.the_table, values.the_calls, values.growth)
    sections += (values.the_floor, values.price_of_d, values.rounding)
    found = [name for section in sections for name in section(STORED)]
    assert sorted(found) == sorted(values.values(STORED))


@pytest.mark.parametrize(
    "commit, text",
    [("a5f6243", "a5f6243"), ("a5f6243" + "0" * 33, "a5f6243"),
     ("a5f6243" + "0" * 33 + "-dirty", "a5f6243 with changes"), (None, "unknown")],
)  # fmt: skip
def test_commit_on_the_page(commit, text):
    assert words.commit(commit) == text
    assert f"commit {text}. " in page.render({**STORED, "commit": commit})


def test_page_of_a_quick_run_is_refused():
    with pytest.raises(ValueError, match="--quick"):
        page.render({**STORED, "quick": True})


def test_missing_package_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    for name in ("jax_full", "jax_reduced"):
        monkeypatch.delitem(sys.modules, f"benchmarks.peers.{name}", raising=False)
    functions, missing = peers.load()
    assert set(functions) == WITHOUT_JAX
    assert missing["jax_full"] == "skipped: jax is not installed"


BROKEN = {
    "margins are off": lambda margins, weights: (margins * (1 + 1e-7), weights),
    "weights are off": lambda margins, weights: (margins, weights + 1e-7),
    "not a number": lambda margins, weights: (margins, weights / 0 * 0),
    "another shape": lambda margins, weights: (margins.flatten(1), weights),
}


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN)
def test_disagreeing_peer_is_refused(breaks):
    right = peers.load(["batched"])[0]["batched"]
    assert check_agreement({"batched": right})["batched"] < 1e-12
    with pytest.raises(DisagreementError, match="batched"):
        check_agreement({"batched": lambda *given: breaks(*right(*given))})


def test_benchmark_ends_with_the_name_of_a_disagreeing_peer(monkeypatch, tmp_path):
    def train(data, weights, lr, epochs):  # forgets the factor 2 of the slope of max(z, 0)²
        return peers.load(["batched"])[0]["batched"](data, weights, lr / 2, epochs)

    monkeypatch.setattr(peers, "load", lambda names=(), load=peers.load: broken(load, names, train))
    with pytest.raises(SystemExit, match="no benchmark: batched does not train"):
        bench.main(["--quick", "--save", str(tmp_path / "results.json")])
    assert not list(tmp_path.iterdir())


def broken(load, names, train):
    """All the peers, one of them replaced."""
    functions, missing = load(names or peers.PEERS)
    if not names:
        functions["batched"] = train
    return functions, missing


def test_sizes_are_the_paper_s():
    assert sizes.SIZES.items() | sizes.NORMS.items() <= DEFAULTS.items()
    data, weights = sizes.draw(3, **sizes.SIZES)
    assert data.x.shape == (3, 16, 3, 64) and weights.shape == (3, 2, 8, 64)
    assert data.is_weak.sum(-1).tolist() == [2, 2, 2]
    assert data.u.norm().item() == pytest.approx(DEFAULTS["u_norm"])
    noise_norms = data.x.norm(dim=-1).amin(-1)  # of a strong point: v, of a weak one: noise or v
    assert noise_norms.min().item() == pytest.approx(DEFAULTS["v_norm"])
    for m in (1, 8, 64):
        assert kappa(sizes.rate(m), DEFAULTS["u_norm"], m) == pytest.approx(1.2)


def test_each_curve_has_a_line():
    assert set(LINES) == IN_CURVES


def test_all_take_turns():
    assert list(timing.in_turns({"a": 1, "b": 2, "c": 3}, 3)) == list("abccbaabc")


def test_a_call_is_repeated_until_its_times_suffice():
    calls, now = [], iter(range(100))
    found = timing.seconds(lambda: calls.append(1), 2.5, clock=lambda: next(now))
    assert found == [1, 1, 1] and len(calls) == 3
    assert timing.seconds(lambda: calls.append(1), clock=lambda: next(now)) == [1]


def test_import_is_timed_in_a_fresh_process_only():
    with pytest.raises(RuntimeError, match="imported already"):
        probe.import_cost()


@pytest.mark.parametrize("n, n_weak, m", [(16, 2, 8), (5, 0, 3), (1, 1, 1)])
def test_operations_are_counted_point_by_point(n, n_weak, m):
    counted = floor.operations(n, n_weak, m)
    noise = n + n_weak
    terms = [2 * noise + 1] * n_weak + [noise + 2] * (n - n_weak)
    assert counted["rows"] == pytest.approx(sum(terms) / n)
    assert counted["responses"] == pytest.approx(2 * m * 2 * sum(terms) / n)
    parts = ("responses", "activation", "sums", "update")
    assert counted["total"] == sum(counted[part] for part in parts)


@pytest.mark.parametrize(
    "value, count, text",
    [(0.0234, 2, "0.023"), (0.02, 2, "0.020"), (186.4, 2, "190"), (1.5, 3, "1.50"),
     (12345.0, 5, "12 345"), (8.0, 2, "8.0"), (4096, 2, "4 096"), (0.996, 2, "1.0"),
     (0.0, 2, "0")],
)  # fmt: skip
def test_digits(value, count, text):
    assert words.digits(value, count).replace("\u202f", " ") == text
