"""Where each module was made: the project's line, remembered while ``build`` builds.

Template's file: updates replace it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from .source_lines import line_that_makes

NAME = "_made_at"  # in the module's own dict: it is thrown away with it


@contextmanager
def lines_remembered() -> Iterator[None]:
    """Have every module that is made meanwhile know its line."""
    plain = nn.Module.__init__

    def remembering(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        vars(self).setdefault(NAME, line_that_makes(self))
        plain(self, *args, **kwargs)

    nn.Module.__init__ = remembering
    try:
        yield
    finally:
        nn.Module.__init__ = plain


def made_at(module: nn.Module) -> str:
    """``experiment/model.py:33``; empty where nobody knows, as of a module that was unpickled."""
    return vars(module).get(NAME, "")
