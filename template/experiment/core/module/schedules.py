"""The learning rate's course: warm-up, then one of the ways that ``schedule.name`` names.

Template's file: updates replace it. To use another schedule, override ``learning_rate_factor`` in
module.py.

All but plateau are pure functions of the optimizer step, so that accumulation, limits and restarts
cannot move them. With peak ``p``, ``T`` steps of which ``W`` warm up, final factor ``f``, and
``t = (s - W) / (T - W)``, the rate of step ``s`` is ``p`` times

=============  ====================================================================================
``s < W``      ``(s + 1) / (W + 1)``; one-cycle: ``1/25 + (1 - 1/25) (1 - cos(pi s / W)) / 2``
``constant``   ``1``
``linear``     ``f + (1 - f) (1 - t)``
``cosine``     ``f + (1 - f) (1 + cos(pi t)) / 2``, Loshchilov and Hutter 2017 (arXiv:1608.03983)
``one-cycle``  as cosine, after its longer rise, Smith and Topin 2018 (arXiv:1708.07120), in the
               form of fast.ai; the rate alone is cycled, not the momentum
``step``       ``factor^floor(s / every)``, also while it warms up; or of the epoch of ``s``
``plateau``    ``factor`` once more each time when ``patience`` validations and one more did not
               improve the metric (by 0.01 %), not below ``f``
=============  ====================================================================================
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytorch_lightning as pl
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LinearLR, ReduceLROnPlateau
from typing_extensions import override

from ..config.direction import watched_beside
from ..config.optimizer import ScheduleConfig
from ..config.run_config import RunConfig
from ..console import say
from ..errors import UserError
from .direction import resolve_mode

ONE_CYCLE_START = 1 / 25  # of the peak


class StepFactor(LambdaLR):
    """The peak of each group times a function of the step.

    A group that somebody adds later, such as Lightning's BackboneFinetuning, has a rate of its own,
    which is left alone.
    """

    @override
    def get_lr(self) -> list[Any]:
        rates = super().get_lr()
        return [*rates, *(group["lr"] for group in self.optimizer.param_groups[len(rates) :])]


class Length(NamedTuple):
    """How long training takes in optimizer steps; infinite where nobody knows.

    Args:
        steps: Of the whole training.
        epoch: Of one epoch.
    """

    steps: float
    epoch: float = math.inf


def training_length(trainer: pl.Trainer) -> Length:
    """Counted as Lightning trains: with accumulation, limits, devices, and ``max_steps``."""
    steps = trainer.estimated_stepping_batches  # before the next line: it makes the loader
    batches = trainer.num_training_batches  # infinite for a stream of data
    epoch = batches if math.isinf(batches) else -(-batches // trainer.accumulate_grad_batches)
    # As annotated: a learning_rate_factor of the researcher's may be checked as it is called.
    return Length(math.inf if steps < 0 else float(steps), float(epoch))


def make_schedules(
    optimizer: Optimizer, config: RunConfig, length: Length, module: Any
) -> list[dict[str, Any]]:
    """What Lightning is to step, and when.

    Args:
        optimizer: Whose learning rates are the peak.
        config: Its ``schedule``; and what plateau watches unless told, which is the checkpoint's.
        length: Of the training.
        module: Whose metric plateau watches.

    Raises:
        UserError: The schedule depends on a length that is not known, or on a metric of which
            nobody says what is better.
    """
    if own_course(module):
        say("schedule: learning_rate_factor() in module.py decides")
        # A function, not a partial: LambdaLR would save a partial's attributes.
        schedule = StepFactor(optimizer, lambda step: own_factor(module, step, length.steps))
        return [{"scheduler": schedule, "interval": "step"}]
    if config.schedule.name == "plateau":
        return _plateau(optimizer, config, length, module)
    schedule = StepFactor(optimizer, schedule_factor(config.schedule, length))
    return [{"scheduler": schedule, "interval": "step"}]


def own_course(module: Any) -> bool:
    """Whether the module has a ``learning_rate_factor`` of its own."""
    return overrides(module, "learning_rate_factor")


def own_factor(module: Any, step: int, total_steps: float) -> float:
    """What the module's ``learning_rate_factor`` says, with the types that it is written for.

    Raises:
        UserError: It is no number to multiply a rate with.
    """
    # Annotations are checked in smoke, and an int is no float.
    found = module.learning_rate_factor(int(step), float(total_steps))
    try:
        factor = float(found)  # a NumPy number, or a tensor, would be saved as the rate
    except (TypeError, ValueError, RuntimeError):
        factor = math.nan
    if not math.isfinite(factor):
        raise UserError(
            f"module.py: learning_rate_factor({step}, {total_steps:g}) returns {found!r}; it is "
            "what the rate is multiplied by, a finite number"
        )
    return factor


def overrides(module: Any, method: str) -> bool:
    """Whether a method is the researcher's, be it of their class or set on the instance."""
    core = __name__.rpartition(".")[0]
    found = getattr(module, method, None)
    return found is not None and getattr(found, "__module__", "") != f"{core}.module"


