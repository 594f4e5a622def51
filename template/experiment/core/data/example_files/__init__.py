"""Examples in files of their own, in whatever format: a function of yours reads one.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ...imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .files import ExampleFiles as ExampleFiles
    from .sources import load as load
    from .sources import load_unlabelled as load_unlabelled

__getattr__ = lazily(
    __name__,
    {
        "files": ("ExampleFiles",),
        "sources": (
            "load",
            "load_unlabelled",
        ),
    },
)
