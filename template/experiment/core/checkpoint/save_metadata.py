"""What a checkpoint says of itself when it is written; metadata.py reads it without torch.

Template's file: updates replace it.
"""

import platform
from functools import cache
from importlib.metadata import version
from typing import Any

import pytorch_lightning as pl
import torch

from ..config.dump import plain
from ..config.run_config import RunConfig
from ..runs.run import Run


class SaveMetadata(pl.Callback):
    """Writes down what a checkpoint needs to go on from.

    Args:
        run: The run that is written.
        config: What holds now.
    """

    def __init__(self, run: Run, config: RunConfig) -> None:
        self.run, self.config = run, config
        self._settings = plain(config)  # once: it would be half a millisecond of every save

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        monitor = self.config.checkpoint.monitor
        value = trainer.callback_metrics.get(monitor)
        checkpoint["needs"] = {
            "run": self.run.name,
            "id": self.run.wandb_id,
            "code": self.run.summary.get("code"),
            "versions": versions(),
            "config": self._settings,
            "monitor": {"metric": monitor, "value": None if value is None else float(value)},
            "processes": number_of_processes(trainer),
            "device": trainer.strategy.root_device.type,
        }


@cache
def versions() -> dict[str, str]:
    """Of what decides the last bits of a result."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "pytorch_lightning": version("pytorch_lightning"),
    }


def number_of_processes(trainer: pl.Trainer) -> int:
    """Those that train together, over all machines; known before they are started."""
    return trainer.num_devices * trainer.num_nodes
