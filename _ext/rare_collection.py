"""Look for garbage seldom: the pages are millions of small objects, and nearly all of them stay.

The book is built in four fifths of the time, with a little more memory.
"""

import gc

FEWER = (100_000, 50, 100)
"""Python 3.11 has (700, 10, 10)."""


def setup(app):
    gc.set_threshold(*FEWER)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
