"""Check your answers to the exercises and self-tests of the book: ``check("5.1", (0.004, 1))``."""

from .answering import Verdict, answerable, check

__all__ = ["Verdict", "answerable", "check"]
