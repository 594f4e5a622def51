"""``main.py inspect data``: look at the data before you train on it, or after.

Template's file: updates replace it. What is looked for: core/inspect/dataset/detectors/. What is
printed, and the page: core/inspect/dataset/.
"""

from argparse import Namespace

from ..config.cli_options import DEFAULTS
from ..config.load import load_settings
from ..errors import UserError
from ..imports import import_torch
from . import own_code
from .dispatch import Build
from .standard_output import kept_for_json
from .trained_run import trained_run


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Look at what was typed and at the configuration, and only then import what takes seconds."""
    arguments.most = _number(arguments.most)
    arguments.name = arguments.inspected_run
    if arguments.name is None:
        refuse_without_run(arguments)
        settings, trained = load_settings(config_type, arguments), None
    else:
        with kept_for_json(arguments.json):
            if own_code.is_wanted(arguments.code):
                return own_code.carry_out(arguments)
            of_run, checkpoint, settings = trained_run(arguments, config_type)
            trained = of_run, checkpoint
    import_torch()
    from .look_at_data import look_at_data

    return look_at_data(settings, arguments, build, trained)


def refuse_without_run(arguments: Namespace) -> None:
    """Refuse what only a trained run has.

    Raises:
        UserError: It was typed.
    """
    for name in ("checkpoint", "code"):
        if getattr(arguments, name) != DEFAULTS[name]:
            raise UserError(f"command line: inspect takes --{name} with --run NAME only")


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
