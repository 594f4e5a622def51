"""Standard output for a program that reads JSON: whatever else is said goes to standard error.

Template's file: updates replace it. Free of torch.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from ..console import speak_into


@contextmanager
def kept_for_json(wanted: bool) -> Iterator[None]:
    """Keep it so meanwhile."""
    if not wanted:
        yield
        return
    with redirect_stdout(sys.stderr), speak_into(sys.stderr):
        yield
