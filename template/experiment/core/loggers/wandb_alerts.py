"""W&B's own alert, online or offline: of each death when training is back, and of the end.

Template's file: updates replace it. ``alert.wandb: false`` leaves it out.

A dead process tells nobody, so the supervisor keeps what happened, and the training process that it
starts again tells W&B. Of a run that does not come back W&B itself says that it crashed.
"""

import pytorch_lightning as pl
from pytorch_lightning.loggers import WandbLogger

from ..config.restart import AlertConfig
from ..console import say
from ..runs.pending_alerts import take_alerts
from ..runs.run import Run

LEVELS = {"finish": "INFO", "restart": "WARN"}  # all others: ERROR


class WandbAlerts(pl.Callback):
    """Hands messages to the run on W&B; never a reason to fail.

    Args:
        run: Keeps what is to be told.
        config: Whether, and of which events.
    """

    def __init__(self, run: Run, config: AlertConfig) -> None:
        self.run, self.config = run, config

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.is_global_zero:
            for event, message in take_alerts(self.run):
                self._tell(trainer, event, message)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.is_global_zero:
            steps = trainer.global_step
            self._tell(trainer, "finish", f"{self.run.name}: trained to the end, {steps} steps")

    def _tell(self, trainer: pl.Trainer, event: str, message: str) -> None:
        if not self.config.wandb or event not in self.config.events:
            return
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                title, level = f"{self.run.name}: {event}", LEVELS.get(event, "ERROR")
                try:  # the supervisor has limited the rate
                    logger.experiment.alert(title, message, level=level, wait_duration=0)
                except Exception as error:
                    say(f"W&B's alert failed ({type(error).__name__}): {message}")
