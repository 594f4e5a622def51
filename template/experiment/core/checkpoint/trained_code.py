"""The code that a checkpoint was trained with: the run's copy of it, and what is another by now.

Template's file: updates replace it. Free of torch.
"""

from pathlib import Path

from ..errors import UserError
from ..files import CODE
from ..runs.code_snapshot import differing, fingerprint
from .metadata import read_metadata

MOST_NAMES = 5
LOOKS_ON = {"notebooks", "docs"}  # folders of code that uses runs, and makes none


def copy_of(checkpoint: Path) -> Path | None:
    """The run's copy of the code that wrote a checkpoint; None where there is none.

    A run that went on with changed code has several, of which the checkpoint states its own.
    """
    folder = checkpoint.absolute().parent.parent
    newest = folder / "code"
    older = sorted(folder.glob("code-*"), reverse=True)
    copies = [copy for copy in (newest, *older) if (copy / "main.py").is_file()]
    if len(copies) > 1:
        try:
            stated = read_metadata(checkpoint).needs.get("code")
        except UserError:
            stated = None
        copies = [copy for copy in copies if fingerprint(copy) == stated] or copies
    return copies[0] if copies else None


def changed_since(checkpoint: Path) -> list[str]:
    """The files of the project that are others than when a checkpoint was written."""
    copy = copy_of(checkpoint)
    names = differing(copy, CODE) if copy else []
    return [name for name in names if Path(name).parts[0] not in LOOKS_ON]


def in_short(names: list[str]) -> str:
    """The first of many names."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
