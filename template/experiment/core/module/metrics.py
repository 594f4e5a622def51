"""Means over an epoch that cost a few microseconds a step.

Template's file: updates replace it. What is averaged is chosen in module.py.

torchmetrics' ``forward`` and ``self.log`` in each step are what makes a Lightning step slow; here a
step adds to a sum, and the means are logged once, at the epoch's end, exactly: weighted by the
examples of each batch, over all devices.
"""

from typing import Any, cast

import pytorch_lightning as pl
import torch
from torch import Tensor


class Averages:
    """Weighted sums by split and name."""

    def __init__(self) -> None:
        self.sums: dict[str, dict[str, list[Tensor]]] = {}

    def add(self, split: str, weight: float | Tensor, values: dict[str, Tensor]) -> None:
        """Add the means of a batch of ``weight`` examples, or tokens, or whatever it counts."""
        sums = self.sums.setdefault(split, {})
        for name, value in values.items():
            # float64 where there is one: an epoch of float32 sums loses digits.
            dtype = torch.float32 if value.device.type == "mps" else torch.float64
            term = value.detach().to(dtype) * weight
            if name not in sums:
                sums[name] = [term, torch.zeros_like(term) + weight]
            else:
                sums[name][0] += term
                sums[name][1] += weight

    def to(self, device: torch.device) -> None:
        """Move the sums to where the next ones will be."""
        for sums in self.sums.values():
            for pair in sums.values():
                pair[:] = [total.to(device) for total in pair]

    def pop(self, split: str, reduce: Any) -> dict[str, Tensor]:
        """The means of a split, forgotten thereby; ``reduce`` sums a tensor over the devices."""
        sums = self.sums.pop(split, {})
        if not sums:
            return {}
        totals = reduce(torch.stack([torch.stack(pair) for pair in sums.values()]))
        means = (totals[:, 0] / totals[:, 1]).float()
        return dict(zip(sums, means.unbind(), strict=True))


class EpochMetrics(pl.Callback):
    """Logs the averages and the torchmetrics of ``core.module.Module`` at each epoch's end.

    What a metric says in more than one number, such as one a class, is left out: a curve has one.
    """

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        _log_epoch(trainer, pl_module, "train")

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        _log_epoch(trainer, pl_module, "val")

    def on_test_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        _log_epoch(trainer, pl_module, "test")

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Log the loss of this step, every ``log_every_n_steps`` optimizer steps."""
        step, every = trainer.global_step, getattr(trainer, "log_every_n_steps", 0)
        # With accumulation, several batches belong to one step: it is logged after the last, which
        # at the epoch's end comes early.
        is_due = every and step and step % every == 0 and isinstance(outputs, dict)
        stepped = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if is_due and (stepped or trainer.is_last_batch):
            own = outputs["loss"].detach()
            loss = trainer.strategy.reduce(own, reduce_op="mean")  # over all devices
            row = {"train/loss_step": float(loss) * trainer.accumulate_grad_batches}
            for logger in trainer.loggers:
                logger.log_metrics(row, step=step - 1)


def _log_epoch(trainer: pl.Trainer, module: pl.LightningModule, split: str) -> None:
    averages = cast(Averages | None, getattr(module, "averages", None))
    if averages is not None:
        reduce = _identity if trainer.world_size == 1 else _sum_over(module)
        values = averages.pop(split, reduce)
        module.log_dict({f"{split}/{name}": value for name, value in values.items()})
    metrics = getattr(module, "metrics", None)
    if metrics is not None and split in metrics:
        collection = metrics[split]
        values = {name: torch.as_tensor(value) for name, value in collection.compute().items()}
        scalars = {name: value for name, value in values.items() if value.numel() == 1}
        module.log_dict({f"{split}/{name}": value for name, value in scalars.items()})
        collection.reset()


def _identity(totals: Tensor) -> Tensor:
    return totals


def _sum_over(module: pl.LightningModule) -> Any:
    return lambda totals: cast(Tensor, module.all_gather(totals)).sum(0)
