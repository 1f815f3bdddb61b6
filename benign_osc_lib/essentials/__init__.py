"""What is essential (chapter 13): one factor at a time is changed in the setting of §4.3."""

from .factors import FACTORS, Factor

__all__ = ["FACTORS", "Factor"]
