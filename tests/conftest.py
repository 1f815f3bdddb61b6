"""How Hypothesis searches: without a deadline, and in CI the same examples in every run."""

import os

from hypothesis import settings

settings.register_profile("local", deadline=None, max_examples=30)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
