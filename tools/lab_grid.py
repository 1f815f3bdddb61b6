#!/usr/bin/env python3
"""Write the laboratory's phase diagrams, benign_osc_lib/lab/phase_grid.js, from the stored sweeps.

    tools/lab_grid.py

Whole per cent are enough for a picture; chapter 11 has the numbers.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benign_osc_lib import phase  # noqa: E402

TARGET = ROOT / "benign_osc_lib" / "lab" / "phase_grid.js"
AXES = {"nu": "nu", "rho": "n_weak", "noise": "noise_norm"}
HEAD = """\
// The phase diagrams of chapter 11, made by tools/lab_grid.py from the stored sweeps.
//
// A diagram has `runs` a cell, the axes `kappa` and `y` (what `of` names), and one list a kappa of
// one number a y: `regime`, the most frequent one by its place in REGIMES; `share`, the per cent of
// runs in it; `accuracy`, the mean per cent of fresh weak points right among the runs that did not
// diverge, null where fewer than two are left.
"""


def diagram(name):
    """One diagram as plain lists."""
    cells, axis = phase.load(name), AXES[name]
    counts = phase.regimes(cells).transpose("kappa", axis, "regime")
    right = phase.mean_accuracy(cells, "weak")[0].transpose("kappa", axis)
    per_cent = (100 * right).round()
    return {
        "of": axis,
        "runs": int(cells.runs.max()),
        "kappa": cells.kappa.values.tolist(),
        "y": [float(f"{y:.6g}") for y in cells[axis].values],
        "regime": counts.argmax("regime").values.tolist(),
        "share": (100 * counts.max("regime") / cells.runs).round().astype(int).values.tolist(),
        "accuracy": [[None if x != x else int(x) for x in row] for row in per_cent.values.tolist()],
    }


def script():
    """The text of the file."""
    parts = [
        f"  {name}: {json.dumps(diagram(name), separators=(',', ':'))},\n"
        for name in phase.DIAGRAMS
    ]
    names = json.dumps(list(phase.REGIMES))
    return (
        f"{HEAD}export const REGIMES = {names};\n\nexport const PHASE = {{\n{''.join(parts)}}};\n"
    )


if __name__ == "__main__":
    TARGET.write_text(script(), encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size} bytes")
