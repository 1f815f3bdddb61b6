"""Pages without a number count their figures and exercises for themselves."""

from types import SimpleNamespace

from _ext.numbers_by_page import restart


def test_a_page_without_a_number_begins_with_1():
    numbers = {
        "chapters/09": {"exercise": {"a": (9, 1), "b": (9, 2)}},
        "chapters/real": {"exercise": {"c": (4,), "d": (5,)}, "figure": {"e": (2,)}},
    }
    assert restart(None, SimpleNamespace(toc_fignumbers=numbers)) == []
    assert numbers == {
        "chapters/09": {"exercise": {"a": (9, 1), "b": (9, 2)}},
        "chapters/real": {"exercise": {"c": (1,), "d": (2,)}, "figure": {"e": (1,)}},
    }
