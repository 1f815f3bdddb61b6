#!/usr/bin/env python3
"""Put the logs of a folder of deep networks into the library, where chapter 16 reads them.

    tools/deep_runs.py FOLDER NAME "what they are" [--into DIR]

FOLDER is what `python -m benign_osc_lib.deep --grid ... --out FOLDER` filled; NAME is one of
benign_osc_lib.deep.RECORDED, such as fashion-gpu. Writes NAME.csv and NAME.json.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benign_osc_lib import deep  # noqa: E402


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("name", choices=deep.RECORDED)
    parser.add_argument("what")
    parser.add_argument(
        "--into", type=Path, default=ROOT / "benign_osc_lib" / "deep" / "stored", metavar="DIR"
    )
    args = parser.parse_args(argv)
    table, head = deep.collect_runs(args.folder, args.what)
    for end, text in (("csv", table), ("json", head)):
        path = args.into / f"{args.name}.{end}"
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {len(text)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
