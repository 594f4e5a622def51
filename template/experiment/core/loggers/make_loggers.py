"""Where numbers go: our own ``metrics.jsonl``, W&B online or offline, TensorBoard.

Template's file: updates replace it. What is logged where is set under ``logger:``.
"""

from importlib.util import find_spec

import pytorch_lightning as pl
from pytorch_lightning.loggers.logger import Logger

from ..config.logger import LoggerConfig
from ..errors import UserError
from ..runs.run import Run
from .metrics_file import MetricsFile
from .tensorboard import TensorBoard
from .wandb import Wandb
from .wandb_mode import wandb_mode


def watch_weights(trainer: pl.Trainer, module: pl.LightningModule) -> None:
    """Let W&B draw what ``logger.watch`` names, as often as the loss is logged."""
    for logger in trainer.loggers:
        if isinstance(logger, Wandb) and logger.config.watch:
            every = getattr(trainer, "log_every_n_steps", 0) or 50
            batches = every * trainer.accumulate_grad_batches
            # Not the whole module: W&B looks at them in ``forward``, which Lightning leaves out.
            networks = [part for part in module.children() if any(True for _ in part.parameters())]
            logger.watch(networks, log_freq=batches)


def finish_loggers(loggers: list[Logger], exit_code: int = 0) -> None:
    """At a run's end: what is logged arrives, or it is said how it will. A second call is none."""
    for logger in loggers:
        if isinstance(logger, Wandb):
            logger.finish(exit_code)


def make_loggers(run: Run, config: LoggerConfig, resumed_step: int | None = None) -> list[Logger]:
    """Our own record always, and first; W&B unless it is off; TensorBoard if it is on.

    Args:
        run: In whose folder all of them write.
        config: What is logged where.
        resumed_step: The optimizer step that this start goes on from, if it goes on.
    """
    loggers: list[Logger] = [MetricsFile(run, config)]
    mode = wandb_mode(config.wandb, run)
    if mode != "off":
        loggers.append(Wandb(run, config, offline=mode == "offline"))
    if config.tensorboard:
        if not find_spec("tensorboard"):
            raise UserError("logger.tensorboard: needs TensorBoard; uv sync --extra viewer")
        loggers.append(TensorBoard(run, resumed_step))
    return loggers
