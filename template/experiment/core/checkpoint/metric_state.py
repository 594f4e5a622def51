"""What torchmetrics hold: their states, and what some of them keep beside these.

Template's file: updates replace it.

Running counts what it has seen, MinMaxMetric has its extremes and MetricTracker a list of metrics;
none of it is in ``add_state``. So whatever has changed since training began is carried, of types
that torch's safe default loads; what else has changed is a line.
"""

import copy
import pickle
from dataclasses import dataclass, field
from typing import Any

import torch
from lightning_fabric.utilities import move_data_to_device
from torch import Tensor, nn
from torchmetrics import Metric
from torchmetrics.wrappers import MetricTracker

from ..console import say
from ..inspect.equality import equal
from ..module.split_metrics import metrics_of

PLAIN = (Tensor, bool, int, float, str, type(None))
START = "attributes_at_start"  # on each metric, so that its copies have it, too


class _Bare(Metric):
    """A metric with nothing of its own."""

    def update(self) -> None: ...

    def compute(self) -> None: ...


BOOKKEEPING = {*vars(_Bare()), START}  # of torchmetrics and torch


@dataclass
class Start:
    """What a metric kept beside its states as training began, and what was said of it since."""

    attributes: dict[str, Any]
    said: set[str] = field(default_factory=set)


def remember_start(module: nn.Module) -> None:
    """Note what each metric keeps before anything is shown to it."""
    for _, metric in metrics_of(module):
        if START not in vars(metric):
            found = {name: _trace(value) for name, value in attributes_of(metric).items()}
            vars(metric)[START] = Start(found)


def attributes_of(metric: Metric) -> dict[str, Any]:
    """What a metric keeps beside its states."""
    beside = vars(metric).items()
    return {n: v for n, v in beside if n not in BOOKKEEPING and n not in metric._defaults}


def plain_attributes_of(metric: Metric) -> dict[str, Any]:
    """Those of them that a checkpoint can hold."""
    return {name: value for name, value in attributes_of(metric).items() if _is_plain(value)}


def pack_metrics(module: nn.Module) -> dict[str, dict[str, Any]]:
    """The metrics that differ from new ones, by name."""
    packed = {name: _pack(name, metric) for name, metric in metrics_of(module)}
    return {name: found for name, found in packed.items() if found is not None}


def unpack_metrics(module: nn.Module, packed: dict[str, dict[str, Any]]) -> None:
    """Give the metrics back what they held; of one that is not there yet, say so."""
    metrics = dict(metrics_of(module))
    for name, found in packed.items():
        if name in metrics:
            _unpack(metrics[name], found)
        else:
            say(f"module.py: there is no metric {name} as training goes on: it begins anew")


def lengths_of_trackers(module: nn.Module) -> dict[str, int]:
    """How many metrics each MetricTracker has."""
    return {name: len(tracker) for name, tracker in _trackers(module).items()}


def set_lengths(module: nn.Module, lengths: dict[str, int]) -> None:
    """Let each MetricTracker have as many, new ones where they are missing."""
    for name, tracker in _trackers(module).items():
        wanted = lengths.get(name, len(tracker))
        while len(tracker) < wanted:
            tracker.increment()
        for number in range(wanted, len(tracker)):  # a ModuleList would lose the base metric
            del tracker._modules[str(number)]


def _trackers(module: nn.Module) -> dict[str, MetricTracker]:
    return {n: part for n, part in module.named_modules() if isinstance(part, MetricTracker)}


def _pack(name: str, metric: Any) -> dict[str, Any] | None:
    kept = _changed(name, metric)
    state = {state: getattr(metric, state) for state in metric._defaults}
    is_new = all(_is_new(value, metric._defaults[state]) for state, value in state.items())
    if is_new and not kept and not metric._update_count:
        return None
    return {"state": state, "updates": metric._update_count, "kept": kept}


def _changed(name: str, metric: Any) -> dict[str, Any]:
    """What is kept beside the states and is not what it was at the start."""
    start = vars(metric).get(START)
    if start is None:  # made in training, of nothing that was there
        return plain_attributes_of(metric)
    found = attributes_of(metric)
    new = {n: v for n, v in found.items() if not equal(_trace(v), start.attributes.get(n))}
    for attribute, value in new.items():
        if not _is_plain(value) and attribute not in start.said:
            start.said.add(attribute)
            say(
                f"module.py: the metric {name} changes its {attribute}, which no checkpoint can "
                f"hold ({type(value).__name__}): it begins anew where training goes on after a "
                "kill; use add_state, or tensors, numbers and texts in lists and dicts"
            )
    return {attribute: value for attribute, value in new.items() if _is_plain(value)}


def _unpack(metric: Any, packed: dict[str, Any]) -> None:
    for name, value in {**packed["state"], **packed.get("kept", {})}.items():
        # A copy: metrics of one collection share their state, and what they share now would be
        # added to by each of them.
        setattr(metric, name, move_data_to_device(copy.deepcopy(value), metric.device))
    metric._update_count, metric._computed = packed["updates"], None


def _is_new(value: Any, default: Any) -> bool:
    if isinstance(value, list):
        return not value
    return value.shape == default.shape and torch.equal(value, default.to(value.device))


def _trace(value: Any) -> Any:
    """What can be compared with the value later: a copy, or its bytes; of a function nothing."""
    if _is_plain(value):
        return move_data_to_device(copy.deepcopy(value), "cpu")
    try:
        return pickle.dumps(value)
    except Exception:  # whatever its __reduce__ raises
        return None


def _is_plain(value: Any) -> bool:
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, (*value, *value.values())))
    return type(value) in PLAIN
