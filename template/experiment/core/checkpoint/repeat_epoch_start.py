"""The start of an epoch, where training goes on in the middle of it.

Template's file: updates replace it.

Lightning does not call ``on_train_epoch_start`` again when an epoch is resumed. Whatever that hook
sets up and no checkpoint holds, such as a stage of a curriculum, the mode of a frozen batch norm or
the time of the epoch's start, would be missing for the rest of it. So the hooks run where training
goes on, seeded as they were; then what the checkpoint has brought back is put back over what they
changed, and what they log or draw is dropped.

Left out are the hooks of Lightning's own classes, and of owners that keep a state of their own
(``state_dict``, ``on_save_checkpoint``): what they did is in it, and done twice might be wrong
without a word. An attribute ``repeats_epoch_start``, True or False, of a callback or module says
otherwise.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers.logger import DummyLogger, Logger
from torch import Tensor, nn
from torchmetrics import Metric

from ..console import say
from ..data.step_seeds import StepSeeds
from ..data.train_loaders import training_position
from ..distributed.fsdp import own_part
from ..module.split_metrics import metrics_of
from .metric_state import lengths_of_trackers, plain_attributes_of, set_lengths
from .model_checkpoint import Checkpoint
from .module_flags import ModuleFlags, flags_of, once_before, set_flags

HOOK = "on_train_epoch_start"
OTHERS = {"pytorch_lightning", "lightning", "lightning_fabric", "torch"}


class EpochStart(pl.Callback):
    """The first callback of all: seeds an epoch's hooks, and repeats them in a resumed epoch.

    Before the hooks of an epoch or a batch it lets a checkpoint be saved, so that none holds what
    they did: they run again after a restart. Lightning calls a Checkpoint itself last of all.

    Args:
        seeds: Those of the run.
        checkpoint: What saves.
    """

    repeats_epoch_start = False

    def __init__(self, seeds: StepSeeds, checkpoint: Checkpoint) -> None:
        self.seeds, self.checkpoint = seeds, checkpoint
        self._accumulated: int | None = None

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["accumulate_grad_batches"] = trainer.accumulate_grad_batches

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._accumulated = checkpoint.get("accumulate_grad_batches")

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if training_position(trainer)[1] > 0:
            # Once all hooks of the training's start are over, where an epoch's would be.
            once_before(trainer, "advance", partial(self._repeat, trainer, pl_module))

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.checkpoint.before_epoch(trainer)
        self.seeds.epoch(trainer.current_epoch, trainer.global_rank)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self.checkpoint.before_batch(trainer, batch_idx)

    def _repeat(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        owners, looks = list(repeated(trainer, module)), self.seeds.looks
        if self._accumulated is not None:  # which Lightning's GradientAccumulationScheduler sets
            trainer.accumulate_grad_batches = self._accumulated
        if owners:
            kept = Kept(trainer, module, owners)
            with _nothing_logged(trainer, module):
                self.seeds.epoch(trainer.current_epoch, trainer.global_rank)
                for owner in owners:
                    if owner is module:  # before which Checkpoint seeds once more
                        self.seeds.epoch(trainer.current_epoch, trainer.global_rank)
                        owner.on_train_epoch_start()
                    else:
                        owner.on_train_epoch_start(trainer, module)
            kept.put_back()
        self.seeds.epoch(trainer.current_epoch, trainer.global_rank, looks)


def repeated(trainer: pl.Trainer, module: pl.LightningModule) -> Iterator[Any]:
    """The callbacks, and last the module, whose hook runs again in a resumed epoch."""
    callbacks: list[Any] = trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue]
    for owner in (*callbacks, module):
        if not callable(getattr(owner, HOOK, None)):
            continue
        base = pl.LightningModule if owner is module else pl.Callback
        said = getattr(owner, "repeats_epoch_start", None)
        if _is_own(owner) and (said if said is not None else not _keeps_state(owner, base)):
            yield owner


def _is_own(owner: Any) -> bool:
    """Whether the hook is written by somebody else than Lightning."""
    if HOOK in vars(owner):
        return True
    definer = next(kind for kind in type(owner).__mro__ if HOOK in vars(kind))
    return definer.__module__.partition(".")[0] not in OTHERS


def _keeps_state(owner: Any, base: type) -> bool:
    of_module = owner.state_dict if "state_dict" in vars(owner) else type(owner).state_dict
    return (
        of_module is not base.state_dict  # pyright: ignore[reportAttributeAccessIssue]
        or "on_save_checkpoint" in vars(owner)
        or type(owner).on_save_checkpoint is not base.on_save_checkpoint  # pyright: ignore[reportAttributeAccessIssue]
    )


class Kept:
    """What a checkpoint has brought back, to be put back over what hooks change.

    Weights, buffers, optimizers, schedules, torchmetrics and averages, what learns and trains, and
    the states of the callbacks whose hooks run. Tensors are kept in the host's memory meanwhile.

    Args:
        trainer: Whose optimizers and schedules they are.
        module: Whose weights.
        owners: Whose hooks will run.
    """

    def __init__(self, trainer: pl.Trainer, module: pl.LightningModule, owners: list[Any]) -> None:
        self.trainer, self.module = trainer, module
        self.tensors = [(tensor, _kept(tensor)) for tensor in _tensors(module)]
        self.optimizers = [_Optimizer(optimizer) for optimizer in trainer.optimizers]
        schedules = [config.scheduler for config in trainer.lr_scheduler_configs]
        self.schedules = [(one, copy.deepcopy(one.state_dict())) for one in schedules]
        states = [owner for owner in owners if isinstance(owner, pl.Callback)]
        self.callbacks = [(one, copy.deepcopy(one.state_dict())) for one in states]
        self.metrics = [(part, _held(part)) for _, part in metrics_of(module)]
        self.trackers = lengths_of_trackers(module)
        self.averages = copy.deepcopy(getattr(getattr(module, "averages", None), "sums", None))
        self.flags, self.stops = flags_of(module), trainer.should_stop

    def put_back(self) -> None:
        """Let what was saved win; what learns otherwise than it says is a line."""
        for tensor, kept in self.tensors:
            _put(tensor, kept)
        for optimizer in self.optimizers:
            optimizer.put_back()
        for schedule, state in self.schedules:
            schedule.load_state_dict(state)
        for callback, state in self.callbacks:
            if state:
                callback.load_state_dict(state)
        set_lengths(self.module, self.trackers)
        for metric, state in self.metrics:
            for name, value in state.items():
                setattr(metric, name, value)
        if self.averages is not None:
            self.module.averages.sums = self.averages  # pyright: ignore[reportAttributeAccessIssue]
        self.trainer.should_stop = self.stops
        restored = [
            callback.restored
            for callback in self.trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue]
            if isinstance(callback, ModuleFlags)
        ]
        changed = set_flags(self.module, self.flags)
        if changed and any(restored):
            some = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if changed[3:] else "")
            say(f"{HOOK} would let {some} learn or train otherwise: it stays as it was saved")


def _held(metric: Metric) -> dict[str, Any]:
    names = (*metric._defaults, "_update_count", "_computed", *plain_attributes_of(metric))
    return copy.deepcopy({name: getattr(metric, name) for name in names})


class _Optimizer:
    """An optimizer's settings, parameters and moments."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.groups = [
            (group, list(group["params"]), copy.deepcopy(_settings(group)))
            for group in optimizer.param_groups
        ]
        self.moments = {
            weight: {name: _kept(value) for name, value in state.items()}
            for weight, state in optimizer.state.items()
        }

    def put_back(self) -> None:
        self.optimizer.param_groups[:] = [group for group, _, _ in self.groups]
        for group, weights, settings in self.groups:
            group.update(settings, params=weights)
        state = self.optimizer.state
        for weight in [weight for weight in state if weight not in self.moments]:
            del state[weight]
        for weight, moments in self.moments.items():
            for name, kept in moments.items():
                value = state[weight].get(name)
                if isinstance(kept, Tensor) and isinstance(value, Tensor):
                    _put(value, kept)
                else:
                    state[weight][name] = kept


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _kept(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return copy.deepcopy(value)
    return own_part(value).detach().to("cpu", copy=True)


def _put(tensor: Tensor, kept: Tensor) -> None:
    """Write what was kept, where it is another by now."""
    here = own_part(tensor).detach()
    if not torch.equal(here.cpu(), kept):
        here.copy_(kept)


@contextmanager
def _nothing_logged(trainer: pl.Trainer, module: pl.LightningModule) -> Iterator[None]:
    """What is logged was logged when the epoch began: here it only gets its place.

    The sums of a mean over the epoch are those that the checkpoint brings: see PartialEpoch.
    """
    loggers, silent = trainer.loggers, [DummyLogger() for _ in trainer.loggers]
    trainer.loggers = cast(list[Logger], silent)
    hook, module._current_fx_name = module._current_fx_name, HOOK  # where Lightning calls it
    try:
        yield
    finally:
        trainer.loggers, module._current_fx_name = loggers, hook
        results: Any = trainer.fit_loop.epoch_loop._results
        for result in results.values():
            result.reset()
