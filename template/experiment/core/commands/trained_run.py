"""The run that ``validate``, ``test`` and ``predict`` are about, and the checkpoint that is meant.

Template's file: updates replace it. Free of torch.
"""

from argparse import Namespace
from pathlib import Path
from typing import Any

from ..checkpoint.find_checkpoint import choose
from ..checkpoint.trained_code import changed_since, in_short
from ..config.cli_options import DEFAULTS
from ..config.load import Settings, load_settings
from ..console import log
from ..errors import UserError
from ..runs.run import Run
from ..runs.run_folders import find_run

OFFER = "--code run"


def trained_run(arguments: Namespace, config_type: type) -> tuple[Run, Path, Settings[Any]]:
    """A trained run, the checkpoint that is meant, and the configuration it was trained with."""
    folder = find_run(arguments.name or "", Path(arguments.output))
    run = Run.at(folder, arguments.command)
    path = choose(run.checkpoints, arguments.checkpoint).path
    if arguments.config == DEFAULTS["config"]:
        arguments.config = [str(run.config_file)]
    settings = settings_of(config_type, arguments, path, OFFER)
    run.seed = settings.config.seed
    remark_on_changes(run, path, OFFER)
    return run, path, settings


def settings_of(
    config_type: type, arguments: Namespace, checkpoint: Path, offer: str
) -> Settings[Any]:
    """A run's configuration, read by the code as it is now.

    Raises:
        UserError: That does not understand it; where it is another by now, the run's own is
            offered.
    """
    try:
        return load_settings(config_type, arguments)
    except UserError as error:
        if not (changed := changed_since(checkpoint)):
            raise
        raise UserError(
            f"{error}. Changed since the run was trained: {in_short(changed)}; {offer} takes the "
            "code that it was trained with"
        ) from None


def remark_on_changes(run: Run, checkpoint: Path, offer: str) -> None:
    """Say that the code is another than the run's: its weights may fit and mean something else."""
    if changed := changed_since(checkpoint):
        log.warning(
            f"code changed since {run.name} was trained: {in_short(changed)}; {offer} takes the "
            "code that it was trained with"
        )
