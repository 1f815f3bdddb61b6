"""The benchmark runs, refuses peers that train something else; the page shows what is stored."""

import json
import os
import re
import subprocess
import sys

import matplotlib.pyplot as plt
import pytest
import torch
from PIL import Image

from benchmarks import bench, floor, page, peers, plans, probe, sizes, sweeps, timing, values, words
from benchmarks.agreement import TOLERANCE, DisagreementError, check_agreement
from benchmarks.figure import AXES, LINES, draw
from benchmarks.peers import autograd_rule, batched
from benchmarks.rules import RULES
from benchmarks.sizes import SIZES
from benchmarks.values_beyond import CALLS
from benchmarks.values_gpu import values_gpu
from benign_osc_lib import FeatureNoiseModel, Rule, generators, init_weights, train
from benign_osc_lib.sweeps import DEFAULTS
from benign_osc_lib.theory import kappa
from tests.book.common import ROOT, section

STORED = page.read(page.RESULTS)
IN_CURVES = {name for name, peer in peers.PEERS.items() if peer.in_curves}
WITHOUT_JAX = set(peers.PEERS) - {"jax_full", "jax_reduced"}


def check(results, plan):
    """All that the page and a reader of the file count on is there, in a sensible range."""
    assert set(results["table"]) | set(results["missing"]) == set(peers.PEERS)
    assert set(results["table"]) >= WITHOUT_JAX
    assert set(results["agreement"]) == set(results["table"])
    ours = results["table"]["reduced"]["best_us"]
    for name, row in results["table"].items():
        assert row["runs"] >= 1 and row["threads"] >= 1 and row["times"] >= 1
        assert 0 < row["best_us"] <= row["median_us"]
        assert row["ratio"] == pytest.approx(row["best_us"] / ours)
        assert row["compile_s"] > 0 if name.startswith("jax") else row["compile_s"] is None
    for axis, curve in results["curves"]["axes"].items():
        assert curve["values"] == plan.axes[axis]
        assert set(curve["us"]) == IN_CURVES - set(results["missing"])
        for numbers in curve["us"].values():
            assert len(numbers) == len(curve["values"]) and min(numbers) > 0
    assert set(results["curves"]["axes"]) == set(plan.axes) == set(AXES)
    check_beyond(results, plan)
    assert {"step_us", "ratio", "once_ms", "gram_ms", "filters_ms"} < set(results["d"])
    assert results["floor"]["floor_us"] > 0 and results["floor"]["peak"] > 0
    assert results["import"]["seconds"] > 0 and not results["import"]["numba"]
    assert results["memory"]["returned"] > 0 and "without_margins" in results["memory"]
    assert results["minutes"] > 0
    assert results["machine"]["cpu"] and results["machine"]["cores"] >= 1
    assert "load" in results["machine"]
    assert {"python", "torch", "numpy", "numba", "jax"} == set(results["versions"])
    assert re.match(r"\d{4}-\d{2}-\d{2}T", results["date"])


