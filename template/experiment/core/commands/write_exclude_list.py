"""Writes the list of examples to leave out, and says what to type next.

Template's file: updates replace it. Which examples: core/inspect/dataset/to_leave_out.py.
"""

import os
import shlex
from pathlib import Path

from ..console import say
from ..errors import UserError
from ..files import PROJECT, shown, write_text
from ..inspect.dataset.to_leave_out import ToLeaveOut
from ..runs.disk_errors import unwritable


def refuse_existing(file: Path) -> None:
    """See that nothing is written over: a list that somebody has edited, say.

    Raises:
        UserError: There is such a file or folder.
    """
    if file.is_dir():
        raise UserError(f"--exclude {shown(file)} is a folder; name a file, such as exclude.txt")
    if file.exists():
        raise UserError(
            f"--exclude {shown(file)} exists, and may have been edited: name another file; with "
            f"data.exclude={_typed(file)} it begins with what that one lists"
        )


def write_exclude_list(file: Path, found: ToLeaveOut) -> None:
    """Write the list, if there is something to leave out, and say so.

    Raises:
        UserError: The file cannot be written.
    """
    for remark in found.remarks:
        say(f"exclude   {remark}")
    if not found.count:
        say("exclude   there is nothing to leave out: no file is written")
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, found.text)
    except OSError as error:
        raise unwritable(file, error) from None
    say(f"exclude   {shown(file)} lists {found.count:,}; delete those you disagree with, then")
    say(f"          main.py fit data.exclude={_typed(file)}")


def _typed(file: Path) -> str:
    """The file as a setting, which starts at the project where it is relative."""
    path = Path(os.path.abspath(file))
    inside = path.is_relative_to(PROJECT)
    return shlex.quote((path.relative_to(PROJECT) if inside else path).as_posix())
