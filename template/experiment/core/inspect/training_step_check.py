"""What the first training steps do, seen while they do it; for ``main.py smoke``.

Template's file: updates replace it.
"""

import math
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from ..errors import UserError
from .step_outputs import loss_of

BATCHES = 6  # to look at: an optimizer that steps every fifth time steps once
EPOCHS = 6  # at most; data of less than so many batches gives them in several


class TrainingStepCheck(pl.Callback):
    """Sees the first batches: their losses, which parameters get gradients, and which move.

    Training ends with an epoch: after ``BATCHES`` batches in all, or a second time as many where
    something has not moved yet, such as with a learning rate that is 0 for the whole first epoch.
    """

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.batches = self.steps = 0
        self.reached: set[str] = set()  # parameters that got a gradient
        self.moved: set[str] = set()
        self.validated = False

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.before = {name: p.detach().clone() for name, p in pl_module.named_parameters()}
        learning = [(name, p) for name, p in pl_module.named_parameters() if p.requires_grad]
        self.learning = [name for name, _ in learning]
        for name, parameter in learning:  # a hook: by the batch's end it may be zeroed
            parameter.register_post_accumulate_grad_hook(lambda _, name=name: self._reach(name))

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Any
    ) -> None:
        self.steps += 1
        self._look(pl_module)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, *args: Any, **_: Any
    ) -> None:
        self.batches += 1
        loss = loss_of(outputs)
        if isinstance(loss, Tensor):
            self.losses.append(float(loss.mean()))
            if not math.isfinite(self.losses[-1]):
                raise UserError(f"the loss of batch {self.batches} is {self.losses[-1]}")
        self._look(pl_module)
        for name, parameter in pl_module.named_parameters():
            start = self.before.get(name)
            if name not in self.moved and start is not None:
                now = parameter.detach().to(start.device)
                if now.shape != start.shape or not torch.equal(now, start):
                    self.moved.add(name)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        settled = not self.unreached(pl_module) and not self.unmoved(pl_module)
        if self.batches >= (BATCHES if settled else 2 * BATCHES):
            trainer.should_stop = True

    def on_validation_batch_end(self, *args: Any, **kwargs: Any) -> None:
        self.validated = True

    def unreached(self, module: pl.LightningModule) -> dict[str, torch.nn.Parameter]:
        """Parameters that no gradient reached; not those that are frozen at the start or the end.

        Two networks that learn by turns are frozen by turns.
        """
        parameters = dict(module.named_parameters())
        unreached = [name for name in self.learning if name not in self.reached]
        found = {name: parameters[name] for name in unreached if name in parameters}
        return {name: p for name, p in found.items() if p.requires_grad}

    def unmoved(self, module: pl.LightningModule) -> dict[str, torch.nn.Parameter]:
        """Parameters that gradients reached, and that are as they were."""
        parameters = module.named_parameters()
        return {n: p for n, p in parameters if n in self.reached and n not in self.moved}

    def verdict(self, module: pl.LightningModule) -> str:
        """The sentence for the table.

        Raises:
            UserError: Nothing was learned, which cannot be meant.
        """
        seen = f"{self.batches} batches"
        if not self.reached:
            raise UserError(f"no gradient reached any parameter in {seen}")
        if not self.moved & self.reached:
            made = f"{self.steps} optimizer steps" if self.steps else "no optimizer step, which"
            raise UserError(f"{seen}, {made} changed no weight")
        learning = {n: p.numel() for n, p in module.named_parameters() if n in self.learning}
        reached = sum(count for name, count in learning.items() if name in self.reached)
        total = sum(learning.values())
        share = "all" if reached == total else f"{reached:,} of"
        loss = f"loss {self.losses[0]:.3f}, " if self.losses else ""
        validated = "validated" if self.validated else "not validated"
        return f"{loss}gradients on {share} {total:,} parameters, {self.steps} steps, {validated}"

    def _reach(self, name: str) -> None:
        self.reached.add(name)

    def _look(self, module: pl.LightningModule) -> None:
        """Gradients that a step has set itself, without a backward pass that a hook would see."""
        with_gradient = (name for name, p in module.named_parameters() if p.grad is not None)
        self.reached.update(with_gradient)
