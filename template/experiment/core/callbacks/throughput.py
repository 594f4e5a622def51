"""Throughput: samples a second, the share of waiting for data, and how busy a known GPU is.

Template's file: updates replace it. Turn it on under ``callbacks.throughput``.
"""

import copy
import time
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.throughput import get_available_flops
from torch.utils.flop_counter import FlopCounterMode

from ..config.callbacks import ThroughputConfig
from ..console import say
from ..inspect.step_outputs import loss_of
from ..loggers.log_row import log_row

# What the arithmetic is done in, by trainer.precision.
DTYPES = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}


class Throughput(pl.Callback):
    """Logs samples a second and the share of the time spent waiting for data.

    With ``flops``, the operations of the first batch are counted, forward and backward, and their
    speed is compared with what Lightning knows that the GPU could do.

    Args:
        config: Batches between two rows, and whether operations are counted.
    """

    def __init__(self, config: ThroughputConfig) -> None:
        self.window, self.flops = config.window, config.flops
        self._flops_each = 0.0  # operations for one sample
        self._peak = 0.0  # operations a second that the device could do
        self._samples = 0
        self._computing = 0.0
        self._window_start = self._batch_start = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not self.flops or self._flops_each:
            return
        device, precision = trainer.strategy.root_device, str(trainer.precision)
        peak = None
        if device.type == "cuda":
            peak = get_available_flops(device, DTYPES.get(precision, torch.float32))
        if peak is None:
            say(f"callbacks.throughput: the speed of {device.type} is not known: no utilization")
        self._peak = float(peak or 0.0)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Validation between two windows is neither training nor waiting.
        self._samples, self._computing = 0, 0.0
        self._window_start = time.perf_counter()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self.flops and not self._flops_each:
            self._flops_each = count_flops(pl_module, batch) / batch_length(batch)
            self._window_start = time.perf_counter()
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
            if self._flops_each:
                a_second = row["throughput/samples_per_second"] * self._flops_each
                row["throughput/teraflops"] = a_second / 1e12
                if self._peak:
                    share = a_second / (self._peak * trainer.world_size)
                    row["throughput/flop_utilization"] = share
            log_row(trainer, row, trainer.global_step - 1)
            self._samples, self._computing, self._window_start = 0, 0.0, now


def count_flops(module: pl.LightningModule, batch: Any) -> float:
    """Operations of forward and backward of one batch, made by a copy of the module.

    Not by the module itself: while it counts, torch takes operations apart, and their sums come out
    in other bits.
    """
    trainer, module._trainer = module._trainer, None
    try:
        twin = copy.deepcopy(module)
    finally:
        module._trainer = trainer
    with torch.random.fork_rng(), FlopCounterMode(display=False) as counter:
        outputs: Any = twin.training_step(batch, 0)
        loss = loss_of(outputs)
        if isinstance(loss, torch.Tensor):
            loss.backward()
    return float(counter.get_total_flops())


def batch_length(batch: Any) -> int:
    """Samples in a batch: the length of the first tensor in it."""
    if isinstance(batch, torch.Tensor):
        return len(batch)
    return batch_length(next(iter(batch.values() if isinstance(batch, dict) else batch)))
