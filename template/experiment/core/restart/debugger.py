"""Whether somebody debugs: then training runs in the process that was started.

Template's file: updates replace it. Free of torch.
"""

import re
import sys
from pathlib import Path

from ..runs.code_files import code_files

DEBUGGERS = ("bdb", "debugpy", "pydevd")


# Also behind another statement, as in `import pdb; pdb.set_trace()`; not in a comment.
BREAKPOINT = re.compile(
    r"^([^#\n]*[;:])?[ \t]*"
    r"(breakpoint\(|((\w*pdb|debugpy)\.)?set_trace\(|debugpy\.(breakpoint|wait_for_client)\()",
    re.M,
)


def is_debugged(project: Path) -> bool:
    """Whether somebody debugs: a debugger runs, or the project's own code stops somewhere."""
    if sys.gettrace() is not None or any(name in sys.modules for name in DEBUGGERS):
        return True
    own = [project / file for file in code_files(project) if "core" not in file.parts]
    return any(BREAKPOINT.search(file.read_text("utf-8", errors="replace")) for file in own)
