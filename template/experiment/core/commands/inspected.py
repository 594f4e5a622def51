"""What the two commands of ``inspect`` share: whom they look at, before or after training.

Template's file: updates replace it.
"""

from argparse import Namespace
from importlib import import_module
from typing import Any

from ..config.cli_options import DEFAULTS
from ..config.load import load_settings
from ..errors import UserError
from ..imports import import_torch
from . import own_code
from .dispatch import Build
from .standard_output import kept_for_json
from .trained_run import trained_run


def look(what: str, arguments: Namespace, config_type: type, build: Build) -> int:
    """Look at the configuration, or at ``--run``, and only then import what takes seconds.

    Args:
        what: ``data`` or ``model``; look_at_data.py or look_at_model.py carries it out.
        arguments: As they were typed.
        config_type: The root dataclass of the configuration.
        build: That of main.py.

    Returns:
        The exit code.

    Raises:
        UserError: What only a trained run has was typed without one.
    """
    arguments.name = arguments.inspected_run
    trained: Any = None
    if arguments.name is None:
        _refuse_without_run(arguments)
        settings = load_settings(config_type, arguments)
    else:
        with kept_for_json(arguments.json):
            if own_code.is_wanted(arguments.code):
                return own_code.carry_out(arguments)
            *trained, settings = trained_run(arguments, config_type)
    import_torch()
    name = f"look_at_{what}"
    look_at = getattr(import_module(f".{name}", __package__), name)
    return look_at(settings, arguments, build, tuple(trained) if trained else None)


def _refuse_without_run(arguments: Namespace) -> None:
    for name in ("checkpoint", "code"):
        if getattr(arguments, name) != DEFAULTS[name]:
            raise UserError(f"command line: inspect takes --{name} with --run NAME only")
