"""``main.py tune``: a learning rate, the largest batch size, or a look at the schedule.

Template's file: updates replace it. What is found is printed as the line for the YAML file;
``--write`` puts it there.

Lightning's Tuner does the search. Each search gets data, module and Trainer of its own, built in a
temporary folder and thrown away: nothing that was trained, drawn or set before is touched.
"""

import copy
import math
import os
import random
import tempfile
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import _init_optimizers_and_lr_schedulers
from pytorch_lightning.tuner.tuning import Tuner

from ..config.load import Settings
from ..config.yaml_edit import set_value
from ..console import say
from ..data.datasets import num_examples
from ..errors import UserError
from ..files import shown
from ..inspect.curves import save_curve
from ..module.schedules import (
    Length,
    overrides,
    own_course,
    own_factor,
    schedule_factor,
    training_length,
)
from ..runs.run import Run

STEPS = 100
LOWEST, HIGHEST = 1e-6, 1.0  # learning rates that are tried
MOST = 0.1  # a larger suggestion is taken for an accident
SMOOTHING = 0.98  # of the losses, by Lightning's callback
SKIPPED = 5  # first points, of a mean that has seen next to nothing
ENOUGH_POINTS, ENOUGH_FALL = 20, 0.05
LEAST_FREE = 0.1  # of the machine's memory, below which a CPU's batch counts as too large


class Curve(NamedTuple):
    """The losses of rising learning rates, and which of these is suggested."""

    rates: list[float]
    losses: list[float]
    suggestion: float | None
    remark: str = ""


def run_tune(settings: Settings[Any], arguments: Namespace, build: Any) -> int:
    """Carry out ``tune``; the exit code."""
    config, folder = settings.config, Path(arguments.output) / "tune"
    if arguments.schedule:
        return _draw_schedule(config, build, folder)
    if arguments.batch_size:
        key, value = "data.batch_size", find_batch_size(config, build)
    else:
        key, value = "optimizer.learning_rate", _learning_rate(config, build, folder)
    if value is None:
        return 1
    section, _, name = key.partition(".")
    say("for configs/experiment.yaml:")
    say(f"  {section}:")
    say(f"    {name}: {value:g}  # was {getattr(getattr(config, section), name):g}")
    if arguments.write:
        file = Path(arguments.config[-1])
        line = set_value(file, key, value)
        say(f"written: {shown(file)}:{line}")
    return 0


# --- learning rate -------------------------------------------------------------------------------


def find_learning_rate(config: Any, build: Any) -> Curve:
    """Train for a few steps with ever larger learning rates, and see where the loss falls."""
    with _parts(config, build) as (data, module, trainer):
        finder = Tuner(trainer).lr_find(
            module,
            datamodule=data,
            min_lr=LOWEST,
            max_lr=HIGHEST,
            num_training=STEPS,
            update_attr=False,
        )
    assert finder is not None
    pairs = list(zip(finder.results["lr"], finder.results["loss"], strict=False))
    # Lightning divides its moving average by the weight of one step too many, so that the first
    # loss comes out as half of what it was.
    losses = [
        loss * (1 - SMOOTHING ** (step + 1)) / (1 - SMOOTHING**step)
        for step, (_, loss) in enumerate(pairs, 1)
    ]
    return suggest([rate for rate, _ in pairs], losses)


def suggest(rates: list[float], losses: list[float]) -> Curve:
    """The learning rate at which the loss falls fastest, by each factor of the rate.

    Lightning's own suggestion divides by the difference of two rates instead, which is next to
    nothing for the first ones, so that these win: 1e-7 (its issue 21141).
    """
    curve = Curve(rates, losses, None)
    end = int(np.nanargmin(losses)) + 1 if np.isfinite(losses).any() else 0
    x, y = np.log10(rates[SKIPPED:end]), np.asarray(losses[SKIPPED:end])
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]
    if len(rates) < ENOUGH_POINTS:
        return curve._replace(remark=f"only {len(rates)} steps before the loss diverged")
    if len(y) < 3 or (y[0] - y[-1]) < ENOUGH_FALL * abs(y[0]):
        return curve._replace(remark="the loss falls nowhere: look at the curve, and at the model")
    steepest = float(10 ** x[np.argmin(np.gradient(y, x))])
    found = float(f"{min(steepest, MOST):.2g}")
    remark = f"{steepest:.2g} was found, which is cut to {MOST:g}" if steepest > MOST else ""
    return curve._replace(suggestion=found, remark=remark)


def _learning_rate(config: Any, build: Any, folder: Path) -> float | None:
    curve = find_learning_rate(config, build)
    file, found = folder / "learning-rate.svg", curve.suggestion
    mark = None
    if found is not None:
        nearest = min(range(len(curve.rates)), key=lambda i: abs(curve.rates[i] / found - 1))
        mark = (curve.rates[nearest], curve.losses[nearest], f"{found:g}")
    labels = ("learning rate, rising with each step", "loss, smoothed")
    save_curve(file, "Learning rate finder", curve.rates, curve.losses, labels, mark, True)
    tried = f"{len(curve.rates)} steps, from {LOWEST:g} to {curve.rates[-1]:.2g}"
    say(f"learning rate: {tried}; the curve: {shown(file)}")
    if curve.remark:
        say(f"  {curve.remark}")
    if found is None:
        say(f"no suggestion; optimizer.learning_rate stays {config.optimizer.learning_rate:g}")
    return found