def check_beyond(results, plan):
    """The same of the sections beyond the plain rule's steps."""
    calls = results["calls"]
    assert set(calls) == set(CALLS)
    assert [row["epochs"] for row in calls.values()][1:3] == [plan.short_epochs, 1]
    for row in calls.values():
        assert row["us"] > 0 and row["write_us"] > 0 and row["bytes"] > 0
    m = SIZES["m"]  # 4m float64 a step, and one margin
    assert calls["each_step"]["bytes"] > 8 * (4 * m + 1)
    assert calls["no_margins"]["bytes"] == pytest.approx(calls["usual"]["bytes"] - 8)
    rows, peer = results["rules"]["rules"], results["rules"]["peer"]
    assert list(rows) == plan.rules and rows["plain"]["ratio"] == 1
    for row in rows.values():
        assert 0 < row["best_us"] <= row["median_us"] and row["diverged"] == 0
        assert row["ratio"] == pytest.approx(row["best_us"] / rows["plain"]["best_us"])
        assert row["deviation"] <= TOLERANCE
    assert peer["ratio"] == pytest.approx(peer["best_us"] / rows[peer["rule"]]["best_us"])
    assert peer["deviation"] <= TOLERANCE
    sweep = results["sweep"]
    assert sweep["runs"] == plan.sweep_runs and sweep["projected_us"] > 0
    assert sweep["floor_us"] == sweep["draw_us"] + sweep["train_us"] > 0
    assert sweep["ratio"] == pytest.approx(sweep["sweep_us"] / sweep["floor_us"])
    assert sweep["runs_per_s"] * sweep["sweep_us"] == pytest.approx(1e6)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The results of a quick run, and what it prints."""
    saved = tmp_path_factory.mktemp("bench") / "results.json"
    command = [sys.executable, "-m", "benchmarks.bench", "--quick", "--save", saved]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(saved.read_text(encoding="utf-8")), done.stdout


@pytest.fixture
def shown(quick):
    """The same as if it were a full run, for the page to show."""
    first_call = {"compiled_s": 4.0, "cached_s": 0.5, "second_s": 0.1}
    return {**json.loads(json.dumps(quick[0])), "quick": False, "first_call": first_call}


def test_quick_benchmark_runs_from_end_to_end(quick):
    results, printed = quick
    assert results["quick"]
    check(results, plans.QUICK)
    for name in [*peers.PEERS, *(f"rule {name}" for name in plans.QUICK.rules), "sweep"]:
        assert re.search(rf"^{name} ", printed, re.M)


def test_stored_results_are_complete():
    check(STORED, plans.FULL)
    assert not STORED["quick"]
    assert not STORED["missing"], "the stored run has to show all peers"
    assert STORED["table"]["reduced"]["runs"] >= 400
    assert STORED["sizes"] == SIZES
    assert None not in STORED["first_call"].values()
    assert STORED["floor"]["operations"] == floor.operations(16, 2, 8)
    assert STORED["command"] == "python -m benchmarks.bench"


def test_page_is_written_from_the_stored_results():
    written = page.PAGE.read_text(encoding="utf-8")
    assert written == page.render(
        STORED, page.read(page.RESULTS_GPU), page.read(page.RESULTS_PAINT)
    )
    with Image.open(page.FIGURE) as figure:
        assert figure.info["Source"] == page.fingerprint()


def test_templates_hold_no_number_of_a_measurement(shown):
    names = {page.TEMPLATE: {*values.values(shown), "gpu"}, page.WITH_GPU: {*values_gpu(ON_GPU)}}
    for template, known in names.items():
        text = template.read_text(encoding="utf-8")
        assert set(re.findall(r"\{\{(\w+)\}\}", text)) == known
        assert not re.findall(r"\d[\d.]*\s*(?:[µn]s|ms|%|GFLOP|MiB|times)\b", text)


def test_page_of_a_machine_without_jax(shown):
    for name in ("jax_full", "jax_reduced"):
        shown["table"].pop(name, None), shown["agreement"].pop(name, None)
        shown["missing"][name] = "skipped: jax is not installed"
        for curve in shown["curves"]["axes"].values():
            curve["us"].pop(name, None)
    check(shown, plans.QUICK)
    assert "| JAX, full (skipped: jax is not installed) | | | |" in page.render(shown, None)
    plt.close(draw(shown))


def test_page_shows_the_numbers_of_the_sections_beyond(shown):
    rows, sweep = shown["rules"]["rules"], shown["sweep"]
    for name, ratio in (("momentum", 3.0), ("label_noise", 1.5)):
        rows[name] |= {"best_us": ratio * rows["plain"]["best_us"], "ratio": ratio}
    sweep |= {"sweep_us": 512.0, "runs_per_s": 1e6 / 512.0, "ratio": 1.28}
    shown["calls"]["each_step"] |= {"us": 0.3, "write_us": 0.1}
    shown["calls"]["usual"]["us"] = 0.05
    text = page.render(shown, None)
    us = words.digits(rows["momentum"]["best_us"], 3)
    assert f"\n| momentum | {us} | 3.0 |\n" in text
    assert "Of 2 other rules 1 cost at most twice the plain one. The dearest (momentum)" in text
    assert "`torch.optim.SGD(momentum=0.9)`" in text
    assert "**2\u202f000 runs a second** on" in text and "takes 1.28 times the sum" in text
    assert "recorded after each step | 0.300 | 6.0 |" in text
    assert "the row takes 2.0 times the sum" in text


def test_every_number_of_the_page_has_one_section(shown):
    found = [name for section in values.SECTIONS for name in section(shown)]
    assert sorted(found) == sorted(values.values(shown))


@pytest.mark.parametrize(
    "commit, text",
    [("a5f6243", "a5f6243"), ("a5f6243" + "0" * 33, "a5f6243"),
     ("a5f6243" + "0" * 33 + "-dirty", "a5f6243 with changes"), (None, "unknown")],
)  # fmt: skip
def test_commit_on_the_page(shown, commit, text):
    assert words.commit(commit) == text
    assert f"commit {text}. " in page.render({**shown, "commit": commit}, None)


def test_page_of_a_quick_run_is_refused(quick):
    with pytest.raises(ValueError, match="--quick"):
        page.render(quick[0], None)


def test_page_says_that_no_gpu_was_timed(shown):
    text = section(page.render(shown, None), "On a GPU")
    assert "not been timed on a GPU" in text and "`make bench-gpu`" in text


def row_on_gpu(what, runs, call_ns, kernel_ns=None, dtype="float64"):
    return {"what": what, "dtype": dtype, "runs": runs, "call_ns": call_ns, "kernel_ns": kernel_ns}


ON_GPU = {
    "quick": False,
    "date": "2027-01-02T03:04+00:00",
    "commit": "a5f6243",
    "machine": {"cores": 16},
    "card": {"name": "NVIDIA X", "driver": None, "cuda": "12.9"},
    "versions": {"python": "3.11", "torch": "2.11", "jax": None, "numba-cuda": "0.30"},
    "epochs": 200,
    "apart": {"median": 2e-15, "worst": 1e-12, "runs": 175},
    "rows": [
        row_on_gpu("kernel", 1024, 0.9, 0.8),
        row_on_gpu("kernel", 65536, 0.4, 0.3),
        row_on_gpu("kernel", 65536, 0.2, 0.1, "float32"),
        row_on_gpu("tensors", 8192, 15.0),
        row_on_gpu("CPU engine", 400, 6.0),
        row_on_gpu("CPU engine", 8192, 5.2),
    ],
}


def test_page_shows_the_card_the_date_and_the_table(shown):
    text = section(page.render(shown, ON_GPU), "On a GPU")
    assert "on one NVIDIA X (driver unknown, CUDA 12.9), on 2027-01-02: python 3.11," in text
    assert "| kernel | 1\u202f024 | 0.90 | 5.8 |" in text
    assert "| kernel, float32 | 65\u202f536 | 0.20 | 26 |" in text
    assert "takes 0.40 ns, 0.30 ns of them" in text
    assert "It is 38 times as fast as the engine in tensors and\n13 times as fast as" in text
    assert "not been timed" not in text and "None" not in text
    with pytest.raises(ValueError, match="--quick"):
        page.render(shown, {**ON_GPU, "quick": True})


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


def test_more_patches_are_noise_and_no_run_diverges():
    data, weights = sizes.draw(20, **sizes.SIZES, patches=16)
    assert data.x.shape == (20, 16, 16, 64)
    assert torch.equal(data.x[..., :3, :], sizes.draw(20, **sizes.SIZES)[0].x)
    extra = data.x[..., 3:, :]
    assert not (extra @ torch.stack([data.u, data.v]).mT).any()
    norm = extra.square().sum((-2, -1)).mean().sqrt()
    assert norm.item() == pytest.approx(DEFAULTS["noise_norm"], rel=0.05, abs=0)
    margins, _ = batched.train(data, weights, SIZES["lr"], 50)
    assert margins.abs().max() < 10


def test_rules_differ_from_the_plain_one_and_from_each_other():
    rules = [rule for _, rule in RULES.values()]
    assert rules[0] == Rule() and len(set(rules)) == len(rules)
    assert plans.FULL.rules == list(RULES)
    assert set(plans.QUICK.rules) < set(RULES)


OPTIONS = {"batch_size": 5, "momentum": 0.5, "nesterov": True, "weight_decay": 0.01}


@pytest.mark.parametrize("changed", [{}, {"batch_size": 5}, {"momentum": 0.5}, OPTIONS])
def test_the_peer_of_the_rules_trains_by_the_rule(changed):
    data, weights = sizes.draw(2, **SIZES)
    run = train(data, weights, 0.1, epochs=3, rule=Rule(**changed), engine="reference")
    margins, final = autograd_rule.train(data, weights, 0.1, 3, **changed)
    assert torch.allclose(margins, run.margins, rtol=0, atol=TOLERANCE)
    assert torch.allclose(final, run.weights, rtol=0, atol=TOLERANCE)


def test_the_floor_of_a_sweep_draws_what_a_seed_draws():
    alone, seed = generators([5, 5])
    sweeps.draw_seed(alone, sweeps.rooms())
    model, n_test = FeatureNoiseModel(SIZES["d"], **sizes.NORMS), sweeps.N_TEST
    model.sample(SIZES["n"], n_weak=SIZES["n_weak"], generator=seed)
    init_weights(SIZES["m"], SIZES["d"], DEFAULTS["scale"], generator=seed)
    model.sample(2 * n_test, n_weak=n_test, generator=seed)
    assert torch.equal(alone.get_state(), seed.get_state())


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
