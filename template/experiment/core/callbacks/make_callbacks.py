"""The shipped callbacks, made from ``callbacks:`` in the configuration.

Template's file: updates replace it. Your own go into callbacks.py beside main's other parts, and
are named under ``callbacks.extra``.
"""

import importlib
import inspect
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping, LearningRateMonitor
from typing_extensions import override

from .averaging import EMA, SWA
from .callback_config import CallbacksConfig, EarlyStoppingConfig
from .config import CheckpointConfig
from .errors import UserError
from .predictions_drawn import SamplePredictions
from .run import Run
from .throughput import Throughput
from .watching import DeviceStats, GradientNorm, Timer


def make_callbacks(
    config: CallbacksConfig, checkpoint: CheckpointConfig, run: Run
) -> list[pl.Callback]:
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
    if config.gradient_norm is not None:
        callbacks.append(GradientNorm(config.gradient_norm))
    if config.device_stats is not None:
        callbacks.append(DeviceStats(config.device_stats))
    if config.sample_predictions is not None:
        callbacks.append(SamplePredictions(config.sample_predictions, run))
    if config.timer is not None:
        callbacks.append(Timer())
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
    """Lightning's, except that a run that had stopped stays so when it is started again.

    Its patience is the configuration's, not the one that was saved.
    """

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({**state_dict, "patience": self.patience})

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
