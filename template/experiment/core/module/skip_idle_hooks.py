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


def idle_hooks(owner: Any, base: type) -> list[str]:
    """The hooks of a step that a callback or module does not override.

    One that was set on the instance, as LambdaCallback does, is not idle.
    """
    return [
        name
        for name in STEP_HOOKS
        if name not in owner.__dict__ and getattr(type(owner), name) is getattr(base, name)
    ]


class SkipIdleHooks(pl.Callback):
    """Has Lightning pass over idle hooks while it trains, once all callbacks are there.

    It enters and leaves each of them, empty or not, which sums up to a tenth of a millisecond a
    step; what is not callable it skips. A hook that is set on an instance meanwhile takes the place
    of what is left out; one that is set on a class is called from the next epoch on.
    """

    def __init__(self) -> None:
        self._left_out: list[tuple[Any, type, str]] = []

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._put_back()  # of a training in which nobody could

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        owners: list[Any] = [pl_module, *trainer.callbacks]  # pyright: ignore[reportAttributeAccessIssue]
        for owner in owners:
            base = pl.LightningModule if owner is pl_module else pl.Callback
            for name in idle_hooks(owner, base):
                owner.__dict__[name] = None
                self._left_out.append((owner, base, name))

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._put_back(only_set=True)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._put_back()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._put_back()

    def _put_back(self, only_set: bool = False) -> None:
        stays: list[tuple[Any, type, str]] = []
        for owner, base, name in self._left_out:
            if only_set and getattr(type(owner), name) is getattr(base, name):
                stays.append((owner, base, name))
            elif owner.__dict__.get(name, self) is None:
                del owner.__dict__[name]
        self._left_out = stays
