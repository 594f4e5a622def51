"""Callbacks that look and change nothing: gradient norm, device statistics, timer.

Template's file: updates replace it. Turn them on under ``callbacks:``.
"""

import math
import time
from datetime import datetime, timedelta
from typing import Any

import psutil
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .callback_config import DeviceStatsConfig, GradientNormConfig
from .console import say
from .sharding import whole

GIB = 2.0**30


def log_row(trainer: pl.Trainer, row: dict[str, float], step: int) -> None:
    """Write a row at an optimizer step, counted from 0."""
    for logger in trainer.loggers:
        logger.log_metrics(row, step=step)


class GradientNorm(pl.Callback):
    """Logs ``gradient/norm``, the 2-norm over all parameters, before it is clipped.

    Args:
        config: Whether also by part: ``gradient/model.stem``, ...
    """

    def __init__(self, config: GradientNormConfig) -> None:
        self.by_part = config.by_part

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        step, every = trainer.global_step, getattr(trainer, "log_every_n_steps", 0)
        if not every or (step + 1) % every:
            return
        parts = parts_of(pl_module) if self.by_part else {}
        norms = {"norm": _norm(pl_module), **{name: _norm(part) for name, part in parts.items()}}
        values = torch.stack(list(norms.values())).tolist()  # one wait for the device
        row = {f"gradient/{name}": v for name, v in zip(norms, values, strict=True)}
        log_row(trainer, row, step)


def parts_of(module: nn.Module, prefix: str = "") -> dict[str, nn.Module]:
    """The top-level parts of the network that learn, by name."""
    children = {
        f"{prefix}{name}": child
        for name, child in module.named_children()
        if any(p.requires_grad for p in child.parameters())
    }
    if len(children) == 1:  # model., in which everything lies
        ((name, child),) = children.items()
        return parts_of(child, f"{name}.") or children
    return children


def _norm(module: nn.Module) -> Tensor:
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    return whole(nn.utils.get_total_norm(gradients))


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


class Timer(pl.Callback):
    """Logs ``time/epoch`` and ``time/remaining`` in seconds, and says once when the end is due."""

    def __init__(self) -> None:
        self._started = self._first_step = 0.0
        self._epochs = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._first_step, self._epochs = trainer.global_step, 0
        self._training = time.monotonic()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._started = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Lightning calls it after the validation that ends an epoch.
        self._epochs += 1
        steps = trainer.global_step - self._first_step
        each = (time.monotonic() - self._training) / max(1, steps)
        left = trainer.estimated_stepping_batches - trainer.global_step
        seconds = time.monotonic() - self._started
        row = {"time/epoch": seconds, "time/step": each}
        if math.isfinite(left):
            row["time/remaining"] = each * left
            if self._epochs == 1 and left > 0:
                end = datetime.now() + timedelta(seconds=each * left)
                say(f"timer: an epoch takes {seconds:.1f} s; the end is due at {end:%H:%M}")
        log_row(trainer, row, trainer.global_step - 1)

    _training = 0.0
