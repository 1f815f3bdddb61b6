"""Time the engines of this library and their peers on this machine: `make bench`.

python -m benchmarks.bench [--quick] [--save PATH]

First every peer has to agree with the paper's equations. Then all of them train the paper's runs
in turns in this one process, on all cores. A table is printed. Without options the results are
stored in benchmarks/results.json, and the page "Performance" is written from them.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from benchmarks import page, peers
from benchmarks.agreement import DisagreementError
from benchmarks.measure import measure


def table(results):
    """The tables as lines of text."""
    lines = [
        f"{'µs per step and run':20} {'best':>9} {'median':>9} {'ratio':>8}  runs threads  what"
    ]
    for name, peer in peers.PEERS.items():
        row = results["table"].get(name)
        if row is None:
            lines.append(f"{name:20} {results['missing'].get(name, 'not measured')}")
            continue
        numbers = f"{row['best_us']:9.4f} {row['median_us']:9.4f} {row['ratio']:8.1f}"
        lines.append(f"{name:20} {numbers} {row['runs']:5} {row['threads']:7}  {peer.what}")
    lines += ["", f"{'µs per visited point':20} {'best':>9} {'median':>9} {'ratio':>8}"]
    for name, row in results["rules"]["rules"].items():
        numbers = f"{row['best_us']:9.4f} {row['median_us']:9.4f} {row['ratio']:8.2f}"
        lines.append(f"{'rule ' + name:20} {numbers}")
    found = results["sweep"]
    numbers = f"{found['runs_per_s']:.0f} runs a second, {found['ratio']:.2f} times the floor"
    lines += ["", f"sweep of fresh seeds: {numbers}"]
    on, kept = results["machine"], results["versions"]
    lines.append(f"{on['cpu']}, {on['cores']} cores, {results['date']}")
    lines.append(", ".join(f"{name} {number}" for name, number in kept.items() if number))
    return lines


def main(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--save", type=Path, metavar="PATH", help="write the results there only")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # each measurement sets its own number, whatever OMP_NUM_THREADS is
    functions, missing = peers.load()
    try:
        results = measure(options.quick, functions, missing)
    except DisagreementError as error:
        sys.exit(f"no benchmark: {error}")
    print(*table(results), sep="\n")
    path = options.save or (None if options.quick else page.RESULTS)
    if path:
        path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"saved {path}")
    if path == page.RESULTS:
        page.main()


if __name__ == "__main__":
    main()
