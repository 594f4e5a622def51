"""The project's line that something was done in: not a library's, and not the template's.

Template's file: updates replace it.
"""

import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from ..shape_annotations import source_line

CORE = Path(__file__).resolve().parents[2]
STANDARD = Path(sysconfig.get_paths()["stdlib"]).resolve()
NOWHERE = ""


@cache  # asked for every frame of every operation
def is_own(file: str) -> bool:
    """Whether a file is the researcher's."""
    if file.startswith("<"):  # typed, or made by a program
        return False
    path = Path(file).resolve()
    return "site-packages" not in path.parts and not any(
        folder in path.parents for folder in (CORE, STANDARD)
    )


@cache
def line_of(file: str, line: int) -> str:
    """``experiment/model.py:33``."""
    return source_line(file, line)


def own_frames(frame: FrameType | None) -> Iterator[FrameType]:
    """Those of the researcher's, the innermost first."""
    while frame is not None:
        if is_own(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


def current_line() -> str:
    """The innermost line of the researcher's that is being carried out; empty: none."""
    for frame in own_frames(sys._getframe(1)):
        return line_of(frame.f_code.co_filename, frame.f_lineno)
    return NOWHERE


def line_that_makes(module: Any) -> str:
    """The same, but for lines of the module's own ``__init__``, and of what that inherits."""
    for frame in own_frames(sys._getframe(1)):
        names = frame.f_code.co_varnames
        if not names or frame.f_locals.get(names[0]) is not module:
            return line_of(frame.f_code.co_filename, frame.f_lineno)
    return NOWHERE
