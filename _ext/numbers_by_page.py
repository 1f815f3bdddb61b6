"""Figures and exercises of a page without a number of its own begin with 1.

Sphinx counts them on from page to page: the first exercise of such a page was "Exercise 4".
"""


def restart(app, env):
    """Number what has no chapter before its number anew on each page."""
    for kinds in env.toc_fignumbers.values():
        for numbers in kinds.values():
            alone = sorted(number for number in numbers.values() if len(number) == 1)
            for label, number in numbers.items():
                if len(number) == 1:
                    numbers[label] = (alone.index(number) + 1,)
    return []


def setup(app):
    app.connect("env-get-updated", restart, priority=900)  # after Sphinx has numbered all
    return {"parallel_read_safe": True, "parallel_write_safe": True}
