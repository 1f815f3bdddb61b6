"""The command ``python -m benign_osc_lib.deep``."""

import sys

from .command import main

if __name__ == "__main__":
    sys.exit(main())
