"""Which parameters learn and which modules train: saved here, since Lightning saves neither.

Template's file: updates replace it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytorch_lightning as pl
from torch import nn

from ..config.run_config import RunConfig

Flags = dict[str, list[str]]


class ModuleFlags(pl.Callback):
    """Restores ``requires_grad`` of parameters and ``training`` of modules at every restart.

    What a callback unfroze in epoch 3 learns in epoch 5, also if training was killed in between.

    Args:
        config: What holds now; after another ``optimizer.freeze``, that says what learns.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.restored: Flags | None = None

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["flags"] = flags_of(pl_module)

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        recorded = (checkpoint.get("needs") or {}).get("config") or {}
        frozen_then = recorded.get("optimizer", {}).get("freeze", [])
        same = list(self.config.optimizer.freeze) == list(frozen_then)
        self.restored = checkpoint.get("flags") if same else None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.restored is not None:  # after what anybody's hook of the start does
            once_before(trainer, "on_advance_start", partial(set_flags, pl_module, self.restored))


def once_before(trainer: pl.Trainer, step: str, act: Callable[[], object]) -> None:
    """Act before the first time that the loop of training takes a step, such as ``advance``."""
    loop: Any = trainer.fit_loop

    def first() -> None:
        delattr(loop, step)  # from now on the class's own
        act()
        getattr(loop, step)()

    setattr(loop, step, first)


def flags_of(module: nn.Module) -> Flags:
    """The names of the parameters that do not learn, and of the modules that do not train."""
    return {
        "frozen": [name for name, weight in module.named_parameters() if not weight.requires_grad],
        "eval": [name for name, part in module.named_modules() if not part.training],
    }


def set_flags(module: nn.Module, flags: Flags) -> list[str]:
    """Let these parameters and modules not learn and train, all others do; which were otherwise."""
    frozen, evaluating, changed = set(flags["frozen"]), set(flags["eval"]), []
    for name, weight in module.named_parameters():
        learns = name not in frozen
        if weight.requires_grad != learns and weight.is_floating_point():
            weight.requires_grad_(learns)
            changed.append(name)
    for name, part in module.named_modules():
        if part.training != (name not in evaluating):
            part.training = not part.training
            changed.append(name or "the module")
    return changed
