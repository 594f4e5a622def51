"""What is meant for a person instead of a programmer, and the exit codes.

Template's file: updates replace it.
"""

from pathlib import Path
from traceback import walk_tb

# Exit codes of main.py; anything else is a crash.
FINISHED = 0  # or stopped by trainer.max_time
REFUSED = 2  # something the user can mend
DIVERGED = 3  # the loss or the weights are NaN, for good
UNTESTED = 4  # trained, but testing failed
HANGUP, CTRL_C, TERMINATED = 129, 130, 143  # the terminal closed, Ctrl-C, SIGTERM


# What a program raises that is wrong; a restart would raise it again.
OF_PROGRAMS = (
    SyntaxError,
    ImportError,
    NameError,
    AttributeError,
    TypeError,
    LookupError,
    ValueError,
    AssertionError,
)


def is_programs(error: BaseException) -> bool:
    """Whether it is a fault of the program, and not of the machine or the network."""
    is_lightnings = type(error).__name__ == "MisconfigurationException"  # without importing it
    return isinstance(error, OF_PROGRAMS) or is_lightnings


def in_a_line(error: BaseException) -> str:
    """What an error is, for a table or a message: its type, and the first line of its text.

    A data worker that is killed while it hands a batch over is only seen by the end of a pipe.
    """
    name = type(error).__name__
    if isinstance(error, (EOFError, ConnectionError)) and _is_data_loaders(error):
        return f"a DataLoader worker died ({name})"
    first = first_line(error)
    return name if first == name else f"{name}: {first}"


def first_line(error: BaseException) -> str:
    """That of an error's text, or the name of its type where it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _is_data_loaders(error: BaseException) -> bool:
    places = (frame.f_code.co_filename for frame, _ in walk_tb(error.__traceback__))
    return any(Path(place).parts[-2:] == ("data", "dataloader.py") for place in places)


class UserError(Exception):
    """Something the user can mend: one sentence with the place, the value and what would be right.

    ``main.py`` prints the sentence without a traceback and exits with ``code``.
    """

    def __init__(self, message: str, code: int = REFUSED) -> None:
        super().__init__(message)
        self.code = code


class TestFailed(Exception):
    """Training is over, and testing failed; the cause is the error that it failed with."""


class OutOfTime(Exception):
    """The run has had its ``trainer.max_time``; what is done is saved."""
