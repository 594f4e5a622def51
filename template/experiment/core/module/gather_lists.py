"""Lists that a metric keeps of its batches, gathered from processes that saw unequal many of them.

Template's file: updates replace it.

Torchmetrics gathers a list that it does not concatenate (``dist_reduce_fx=None``) one entry at a
time. Where a process has fewer entries, entry meets the wrong entry, or waits for one that never
comes.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from lightning_fabric.utilities import move_data_to_device
from torchmetrics import Metric
from torchmetrics.utilities.distributed import gather_all_tensors


def sync_lists(
    metric: Any, dist_sync_fn: Any = gather_all_tensors, process_group: Any = None
) -> None:
    """Instead of a metric's ``_sync_dist``: such lists go as a whole, one process after another."""
    reductions, names = metric._reductions, _lists_of(metric)
    metric._reductions = {name: how for name, how in reductions.items() if name not in names}
    try:
        Metric._sync_dist(metric, dist_sync_fn, process_group)
    finally:
        metric._reductions = reductions
    group = process_group or metric.process_group
    mine = move_data_to_device({name: getattr(metric, name) for name in names}, "cpu")
    of_ranks: list[Any] = [None] * torch.distributed.get_world_size(group)
    torch.distributed.all_gather_object(of_ranks, mine, group=group)
    for name in names:
        whole = [entry for lists in of_ranks for entry in lists[name]]
        setattr(metric, name, move_data_to_device(whole, metric.device))


@contextmanager
def lists_of_any_length(metrics: Iterable[Any]) -> Iterator[None]:
    """Have these metrics gather their lists so, while they are computed."""
    parts = [part for metric in metrics for part in metric.modules()]
    changed = [part for part in parts if isinstance(part, Metric) and _is_to_change(part)]
    for part in changed:
        vars(part)["_sync_dist"] = partial(sync_lists, part)
    try:
        yield
    finally:
        for part in changed:
            del vars(part)["_sync_dist"]


def _lists_of(metric: Any) -> list[str]:
    """Lists of which torchmetrics gathers each entry for itself, of whatever kind."""
    return [
        name
        for name, how in metric._reductions.items()
        if how is None and isinstance(metric._defaults[name], list)
    ]


def _is_to_change(metric: Any) -> bool:
    """Whether it has such lists, and gathers them as torchmetrics does."""
    return bool(_lists_of(metric)) and type(metric)._sync_dist.__module__.startswith(
        "torchmetrics."
    )
