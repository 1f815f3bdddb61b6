"""Read and change the stored answers to the exercises.

    python tools/answers.py --decode > answers.yml   # in plain YAML
    python tools/answers.py --encode answers.yml     # back, after a change

What is asked stands in `exercises.yml`, in plain text; what is right stands in the library,
encoded, so that nobody reads it by accident. Delete the plain file when you are done.
"""

import argparse
from pathlib import Path

import yaml

from benign_osc_lib.exercises import store


def plain():
    """All answers as YAML."""
    return yaml.safe_dump(store.load(), allow_unicode=True, sort_keys=False, width=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--decode", action="store_true", help="print the answers as YAML")
    way.add_argument("--encode", type=Path, metavar="FILE", help="store the answers of a YAML file")
    options = parser.parse_args()
    if options.decode:
        print(plain(), end="")
    else:
        exercises = yaml.safe_load(options.encode.read_text(encoding="utf-8"))
        store.FILE.write_text(store.dump(exercises), encoding="utf-8")


if __name__ == "__main__":
    main()
