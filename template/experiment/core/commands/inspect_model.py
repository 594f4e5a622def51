"""``main.py inspect model``: look at the network before you train it, or after.

Template's file: updates replace it. What is looked for: core/inspect/network/detectors/. What is
printed, and the page: core/inspect/network/.
"""

from argparse import Namespace

from ..config.cli_options import DEFAULTS
from ..config.load import load_settings
from ..errors import UserError
from ..imports import import_torch
from . import own_code
from .dispatch import Build
from .inspect_data import refuse_without_run
from .standard_output import kept_for_json
from .trained_run import trained_run


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Look at what was typed and at the configuration, and only then import what takes seconds."""
    arguments.name = arguments.inspected_run
    for name in ("exclude", "most"):
        if getattr(arguments, name) != DEFAULTS[name]:
            raise UserError(f"command line: inspect model takes no --{name}, inspect data does")
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
    from .look_at_model import look_at_model

    return look_at_model(settings, arguments, build, trained)
