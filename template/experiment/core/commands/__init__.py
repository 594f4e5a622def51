"""What main.py can do, a file a command.

Template's file: updates replace it. Each name is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from ..imports import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from .dispatch import run_command as run_command
    from .notebook import load_run as load_run

__getattr__ = lazily(
    __name__,
    {
        "dispatch": ("run_command",),
        "notebook": ("load_run",),
    },
)
