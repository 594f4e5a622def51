"""A file among the files of a run on W&B, after its training.

Template's file: updates replace it.
"""

from pathlib import Path

from ..config.logger import LoggerConfig
from ..console import say
from ..errors import first_line
from ..runs.run import Run
from .wandb import Wandb
from .wandb_mode import wandb_mode


def log_file(run: Run, config: LoggerConfig, path: Path) -> str:
    """Put a file of the run's folder among its files; where they are, empty for nowhere.

    Args:
        run: Whose training W&B has a record of; without one there is nothing to add to.
        config: Where to.
        path: In the run's folder.
    """
    if not run.summary.get("wandb", {}).get("mode") or config.wandb == "off":
        return ""
    mode = wandb_mode(config.wandb, run)
    if mode == "off":
        return ""
    logger = Wandb(run, config, offline=mode == "offline")
    try:
        logger.experiment.save(str(path), base_path=str(run.folder), policy="now")
        logger.finish()
    except Exception as error:  # the file in the run's folder is there anyway
        say(f"W&B failed ({first_line(error)[:120]})")
        return ""
    return str(run.summary["wandb"].get("url") or logger.folder)