def schedule_factor(config: ScheduleConfig, length: Length) -> Callable[[int], float]:
    """What the peak learning rate is multiplied by: a pure function of the step.

    Raises:
        UserError: It depends on a length that is not known.
    """
    one_cycle = config.name == "one-cycle"
    warmup = _warmup_steps(config.rise_fraction if one_cycle else config.warmup_fraction, length)
    falls = config.name in {"linear", "cosine", "one-cycle"}
    falling = _known(length.steps) - warmup if falls else 0
    every = config.every
    if config.name == "step" and config.unit == "epoch":
        every *= _known(length.epoch)

    def rise(step: int) -> float:
        if one_cycle:
            return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * (1 - _half_cosine(step / warmup))
        return (step + 1) / (warmup + 1)

    def way_down(step: int) -> float:
        if config.name == "constant":
            return 1.0
        if config.name == "step":
            return config.factor ** (step // every)
        done = min(1.0, (step - warmup) / max(1, falling))
        left = 1 - done if config.name == "linear" else _half_cosine(done)
        return config.final_factor + (1 - config.final_factor) * left

    def factor(step: int) -> float:
        if step >= warmup:
            return way_down(step)
        return rise(step) * (way_down(step) if config.name == "step" else 1.0)

    return factor


def _plateau(
    optimizer: Optimizer, config: RunConfig, length: Length, module: pl.LightningModule
) -> list[dict[str, Any]]:
    """Two of torch's own: both multiply the rate as it stands, so neither undoes the other."""
    schedule = config.schedule
    watched = watched_beside("schedule", schedule, config.checkpoint)
    plateau = ReduceLROnPlateau(
        optimizer,
        resolve_mode(watched, module),
        schedule.factor,
        schedule.patience,
        min_lr=[schedule.final_factor * group["lr"] for group in optimizer.param_groups],
    )
    warmup = _warmup_steps(schedule.warmup_fraction, length)
    rise = LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup)
    name = f"lr-{type(optimizer).__name__}"  # one rate, so one name in the log
    watch = {
        "monitor": watched.metric,
        "interval": "epoch",
        "frequency": config.trainer.check_val_every_n_epoch,
    }
    return [
        {"scheduler": rise, "interval": "step", "name": name},
        {"scheduler": plateau, "name": name, **watch},
    ]


def _warmup_steps(fraction: float, length: Length) -> int:
    return round(fraction * _known(length.steps)) if fraction else 0


def _known(steps: float) -> int:
    if math.isinf(steps):
        raise UserError(
            "schedule: a stream of data does not say how many steps it gives; set trainer.max_steps"
            " or trainer.limit_train_batches, or schedule.name=constant schedule.warmup_fraction=0"
        )
    return int(steps)


def _half_cosine(done: float) -> float:
    """From 1 down to 0."""
    return (1 + math.cos(math.pi * done)) / 2
