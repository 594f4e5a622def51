"""Torchmetrics by split, and by loader where a split has several.

Template's file: updates replace it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection
from torchmetrics.utilities.data import dim_zero_cat

from .gather_lists import lists_of_any_length

Key = tuple[str, str, str]  # split, what tells the loader, name of the metric
Kinds = dict[tuple[Any, ...], tuple[torch.dtype, tuple[int, ...]]]  # by a list's place in a metric


class SplitMetrics(nn.ModuleDict):
    """What ``add_metrics`` keeps; it knows by torchmetrics' own counts what was shown a batch.

    So it does not matter who showed it: ``update_metrics``, or ``metrics_for(...).update``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.key_of: dict[str, str] = {}  # by split; torch takes no "." in a key, nor "train"
        # Beside torch's own list of modules: a checkpoint needs none of them.
        self.of_loaders: dict[tuple[str, str], MetricCollection] = {}
        self._before: dict[Key, int] = {}  # the counts as an evaluation began
        self._logged: dict[Key, int] = {}  # the counts that are in the log

    def add(self, split: str, metrics: Mapping[str, Metric]) -> None:
        """Keep copies of these for a split, beside those that it has."""
        if split not in self.key_of:
            key = split.replace(".", "_")
            while hasattr(self, key):
                key += "_"
            self.key_of[split] = key
            self[key] = MetricCollection({})
        own: Any = {name: metric.clone() for name, metric in metrics.items()}
        self.of(split).add_metrics(own)

    def of(self, split: str, suffix: str = "") -> MetricCollection:
        """Those of a split, or of one of its loaders."""
        collection: Any = self[self.key_of[split]]
        if not suffix:
            return collection
        if (split, suffix) not in self.of_loaders:
            own = collection.clone()
            own.reset()
            self.of_loaders[split, suffix] = own
        return self.of_loaders[split, suffix]

    def by_split(self) -> dict[str, MetricCollection]:
        """Those that are no single loader's."""
        return {split: self.of(split) for split in self.key_of}

    def restart(self) -> None:
        """Forget all batches."""
        self._reset(self._counts())

    def begin_evaluation(self) -> None:
        """Remember what training has been shown, in the middle of whose epoch this may be."""
        self._before = self._counts()

    def shown(self, evaluation: bool) -> list[Key]:
        """What was shown a batch in this epoch that is not in the log yet."""
        before = self._before if evaluation else {}
        return [
            key
            for key, count in self._counts().items()
            if count and count not in (before.get(key), self._logged.get(key))
        ]

    def of_training(self, keys: list[Key]) -> list[Key]:
        """Those of them that training, too, has been shown, in the same epoch."""
        return [key for key in keys if self._before.get(key)]

    def kinds(self, keys: list[Key]) -> Kinds:
        """What is in the lists of these metrics, of which torchmetrics makes one tensor each."""
        return {
            place: (lists[0].dtype, tuple(lists[0].shape[1:]))
            for place, lists in self._lists(keys)
            if lists
        }

    def fill(self, keys: list[Key], kinds: Kinds, device: torch.device) -> None:
        """Put nothing of the right kind into lists that are empty.

        Where a process was shown nothing torchmetrics takes an empty list of floats, with one axis,
        for what the others send: sizes that are read out of it are anything.
        """
        for place, lists in self._lists(keys):
            if not lists and place in kinds:
                dtype, shape = kinds[place]
                lists.append(torch.empty((0, *shape), dtype=dtype, device=device))

    def compute(self, keys: list[Key], device: torch.device) -> dict[str, Tensor]:
        """The single numbers that these come to, by their names in the log."""
        values: dict[str, Tensor] = {}
        for split, suffix in dict.fromkeys(key[:2] for key in keys):
            own = self.of(split, suffix).to(device)._modules
            shown: Any = {name: own[name] for *place, name in keys if place == [split, suffix]}
            # Not all of the collection: somebody may have shown a batch to one of them alone.
            with lists_of_any_length(shown.values()):
                computed = MetricCollection(shown, compute_groups=False).compute()
            for name, value in computed.items():
                tensor = torch.as_tensor(value)
                if tensor.numel() == 1:
                    values[f"{split}/{name}{suffix}"] = tensor
        counts = self._counts()
        self._logged.update((key, counts[key]) for key in keys)
        return values

    def end_epoch(self) -> None:
        """Forget the batches of what is in the log."""
        self._reset(self._logged)

    def _counts(self) -> dict[Key, int]:
        places = [((split, ""), one) for split, one in self.by_split().items()]
        return {
            (*place, name): sum(map(_times_shown, _parts(metric)))
            for place, collection in [*places, *self.of_loaders.items()]
            for name, metric in collection._modules.items()
        }

    def _lists(self, keys: list[Key]) -> Iterator[tuple[tuple[Any, ...], list[Tensor]]]:
        for split, suffix, name in keys:
            for number, part in enumerate(_parts(self.of(split, suffix)._modules[name])):
                for state, reduction in part._reductions.items():
                    value = getattr(part, state)
                    if reduction is dim_zero_cat and isinstance(value, list):
                        yield (split, suffix, name, number, state), value

    def _reset(self, keys: Mapping[Key, int]) -> None:
        for split, suffix, name in keys:
            metric: Any = self.of(split, suffix)._modules[name]
            metric.reset()
            for part in _parts(metric):  # a sum of metrics forgets to
                part._update_count = 0
        self._before, self._logged = {}, {}


def metrics_of(module: nn.Module) -> list[tuple[str, Metric]]:
    """All torchmetrics of a module by a name, those of single loaders and your own included."""
    found = [(name, part) for name, part in module.named_modules() if isinstance(part, Metric)]
    metrics = getattr(module, "metrics", None)
    if isinstance(metrics, SplitMetrics):
        for (split, suffix), collection in metrics.of_loaders.items():
            for name, part in collection.named_modules(prefix=f"{split}{suffix}"):
                if isinstance(part, Metric):
                    found.append((name, part))
    return found


def _times_shown(metric: Any) -> int:
    # Running resets after each batch what it wraps, and has a count of its own.
    return metric._update_count + getattr(metric, "_num_vals_seen", 0)


def _parts(metric: Any) -> Iterator[Metric]:
    yield from (part for part in metric.modules() if isinstance(part, Metric))
