"""The shipped callbacks, made from ``callbacks:`` in the configuration.

Template's file: updates replace it. Your own go into callbacks.py beside main's other parts, and
are named under ``callbacks.extra``.
"""

import importlib
import inspect
import time
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, LearningRateMonitor
from typing_extensions import override

from .averaging import EMA, SWA
from .config import CallbacksConfig, CheckpointConfig, EarlyStoppingConfig, ThroughputConfig
from .errors import UserError


def make_callbacks(config: CallbacksConfig, checkpoint: CheckpointConfig) -> list[pl.Callback]:
    """Those that are switched on, in the order in which their hooks run."""
    callbacks: list[pl.Callback] = []
    if config.ema is not None:
        callbacks.append(EMA(config.ema))
    if config.swa is not None:
        callbacks.append(SWA(config.swa))
    if config.learning_rate_monitor is not None:
        callbacks.append(LearningRateMonitor(logging_interval="step"))
    if config.throughput is not None:
        callbacks.append(Throughput(config.throughput))
    if config.early_stopping is not None:
        callbacks.append(_early_stopping(config.early_stopping, checkpoint))
    callbacks += [make_extra(path, arguments) for path, arguments in config.extra.items()]
    return callbacks


def _early_stopping(config: EarlyStoppingConfig, checkpoint: CheckpointConfig) -> EarlyStopping:
    return EarlyStop(
        monitor=config.monitor or checkpoint.monitor,
        mode=config.mode or checkpoint.mode,
        patience=config.patience,
        min_delta=config.min_delta,
        check_finite=True,
    )


class EarlyStop(EarlyStopping):
    """Lightning's, except that a run that had stopped stays so when it is started again."""

    @override
    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.should_stop = self.wait_count >= self.patience


def make_extra(path: str, arguments: dict[str, Any] | None) -> pl.Callback:
    """Any callback by its dotted path, such as ``experiment.callbacks.WorstClass``.

    Raises:
        UserError: It cannot be imported, is no callback, or does not take these arguments.
    """
    place = f"callbacks.extra: {path}"
    module_name, _, class_name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"{place}: cannot be imported ({error})") from error
    if not (isinstance(found, type) and issubclass(found, pl.Callback)):
        raise UserError(f"{place}: is no subclass of pytorch_lightning.Callback")
    try:
        inspect.signature(found).bind(**(arguments or {}))
    except TypeError as error:
        wanted = str(inspect.signature(found)).replace(" -> None", "")
        raise UserError(f"{place}: {error}; it takes {wanted}") from error
    return found(**(arguments or {}))


class Throughput(pl.Callback):
    """Logs samples per second and the share of the time spent waiting for data.

    Args:
        config: Optimizer steps between two rows.
    """

    def __init__(self, config: ThroughputConfig) -> None:
        self.window = config.window
        self._samples = 0
        self._computing = 0.0
        self._window_start = self._batch_start = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Validation between two windows is neither training nor waiting.
        self._samples, self._computing = 0, 0.0
        self._window_start = time.perf_counter()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._batch_start = time.perf_counter()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        now = time.perf_counter()
        self._computing += now - self._batch_start
        self._samples += batch_length(batch) * trainer.world_size
        if (batch_idx + 1) % self.window == 0 or trainer.is_last_batch:
            seconds = now - self._window_start
            row = {
                "throughput/samples_per_second": self._samples / seconds,
                "throughput/data_wait_share": 1.0 - self._computing / seconds,
            }
            for logger in trainer.loggers:
                logger.log_metrics(row, step=trainer.global_step - 1)
            self._samples, self._computing, self._window_start = 0, 0.0, now


def batch_length(batch: Any) -> int:
    """Samples in a batch: the length of the first tensor in it."""
    if isinstance(batch, torch.Tensor):
        return len(batch)
    return batch_length(next(iter(batch.values() if isinstance(batch, dict) else batch)))
