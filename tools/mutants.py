#!/usr/bin/env python3
"""Break the library on purpose, one line at a time, and see whether the chapters notice.

    tools/mutants.py [WORD ...]    # only the mutants whose description contains a word

nbval runs the chapters against a broken copy of the library. A mutant that no chapter notices is
reported, and the exit status is 1. First comes a change that must NOT be noticed: it disturbs the
initial weights as another processor's rounding would.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree

ROOT = Path(__file__).resolve().parent.parent
HARMLESS = ("network", "weights = scale *", "weights = (1 + 1e-13) * scale *")
MUTANTS = [  # file, line as it is, line broken, what is broken
    ("sgd", "signs_j(weights) / weights", "2 * signs_j(weights) / weights", "lost ½ of the loss"),
    ("sgd", "(f - y_i)", "(f + y_i)", "sign of the label"),
    ("sgd", "return weights - along", "return weights + along", "step uphill"),
    ("sgd", "(lr[..., None", "(1.05 * lr[..., None", "sgd_step with a 5 % wrong rate"),
    ("sgd", "[1.0, -1.0]", "[1.0, 1.0]", "no sign of the filters"),
    ("training", "torch.sub(weights", "torch.add(weights", "training uphill"),
    ("training", "rates * c", "1.05 * rates * c", "training with a 5 % wrong rate"),
    ("training", 'arange(n, device="cpu")', "arange(n).flip(0)", "cyclic order reversed"),
    ("training", "randperm(n, generator=generator, ", "arange(n, ", "no shuffling"),
    ("training", "= y_i * f", "= f", "margins without the label"),
    ("training", "return 0.5 * (1", "return (1", "lost ½ in the recorded loss"),
    (
        "training",
        "recorded[step], :, :] = s",
        "recorded[step] - 1, :, :] = s",
        "recording one step early",
    ),
    (
        "training",
        "            record(step)",
        "            record(step) if step > 1 else 0",
        "first step not recorded",
    ),
    ("training", "found, step, div", "found, step + 1, div", "divergence one step late"),
    ("training", "DIVERGED = 1e6", "DIVERGED = 1e60", "divergence found too late"),
    ("training", "(strong, u)", "(strong, v)", "strong signal along v"),
    ("network", "square()", "pow(3)", "wrong power in σ"),
    ("network", "return 2 * z", "return z", "wrong slope of σ"),
    ("network", "mean(-1).unbind", "sum(-1).unbind", "sum of the filters in place of the mean"),
    ("network", "f_plus - f_minus", "f_minus - f_plus", "signs of the output swapped"),
    ("network", "weights = scale *", "weights = 1.05 * scale *", "initial scale 5 % too large"),
    ("data", "noise = noise - _proj", "noise = noise - 0.9 * _proj", "noise not orthogonal"),
    ("data", "math.sqrt(self.d)", "math.sqrt(self.d - 2)", "noise 2 % too long"),
    ("data", "chance < self.rho", "chance < 1.1 * self.rho", "10 % too many weak points"),
    ("data", "< n_weak", "<= n_weak", "one weak point too many"),
    ("data", "uniform() < 0.5", "uniform() < 0.6", "labels not balanced"),
    ("data", "signs * self.v", "self.v", "weak feature without the label"),
    (
        "data",
        "self.u, self.x, self.y, 0",
        "self.u, self.x, self.y, 1",
        "strong feature from patch 1",
    ),
    ("theory", "return 2 * lr", "return lr", "κ without its factor 2"),
    ("theory", "(v_norm / u_norm) ** 2", "v_norm / u_norm", "ν without its squares"),
    ("theory", "** 2 - 4)", "** 2 - 3)", "2-cycle"),
    ("theory", "/ 2 / (1 - nu)", "/ 2 / (1 + nu)", "terminal law"),
    ("theory", "- c * a.log()", "+ c * a.log()", "sign in the potential"),
    ("theory", "math.sqrt(27) / 2 - 1", "math.sqrt(27) / 2 - 1.01", "sign limit"),
    ("metrics", "(margin > 0)", "(margin >= 0)", "an output of 0 counted as right"),
    ("metrics", '"wilson"', '"exact"', "another interval than Wilson's"),
    ("metrics", "activation(products)", "products", "learned signal without σ"),
    ("assumptions", "v <= 0.1 * u", "v <= u", "Assumption 3 (iii)"),
]


def nbval(library):
    """The first failing test of the chapters with `library` on the path, or None."""
    chapters = sorted((ROOT / "chapters").glob("*.ipynb"), reverse=True)  # the quick ones first
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-x", "-q", *chapters],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(library), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        return None
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    return failed[0].split()[1] if failed else run.stdout[-2000:] + run.stderr[-2000:]


def first_failure(file, line, replacement):
    """Run the chapters against a copy of the library with `line` replaced; it must stand once."""
    with tempfile.TemporaryDirectory() as folder:
        copy = copytree(ROOT / "benign_osc_lib", Path(folder) / "benign_osc_lib") / f"{file}.py"
        source = copy.read_text(encoding="utf-8")
        if source.count(line) != 1:
            sys.exit(f"{file}.py has {line!r} {source.count(line)} times: mend the list of mutants")
        copy.write_text(source.replace(line, replacement), encoding="utf-8")
        return nbval(folder)


def main(words):
    failed = first_failure(*HARMLESS)
    if failed:
        sys.exit(f"fails with {HARMLESS[-1]!r}, which only rounds differently: {failed}")
    print("the chapters pass when the initial weights are disturbed by 1e-13 of their size")
    survivors = 0
    for *change, what in MUTANTS:
        if words and not any(word in what for word in words):
            continue
        where = first_failure(*change)
        survivors += where is None
        print(f"noticed   {what}: {where}" if where else f"SURVIVED  {what}", flush=True)
    print(f"{survivors} survived")
    return survivors > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
