"""The shipped callbacks, made from ``callbacks:`` in the configuration.

Template's file: updates replace it. Your own go into callbacks.py beside main's other parts, and
are named under ``callbacks.extra``.
"""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import LearningRateMonitor

from ..config.callbacks import CallbacksConfig, SamplePredictionsConfig
from ..config.checkpoint import CheckpointConfig
from ..module.dotted_paths import check_arguments, import_class
from ..runs.run import Run
from .device_stats import DeviceStats
from .early_stopping import early_stopping
from .gradient_norm import GradientNorm
from .sample_predictions import SampleNow, SamplePredictions
from .throughput import Throughput
from .timer import Timer
from .weight_averaging import EMA, SWA


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
    callbacks.append(SampleNow(run, (config.sample_predictions or SamplePredictionsConfig()).count))
    if config.timer is not None:
        callbacks.append(Timer())
    if config.early_stopping is not None:
        callbacks.append(early_stopping(config.early_stopping, checkpoint))
    callbacks += [make_extra(path, arguments) for path, arguments in config.extra.items()]
    return callbacks


def make_extra(path: str, arguments: dict[str, Any] | None) -> pl.Callback:
    """Any callback by its dotted path, such as ``experiment.callbacks.WorstClass``.

    Raises:
        UserError: It cannot be imported, is no callback, or does not take these arguments.
    """
    place = f"callbacks.extra: {path}"
    found = import_class(place, path, pl.Callback, "pytorch_lightning.Callback")
    check_arguments(place, found, **(arguments or {}))
    return found(**(arguments or {}))
