"""The paper's assumptions on concrete sizes (chapter 2), under one name.

They are written in ``theory/assumptions.py``.
"""

from .theory.assumptions import Condition, assumption_3

__all__ = [
    "Condition",
    "assumption_3",
]
