"""The Trainer, and what happens around it.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ..imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .trainer import build_trainer as build_trainer

__getattr__ = lazily(
    __name__,
    {
        "trainer": ("build_trainer",),
    },
)
