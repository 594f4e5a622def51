"""``main.py inspect data``: look at the data before you train on it.

Template's file: updates replace it. What is looked for: core/inspect/dataset/detectors/. What is
printed, and the page: core/inspect/dataset/.
"""

from argparse import Namespace

from ..config.load import load_settings
from ..errors import UserError
from ..imports import import_torch
from .dispatch import Build


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Look at what was typed and at the configuration, and only then import what takes seconds."""
    arguments.most = _number(arguments.most)
    settings = load_settings(config_type, arguments)
    import_torch()
    from .look_at_data import look_at_data

    return look_at_data(settings, arguments, build)


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
