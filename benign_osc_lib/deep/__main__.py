"""The command ``python -m benign_osc_lib.deep``."""

import sys

from .command import main

sys.exit(main())
