"""Looking: shapes, drawings, curves, where the time goes.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ..imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .drawing import draw as draw

__getattr__ = lazily(
    __name__,
    {
        "drawing": ("draw",),
    },
)
