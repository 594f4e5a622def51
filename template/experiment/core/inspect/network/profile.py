"""Measures where the time of a step goes: what its operators take, by module, and what data costs.

Template's file: updates replace it. First steps warm up, then some are timed as they are, and the
last are looked at by torch.profiler, which takes time itself. An operator of a backward pass
belongs to the module whose forward pass it goes back through.
"""

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function

from .made_at import made_at
from .profiled import Operator, Profiled

WARM, TIMED, LOOKED = 3, 8, 3
STEPS = WARM + TIMED + LOOKED
BATCHES, SECONDS = 20, 10.0  # of data at most, whichever ends first
OPERATORS = 12  # the slowest
MARK, OPTIMIZER = "module::", "the optimizer"


class StepProfile(pl.Callback):
    """Times the steps of a training of ``STEPS`` batches, and looks at the last."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.operators: list[Operator] = []
        self.looked = 0
        self._step = 0
        self._profile: profile | None = None

    def on_train_batch_start(self, *args: Any, **kwargs: Any) -> None:
        self._step += 1
        if self._step > WARM + TIMED:
            self._profile = self._profile or _started()
        _wait()
        self._since = time.perf_counter()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any, **_: Any
    ) -> None:
        _wait()
        if WARM < self._step <= WARM + TIMED or not self.times:
            self.times.append(time.perf_counter() - self._since)
        self.looked += self._profile is not None
        if self._step >= STEPS:
            trainer.should_stop = True

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._profile is not None:
            self._profile.stop()
            self.operators = slowest(self._profile, pl_module, self.looked)

    def result(self, data: float, workers: int) -> Profiled:
        """All of it.

        Args:
            data: Seconds that a batch takes to load.
            workers: Processes that load.
        """
        times = self.times[1:] or self.times  # the first is one of those that warm up
        step = sum(times) / max(len(times), 1)
        return Profiled(len(times), 1000 * step, 1000 * data, workers, self.operators)


@contextmanager
def modules_marked(root: nn.Module) -> Iterator[None]:
    """Have the profiler know which module is at work."""
    plain, names = nn.Module.__call__, {id(one): name for name, one in root.named_modules()}

    def marking(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        name = names.get(id(module), "")
        if not name:
            return plain(module, *args, **kwargs)
        with record_function(MARK + name):
            return plain(module, *args, **kwargs)

    nn.Module.__call__ = marking
    try:
        yield
    finally:
        nn.Module.__call__ = plain


def seconds_a_batch(loader: Any) -> float:
    """How long a loader takes for one when nobody keeps it waiting; its start does not count."""
    batches = iter(loader)
    next(batches, None)
    started, count = time.perf_counter(), 0
    while count < BATCHES and time.perf_counter() - started < SECONDS:
        if next(batches, batches) is batches:
            break
        count += 1
    return (time.perf_counter() - started) / max(count, 1)


def slowest(seen: profile, root: nn.Module, steps: int) -> list[Operator]:
    """The operators that take longest, those of one kind in one module together."""
    attribute = "self_device_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    events = list(seen.events() or [])
    forward = _modules_by_sequence(events)
    spent: defaultdict[tuple[str, str], float] = defaultdict(float)
    calls: defaultdict[tuple[str, str], int] = defaultdict(int)
    for event in events:
        if not event.name.startswith(("aten::", "torchvision::")):
            continue
        key = (event.name.partition("::")[2], _module_of(event, forward))
        spent[key] += getattr(event, attribute)
        calls[key] += 1
    whole = sum(spent.values()) or 1.0
    lines = {name: made_at(module) for name, module in root.named_modules()}
    steps = max(steps, 1)
    return [
        Operator(
            name, module, lines.get(module, ""), time_ / steps / 1000, calls[name, module] / steps,
            time_ / whole,
        )
        for (name, module), time_ in sorted(spent.items(), key=lambda item: -item[1])[:OPERATORS]
        if time_ > 0
    ]  # fmt: skip


def _modules_by_sequence(events: list[Any]) -> dict[int, str]:
    """The module of each forward operator, by the number that its backward operator bears."""
    found: dict[int, str] = {}
    for event in sorted(events, key=lambda event: event.time_range.start):
        number = getattr(event, "sequence_nr", -1)
        if number >= 0 and not event.name.startswith("autograd::") and event.name[:6] == "aten::":
            found[number] = _marked(event)  # those before it that need no gradient bear it, too
    return found


def _module_of(event: Any, forward: dict[int, str]) -> str:
    name = _marked(event)
    parent = event
    while not name and parent is not None:
        if parent.name.startswith("autograd::engine"):
            return forward.get(getattr(parent, "sequence_nr", -1), "")
        if parent.name.startswith("Optimizer.step"):
            return OPTIMIZER
        parent = parent.cpu_parent
    return name


def _marked(event: Any) -> str:
    while event is not None:
        if event.name.startswith(MARK):
            return event.name.removeprefix(MARK)
        event = event.cpu_parent
    return ""


def _started() -> profile:
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # it looks for GPUs, and says so
    activities = [ProfilerActivity.CPU]
    if torch.cuda.is_available():
        activities.append(ProfilerActivity.CUDA)
    begun = profile(activities=activities)
    begun.start()
    return begun


def _wait() -> None:
    """Else a step would seem to end before the GPU is through."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
