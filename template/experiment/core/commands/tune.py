"""``main.py tune``: find a learning rate or a batch size, or draw the schedule.

Template's file: updates replace it. The searches themselves: trainer/tuner.py.
"""

from argparse import Namespace

from ..config.load import load_settings
from ..imports import import_torch
from .dispatch import Build


def run(arguments: Namespace, config_type: type, build: Build) -> int:
    """Look at the configuration, and only then import what takes seconds."""
    settings = load_settings(config_type, arguments)
    import_torch()
    from ..trainer.tuner import run_tune

    return run_tune(settings, arguments, build)
