"""Real images beside a planted shortcut (chapter 15): scikit-learn's digits, two classes at a time.

``pair`` makes training and test points for the paper's network, ``preferred_directions`` says from
the training images alone what oscillation should teach.
"""

from .images import images
from .pairs import SHORTCUT_NORM, pair
from .preferred import preferred_directions

__all__ = ["SHORTCUT_NORM", "images", "pair", "preferred_directions"]
