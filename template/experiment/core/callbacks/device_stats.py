"""How much processor and memory training takes.

Template's file: updates replace it. Turn it on under ``callbacks.device_stats``.
"""

from typing import Any

import psutil
import pytorch_lightning as pl
import torch

from ..config.callbacks import DeviceStatsConfig
from ..loggers.log_row import log_row

GIB = 2.0**30


class DeviceStats(pl.Callback):
    """Logs what the process takes: ``device/cpu_percent``, ``device/ram_gib``, and GPU memory.

    Args:
        config: Optimizer steps between two rows.
    """

    def __init__(self, config: DeviceStatsConfig) -> None:
        self.every = config.every_n_steps
        self._process = psutil.Process()
        self._logged = -1

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._process.cpu_percent()  # from now on

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any, **kwargs: Any) -> None:
        step = trainer.global_step
        if step == self._logged or step % self.every:
            return
        self._logged = step
        row = {
            "device/cpu_percent": self._process.cpu_percent(),  # 100 a core
            "device/ram_gib": self._process.memory_info().rss / GIB,
            "device/ram_used_percent": psutil.virtual_memory().percent,  # of the machine
        }
        device = trainer.strategy.root_device
        if device.type == "cuda":
            row["device/gpu_gib"] = torch.cuda.memory_allocated(device) / GIB
            row["device/gpu_peak_gib"] = torch.cuda.max_memory_allocated(device) / GIB
        log_row(trainer, row, step - 1)
