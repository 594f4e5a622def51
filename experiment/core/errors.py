"""The exception that is meant for a person instead of a programmer, and how it names a path.

Template's file: updates replace it.
"""

from pathlib import Path


class UserError(Exception):
    """Something the user can mend: one sentence with the place, the value and what would be right.

    ``main.py`` prints the sentence without a traceback and exits with ``code``.
    """

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def shown(path: Path) -> str:
    """A path as a person would type it from where they are."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
