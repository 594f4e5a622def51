"""What Lightning cannot do with a module, said by our keys, and before anything is trained.

Template's file: updates replace it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from inspect import unwrap
from types import CodeType, FunctionType
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.callbacks import GradientAccumulationScheduler
from pytorch_lightning.utilities.model_helpers import is_overridden

from ..config.direction import not_logged
from ..console import say
from ..errors import UserError
from ..module.schedules import overrides, own_course

CORE = __name__.removesuffix("trainer.design_checks")
ACCUMULATE = "trainer.accumulate_grad_batches"
# The split that a command reads, by the step that it needs.
STEPS = {"val": "validation_step", "test": "test_step", "predict": "predict_step"}


def has_step(module: pl.LightningModule, split: str) -> bool:
    """Whether the module says what is to be done with a batch of a split."""
    if split == "predict":  # without one, Lightning calls forward
        return is_overridden("predict_step", module) or is_overridden("forward", module)
    return is_overridden(STEPS[split], module)


def has_split(data: Any, split: str) -> bool:
    """Whether there is data of a split; a plain LightningDataModule says it by its loader."""
    if hasattr(data, "has"):
        return data.has(split)
    return is_overridden(f"{split}_dataloader", data)


def check_training(
    trainer: pl.Trainer, module: pl.LightningModule, data: Any, accumulated: int | None = None
) -> None:
    """Refuse what cannot be trained as it stands.

    Args:
        trainer: The one that will train.
        module: What it trains.
        data: What it reads.
        accumulated: ``trainer.accumulate_grad_batches`` as it is set; None: as the Trainer has it.

    Raises:
        UserError: With the key, or the method, that is to be changed.
    """
    if not is_overridden("training_step", module):
        raise UserError("module.py: there is no training_step, so there is nothing to train")
    if not module.automatic_optimization:
        _check_manual(trainer, accumulated or trainer.accumulate_grad_batches)
        _say_unstepped(module)
    _say_unused(module)
    monitor = getattr(trainer.checkpoint_callback, "monitor", None)
    ranks = getattr(trainer.checkpoint_callback, "save_top_k", 0)
    reason = why_unvalidated(trainer, module, data)
    if monitor and ranks and reason and monitor.startswith("val/"):
        raise UserError(
            f"checkpoint.monitor: {monitor} is of validation, and {reason}: set "
            "checkpoint.monitor=train/loss, say, or checkpoint.save_top_k=0"
        )


def check_step(module: pl.LightningModule, command: str, split: str) -> None:
    """Refuse a command of whose step the module says nothing.

    Raises:
        UserError: With the method that is missing.
    """
    if not has_step(module, split):
        raise UserError(f"module.py: {command} needs a {STEPS[split]}, and there is none")


def _check_manual(trainer: Any, accumulated: int) -> None:
    if trainer.gradient_clip_val:
        by_value = str(trainer.gradient_clip_algorithm).lower().endswith("value")
        key = f"trainer.gradient_clip_{'value' if by_value else 'norm'}"
        raise UserError(
            f"{key}: manual optimization clips by itself, with self.clip_gradients(optimizer, ...) "
            f"in training_step; set {key}=null"
        )
    by_epoch = any(isinstance(one, GradientAccumulationScheduler) for one in trainer.callbacks)
    if accumulated != 1 or by_epoch:
        key = "Lightning's GradientAccumulationScheduler" if by_epoch else ACCUMULATE
        raise UserError(
            f"{key}: manual optimization accumulates by itself; "
            f"{'leave it out' if by_epoch else 'set it to 1'}, and step every so many batches in "
            "training_step"
        )


def _say_unstepped(module: Any) -> None:
    """Of a schedule that Lightning leaves to the step, and that the step knows nothing of."""
    config: Any = getattr(module, "config", None)
    if overrides(module, "configure_optimizers") or not hasattr(config, "schedule"):
        return
    schedule = config.schedule
    level = schedule.name == "constant" and not schedule.warmup_fraction
    if (own_course(module) or not level) and not _mentions(type(module), "lr_schedulers"):
        say(
            f"schedule.name: manual optimization does not step {schedule.name}, and module.py does "
            "not either (self.lr_schedulers().step()): the learning rate stays where it starts"
        )


def _mentions(module: type, name: str) -> bool:
    """Whether the researcher's own code of a module speaks of an attribute."""
    own = [kind for kind in module.__mro__ if issubclass(kind, pl.LightningModule)]
    own = [kind for kind in own if not kind.__module__.startswith((CORE, "pytorch_lightning."))]
    values = [unwrap(value) for kind in own for value in vars(kind).values() if callable(value)]
    codes = [value.__code__ for value in values if isinstance(value, FunctionType)]
    for code in codes:
        if name in code.co_names:
            return True
        codes += [const for const in code.co_consts if isinstance(const, CodeType)]
    return False


def _say_unused(module: Any) -> None:
    """Settings that a ``configure_optimizers`` of the researcher's own may not know of."""
    config = getattr(module, "config", None)
    if not overrides(module, "configure_optimizers") or not hasattr(config, "schedule"):
        return
    found = []
    for name in ("optimizer", "schedule"):
        section = getattr(config, name)
        for field in fields(section):
            default = getattr(type(section)(), field.name)
            if field.name != "freeze" and getattr(section, field.name) != default:
                found.append(f"{name}.{field.name}")
    if found:
        say(
            "configure_optimizers() in module.py decides; unless it reads them, these are not "
            f"used: {', '.join(found)}"
        )


def why_unvalidated(trainer: pl.Trainer, module: pl.LightningModule, data: Any) -> str | None:
    """What validation lacks; None where it can run, as far as can be told before."""
    if not has_step(module, "val"):
        return "module.py has no validation_step"
    if trainer.limit_val_batches == 0:
        return "trainer.limit_val_batches is 0"
    own_loader = "val_dataloader" in vars(type(data))
    if hasattr(data, "has") and not own_loader and not data.has("val"):
        return "the data has no val split" + (" with labels" if data.holds("val") else "")
    return None


@contextmanager
def in_our_words(trainer: pl.Trainer) -> Iterator[None]:
    """Turn what Lightning finds out on its way into a sentence with our keys."""
    try:
        yield
    except (MisconfigurationException, RuntimeError) as error:
        found = re.match(r"(\w+) .*conditioned on metric `?([^\s`]+)", str(error))
        if found is not None:
            key = "schedule" if found[1] == "ReduceLROnPlateau" else "callbacks.early_stopping"
            sentence = not_logged(key, found[2], trainer.callback_metrics)
            raise UserError(sentence) from error
        if "multiple optimizers is only supported with manual optimization" in str(error):
            raise UserError(
                "module.py: configure_optimizers returns several optimizers, which Lightning "
                "leaves to you: set self.automatic_optimization = False in __init__, and step "
                "each in training_step (self.optimizers(), self.manual_backward)"
            ) from error
        raise
