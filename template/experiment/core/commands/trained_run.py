"""The run that ``validate``, ``test`` and ``predict`` are about, and the checkpoint that is meant.

Template's file: updates replace it. Free of torch.
"""

from argparse import Namespace
from pathlib import Path
from typing import Any

from ..checkpoint.find_checkpoint import choose
from ..config.cli import DEFAULTS
from ..config.load import Settings, load_settings
from ..runs.run import Run
from ..runs.run_folders import find_run


def trained_run(arguments: Namespace, config_type: type) -> tuple[Run, Path, Settings[Any]]:
    """A trained run, the checkpoint that is meant, and the configuration it was trained with."""
    folder = find_run(arguments.name or "", Path(arguments.output))
    run = Run.at(folder, arguments.command)
    if arguments.config == DEFAULTS["config"]:
        arguments.config = [str(run.config_file)]
    settings = load_settings(config_type, arguments)
    run.seed = settings.config.seed
    path = choose(run.checkpoints, arguments.checkpoint).path
    return run, path, settings
