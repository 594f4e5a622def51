"""What one training step must do, seen while it does it; for ``main.py smoke``.

Template's file: updates replace it.
"""

import math
from typing import Any

import pytorch_lightning as pl
import torch

from ..errors import UserError
from .step_outputs import loss_of


class TrainingStepCheck(pl.Callback):
    """Sees one optimizer step: the loss, the gradients, and that the weights moved."""

    loss: float | None = None
    without_gradient: list[str] | None = None
    validated = False

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.before = {name: p.detach().clone() for name, p in pl_module.named_parameters()}

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        trainable = [(name, p) for name, p in pl_module.named_parameters() if p.requires_grad]
        self.without_gradient = [name for name, p in trainable if p.grad is None]

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *args: Any, **_: Any
    ) -> None:
        loss = loss_of(outputs)
        self.loss = None if loss is None else float(loss)
        self.after = {name: p.detach().clone() for name, p in pl_module.named_parameters()}

    def on_validation_batch_end(self, *args: Any, **kwargs: Any) -> None:
        self.validated = True

    def verdict(self, module: pl.LightningModule) -> str:
        """The sentence for the table.

        Raises:
            UserError: Something that a first step must do did not happen.
        """
        if self.loss is not None and not math.isfinite(self.loss):
            raise UserError(f"the loss of the first step is {self.loss}")
        if self.without_gradient is None:
            raise UserError("the optimizer made no step")
        if self.without_gradient:
            raise UserError(f"no gradient reached {', '.join(self.without_gradient[:3])}")
        if all(torch.equal(self.before[name], self.after[name]) for name in self.before):
            raise UserError("the optimizer's step changed no weight")
        if not self.validated:
            raise UserError("validation did not run")
        count = sum(p.numel() for p in module.parameters() if p.requires_grad)
        loss = "no loss" if self.loss is None else f"loss {self.loss:.3f}"
        return f"{loss}, gradients on all {count:,} parameters, one step, validated"
