"""What ``main.py smoke`` says of an error: one sentence with the place.

Template's file: updates replace it.
"""

import traceback
from pathlib import Path

from ..errors import UserError
from ..files import PROJECT, shown


class Skipped(Exception):
    """What cannot be shown here and now, and is no fault of the experiment."""


class Unreachable(Skipped):
    """The data cannot be had here; without it the rest cannot be shown either."""


def sentence(error: Exception) -> str:
    """What went wrong, and where in the project."""
    from ..inspect.shape_annotations import describe_shape_error

    if isinstance(error, SyntaxError):
        return f"{shown(Path(error.filename or '?'))}:{error.lineno}: {error.msg}"
    if isinstance(error, UserError):
        return str(error)
    first_line = (str(error).strip() or "no message").splitlines()[0]
    said = f"{_place(error)}{type(error).__name__}: {first_line}"
    return describe_shape_error(error) or said + _what_met(error)


def _what_met(error: Exception) -> str:
    """Of a network that failed, the module and the shapes that met there."""
    from ..inspect.network.failure import what_met

    met = what_met(error)
    return f"; {met.sentence}" if met and met.shapes else ""


def is_own_fault(error: Exception) -> bool:
    """Whether it came out of a file of the researcher's, or is one that cannot be read."""
    if isinstance(error, SyntaxError):
        return True
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame)]
    return any(not _is_main(one) and "core" not in Path(one.filename).parts for one in frames)


def is_of_data(error: Exception) -> bool:
    """Whether it came out of the data that main.py's build made, or asked for its facts.

    Not where examples are there and a reader, or what makes a batch of them, fails at these.
    """
    if not isinstance(error.__cause__, OSError | ImportError | None):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    from_main = [number for number, frame in enumerate(frames) if _is_main(frame)]
    called = frames[from_main[-1] + 1 :] if from_main else []
    return bool(called) and Path(called[0].filename).name in {"data.py", "datamodule.py"}


def _is_main(frame: traceback.FrameSummary) -> bool:
    return Path(frame.filename).resolve() == (PROJECT / "main.py").resolve()


def _place(error: Exception) -> str:
    """``experiment/model.py:40: ``, the innermost line of the project that the error came through.

    The researcher's own files come before core's.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame)]
    own = [frame for frame in frames if "core" not in Path(frame.filename).parts]
    if not frames:
        return ""
    frame = (own or frames)[-1]
    return f"{shown(Path(frame.filename))}:{frame.lineno}: "


def _is_ours(frame: traceback.FrameSummary) -> bool:
    path = Path(frame.filename)
    return PROJECT in path.parents and "site-packages" not in path.parts
