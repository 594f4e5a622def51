"""``main.py inspect data``: look at the data before you train on it, or after.

Template's file: updates replace it. What is looked for: core/inspect/dataset/detectors/. What is
printed, and the page: core/inspect/dataset/.
"""

from argparse import Namespace

from ..errors import UserError
from .dispatch import Build
from .inspected import look


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Look at what was typed; inspected.py says the rest."""
    arguments.most = _number(arguments.most)
    return look("data", arguments, config_type, build)


def _number(text: str | None) -> int | None:
    """What ``--most`` means.

    Raises:
        UserError: It is no number of examples.
    """
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise UserError(f"command line: --most is {text}; it must be a whole number from 1 on")
    return int(text)