# --- batch size ----------------------------------------------------------------------------------


def find_batch_size(config: Any, build: Any) -> int:
    """The largest power of two that fits into memory, or all the data."""
    with _parts(config, build) as (data, module, trainer):
        count = num_examples(data.examples("train"))
        if trainer.strategy.root_device.type == "cpu":
            say(
                "batch size: a CPU says too late that memory is full; the search ends at the data's"
            )
            say(f"  {count:,} examples, or when less than {LEAST_FREE:.0%} of memory is free")
            _watch_memory(module)
        # Lightning looks for an attribute; ours lies in the configuration.
        type(data).batch_size = property(
            lambda self: self.config.batch_size,
            lambda self, size: setattr(self.config, "batch_size", size),
        )
        try:
            found = Tuner(trainer).scale_batch_size(
                module, datamodule=data, init_val=min(2, count), max_val=2 * count
            )
        finally:
            del type(data).batch_size
    found = min(int(found or 1), count)
    what = "all examples in one batch" if found == count else "the largest power of two that fits"
    say(f"batch size: {found:,}, {what}")
    return found


def _watch_memory(module: torch.nn.Module) -> None:
    """Call it out of memory before the machine is: Linux would kill the process, or another."""

    def check(*_: Any) -> None:
        memory = psutil.virtual_memory()
        if memory.available < LEAST_FREE * memory.total:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")  # as torch says it

    for part in module.children():
        part.register_forward_hook(check)


# --- schedule ------------------------------------------------------------------------------------


def _draw_schedule(config: Any, build: Any, folder: Path) -> int:
    with _parts(config, build, searches=False) as (data, module, trainer):
        trainer.strategy.connect(module)
        trainer._data_connector.attach_data(module, datamodule=data)
        length = training_length(trainer)
        if math.isinf(length.steps):
            raise UserError(
                "schedule: without --epochs or --max-steps there is no last step to draw"
            )
        name, rates = _rates(config, module, length)
    file = folder / "schedule.svg"
    save_curve(
        file,
        f"Schedule {name}: {len(rates):,} optimizer steps",
        range(len(rates)),
        rates,
        ("optimizer step", "learning rate"),
    )
    peak = max(range(len(rates)), key=rates.__getitem__)
    ends = f"{rates[peak]:.3g} at step {peak}, {rates[-1]:.3g} at the last"
    say(f"schedule: {name}, {len(rates):,} steps: {ends}; the curve: {shown(file)}")
    if name == "plateau":
        say("  plateau falls when the metric stops improving, which only training shows")
    return 0


def _rates(config: Any, module: Any, length: Length) -> tuple[str, list[float]]:
    """The learning rate of each step, of whoever decides it; and who that is."""
    steps = range(int(length.steps))
    if overrides(module, "configure_optimizers"):
        return "of configure_optimizers() in module.py", _stepped(module, length)
    peak = config.optimizer.learning_rate
    if own_course(module):
        return "learning_rate_factor() in module.py", [
            peak * own_factor(module, step, length.steps) for step in steps
        ]
    shape = config.schedule
    if shape.name == "plateau":  # until the metric stops improving
        shape = replace(shape, name="constant")
    factor = schedule_factor(shape, length)
    return config.schedule.name, [peak * factor(step) for step in steps]


def _stepped(module: Any, length: Length) -> list[float]:
    """What a schedule of the researcher's own makes of the first group's rate, tried out.

    Raises:
        UserError: There are several optimizers, or the rate depends on a metric.
    """
    optimizers, schedules = _init_optimizers_and_lr_schedulers(module)
    if len(optimizers) != 1 or any(one.reduce_on_plateau for one in schedules):
        raise UserError(
            "schedule: configure_optimizers() in module.py has several optimizers, or a schedule "
            "that goes by a metric: only training shows the rates (callbacks.learning_rate_monitor)"
        )
    rates: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the optimizer makes no steps
        for step in range(int(length.steps)):
            rates.append(float(optimizers[0].param_groups[0]["lr"]))
            for one in schedules:
                unit = 1 if one.interval == "step" else length.epoch
                if (step + 1) % (unit * one.frequency) == 0:
                    schedule: Any = one.scheduler
                    schedule.step()
    return rates


# --- the parts of one search ---------------------------------------------------------------------


@contextmanager
def _parts(
    config: Any, build: Any, *, searches: bool = True
) -> Iterator[tuple[Any, pl.LightningModule, pl.Trainer]]:
    """Data, module and Trainer of the configuration's, for one search alone."""
    config = copy.deepcopy(config)
    config.trainer.progress_bar = False
    if searches:  # counts steps of its own: no limit of the run may end it first
        config.trainer.max_epochs, config.trainer.max_steps = STEPS, None
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    with tempfile.TemporaryDirectory(prefix="tune-", ignore_cleanup_errors=True) as folder:
        run = Run(Path(folder), "tune", config.seed)
        try:
            with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):  # Lightning's bar
                yield build(config, run)
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
            torch.set_rng_state(states[2])
