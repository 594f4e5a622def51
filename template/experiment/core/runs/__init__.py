"""A run's folder on disk: its files, its name, where it came from. Free of torch.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ..imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .run import Run as Run

__getattr__ = lazily(
    __name__,
    {
        "run": ("Run",),
    },
)
