"""Tracebacks that name the researcher's files.

Template's file: updates replace it. Free of torch. Training runs from the run's copy of the code:
where a file of the copy is still the project's, the project's is the one to look at. One that was
edited since keeps the copy's path, as its lines are others.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from traceback import TracebackException
from types import TracebackType

from ..files import PROJECT


def traceback_text(error: BaseException, folder: Path) -> str:
    """The traceback of an error, with those of its causes.

    Args:
        error: What was raised.
        folder: The run's.
    """
    trace, copy = TracebackException.from_exception(error), (folder / "code").resolve()
    for one in _with_causes(trace):
        for frame in one.stack:
            frame.filename = _in_project(frame.filename, copy)
        if isinstance(getattr(one, "filename", None), str):  # of a SyntaxError
            one.filename = _in_project(one.filename, copy)
    return "".join(trace.format())


def print_tracebacks_of(folder: Path) -> None:
    """From here on, print what nobody catches that way."""
    sys.excepthook = partial(_print, folder)


def _print(
    folder: Path, _: type[BaseException], error: BaseException, __: TracebackType | None
) -> None:
    print(traceback_text(error, folder), end="", file=sys.stderr)


def _with_causes(trace: TracebackException | None) -> Iterator[TracebackException]:
    if trace is not None:
        yield trace
        yield from _with_causes(trace.__cause__)
        yield from _with_causes(trace.__context__)
        for one in getattr(trace, "exceptions", None) or ():
            yield from _with_causes(one)


def _in_project(name: str, copy: Path) -> str:
    path = Path(name)
    if not path.is_relative_to(copy):
        return name
    original = PROJECT / path.relative_to(copy)
    try:
        return str(original) if original.read_bytes() == path.read_bytes() else name
    except OSError:
        return name
