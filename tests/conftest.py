"""How Hypothesis searches: the same examples in every run, or at random where that is asked for.

HYPOTHESIS_PROFILE=random make test
"""

import gc
import os

from hypothesis import settings

settings.register_profile("same", deadline=None, max_examples=30, derandomize=True, print_blob=True)
settings.register_profile(
    "random", deadline=None, max_examples=100, derandomize=False, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# Twelve thousand tests and parsed pages are small objects that stay.
gc.set_threshold(100_000, 20, 50)
