"""``main.py smoke``: prove in seconds that every part of the experiment fits the others.

Template's file: updates replace it. The checks themselves: smoke_checks.py.
"""

from argparse import Namespace

from ..config.load import load_settings
from ..imports import import_torch
from .dispatch import Build


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Look at the configuration, and only then import what takes seconds."""
    settings = load_settings(config_type, arguments)
    import_torch()
    from .smoke_checks import run_smoke

    return run_smoke(settings, arguments, build)
