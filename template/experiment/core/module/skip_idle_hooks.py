"""Hooks of a training step that do nothing, and so need not be called.

Template's file: updates replace it.
"""

from typing import Any

import pytorch_lightning as pl

# Those that Lightning calls in every step of the training.
STEP_HOOKS = (
    "on_train_batch_start",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "on_train_batch_end",
)


def leave_out_idle_hooks(owner: Any, base: type) -> None:
    """Let Lightning pass over the hooks of a step that a callback or module does not override.

    It enters and leaves each of them, empty or not, which sums up to a tenth of a millisecond a
    step; what is not callable it skips. One that was set on the instance, as LambdaCallback does,
    is left as it is; one that is set later takes the place of what is left out.
    """
    for name in STEP_HOOKS:
        if name not in owner.__dict__ and getattr(type(owner), name) is getattr(base, name):
            owner.__dict__[name] = None


class SkipIdleHooks(pl.Callback):
    """Does so once all callbacks are there, those of the module and of main.py included."""

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        leave_out_idle_hooks(pl_module, pl.LightningModule)
        for callback in trainer.callbacks:  # pyright: ignore[reportAttributeAccessIssue]
            leave_out_idle_hooks(callback, pl.Callback)
