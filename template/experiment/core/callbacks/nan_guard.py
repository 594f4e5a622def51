"""Losses and weights that are NaN or infinite end training.

Template's file: updates replace it. A training that diverged ends with exit code 3 and
``nan.json``; what the supervisor makes of it: restart/rollback.py.
"""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from ..data.train_loaders import examples_of, num_examples_of
from ..distributed.fsdp import own_part
from ..errors import DIVERGED, UserError
from ..files import shown, write_json
from ..inspect.step_outputs import loss_of
from ..runs.layout import NAN
from ..runs.run import Run

NEVER = 2**62  # greater than any number of a batch


class Diverged(UserError):
    """The loss or the weights are NaN or infinite: going on would only spoil more."""

    def __init__(self, message: str) -> None:
        super().__init__(message, DIVERGED)


class NanGuard(pl.Callback):
    """Stops at a loss that is NaN or infinite, without waiting for the device in each step.

    The losses are kept and looked at together every ``every`` batches; at the epoch's end and
    before each checkpoint the weights as well, so that no checkpoint holds what has diverged.

    Args:
        run: Where ``nan.json`` goes: place, examples of the batch, learning rate, gradient norms.
        every: Batches between two looks.
    """

    def __init__(self, run: Run, every: int) -> None:
        self.run, self.every = run, max(1, every)
        self._losses: list[tuple[int, Tensor]] = []  # (batch, loss) since the last look

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        loss = loss_of(outputs)
        if isinstance(loss, Tensor):
            self._losses.append((batch_idx, loss))
        is_last = trainer.is_last_batch
        if is_last or (batch_idx + 1) % self.every == 0:
            self.look(trainer, pl_module, and_weights=is_last)

    def before_checkpoint(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Nothing that has diverged is saved: ``Checkpoint`` asks each callback that has this."""
        self.look(trainer, module, and_weights=True)

    def look(
        self, trainer: pl.Trainer, module: pl.LightningModule, and_weights: bool = False
    ) -> None:
        """Look at all losses since the last look, and at the weights if asked to.

        Raises:
            Diverged: One of them is not finite.
        """
        losses, self._losses = self._losses, []
        now = trainer.fit_loop.epoch_loop.batch_idx
        bad = _first_bad(losses)
        at_fault = and_weights and bad == NEVER and not weights_are_finite(module)
        spoiled = now if at_fault else NEVER
        bad, spoiled = _first_of_all_ranks(trainer, bad, spoiled)
        if bad == spoiled == NEVER:
            return
        what, batch = ("the loss", bad) if bad != NEVER else ("a weight", spoiled)
        place = f"epoch {trainer.current_epoch + 1}, batch {batch + 1}"
        reason = f"{what} is NaN or infinite in {place}"
        if trainer.is_global_zero:
            write_json(self.run.folder / NAN, _record(trainer, module, batch, reason))
        raise Diverged(
            f"{reason}: see {shown(self.run.folder / 'nan.json')}; a smaller "
            "optimizer.learning_rate or trainer.gradient_clip_norm may help"
        )


def weights_are_finite(module: torch.nn.Module) -> bool:
    """Whether every weight is, of a shared out one this process's part; one number is read."""
    parameters = (weight.detach() for weight in module.parameters() if weight.is_floating_point())
    weights = [own_part(weight) for weight in parameters]
    if not weights:
        return True
    norms = torch._foreach_norm(weights)  # pyright: ignore[reportPrivateImportUsage]
    return bool(torch.stack([norm.float() for norm in norms]).isfinite().all())


def _first_bad(losses: list[tuple[int, Tensor]]) -> int:
    """The first batch whose loss is not finite, or NEVER."""
    if not losses:
        return NEVER
    with torch.no_grad():
        scalars = [loss if loss.dim() == 0 else loss.mean() for _, loss in losses]
        finite = torch.stack(scalars).isfinite().tolist()
    return NEVER if all(finite) else losses[finite.index(False)][0]


def _first_of_all_ranks(trainer: pl.Trainer, bad: int, spoiled: int) -> tuple[int, int]:
    """The first batches that any rank saw, so that all stop at once and name the same place."""
    if trainer.world_size > 1:
        here = torch.tensor([bad, spoiled], device=trainer.strategy.root_device)
        bad, spoiled = trainer.strategy.reduce(here, reduce_op="min").tolist()  # pyright: ignore[reportAttributeAccessIssue]
    return bad, spoiled


def _record(
    trainer: pl.Trainer, module: pl.LightningModule, batch: int, reason: str
) -> dict[str, Any]:
    epoch = trainer.current_epoch
    return {
        "reason": reason,
        "epoch": epoch,
        "batch": batch,
        "step": trainer.global_step,
        "examples": examples_of(trainer, epoch, batch),  # by loader, of all ranks
        "num_examples": num_examples_of(trainer),
        "learning_rate": [group["lr"] for group in trainer.optimizers[0].param_groups],
        "gradient_norms": {
            name: str(float(weight.grad.norm()))  # text: JSON has no NaN
            for name, weight in module.named_parameters()
            if weight.grad is not None
        },
    }
