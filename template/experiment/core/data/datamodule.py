"""The DataModule that yours inherits from: from datasets to the batches of every stage.

Template's file: updates replace it. To change X, override Y in data.py:

| what it does                                                   | override            |
|----------------------------------------------------------------|---------------------|
| finds the facts once for all processes and restarts            | ``find_facts``      |
| splits at random, each class alike, fixed by data.split_seed   | ``split``           |
| validates on the fold data.fold, trains on the others          | ``fold``            |
| keeps the examples of data.limit, data.indices                 | ``examples``        |
| orders training by data.sampler, a function of (seed, epoch)   | ``order``           |
| fetches whole tensors where it can, draws for each example     | ``fetch``           |
| stacks samples into a batch (pad ragged ones here)             | ``collate``         |
| makes the loaders; training goes on where a checkpoint stood,  | ``loader``          |
| without the examples that a rollback left out                  |                     |

A ``train_dataloader`` of your own, over a stream (IterableDataset) say, resumes at epochs' starts.
Lightning calls ``prepare_data`` and ``setup`` itself; the facts need them earlier. Here each works
once, and not at all when ``predict`` brings its own input.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from . import rollback, sampling
from .config import DataConfig
from .datasets import Fetch, Subset, labels_of, names_of, num_examples
from .disk import writing_data
from .errors import UserError
from .facts import stored_facts
from .folds import folded
from .run import PROJECT, Run
from .slicing import evenly, first_of_each_class, held_out
from .transforms import stack

if TYPE_CHECKING:
    from .samples import Sample

FactsT = TypeVar("FactsT")
log = logging.getLogger(__name__)


class DataModule(pl.LightningDataModule, Generic[FactsT]):
    """Everything between the datasets, which are yours, and the batches that a step gets.

    Yours sets ``facts_type`` and writes ``prepare_data`` (download), ``setup`` (fills
    ``self.datasets`` with "train", "val" and "test"), ``find_facts`` and ``transforms``; and, for
    what they serve, ``predict_dataset`` and ``preview``.

    Args:
        config: The ``data`` section of the configuration.
        run: Where the facts are stored, and the seed; None in a notebook: nothing is stored.
    """

    facts_type: type[FactsT]
    collate: Callable[[Sequence[Any]], Any] = staticmethod(stack)

    def __init__(self, config: DataConfig, run: Run | None = None) -> None:
        super().__init__()
        self.config, self.run = config, run
        self.seed = run.seed if run else 0
        self.root = PROJECT / config.root
        self.datasets: dict[str, Dataset[Any]] = {}
        self.predict_path: Path | None = None  # input of `predict`; None: the test split
        self._facts: FactsT | None = None
        self._fetches: dict[str, Fetch[Any]] = {}
        for hook in ("prepare_data", "setup"):
            setattr(self, hook, self._once(getattr(self, hook)))

    # --- what the data tells the model ---------------------------------------------------------

    @property
    def facts(self) -> FactsT:
        """What the data tells the model: found once, then read from the run's facts.json."""
        if self._facts is None:
            file = self.run.facts_file if self.run else None
            self._facts = self._find() if file is None else self._stored(file)
        return self._facts

    @property
    def known_facts(self) -> FactsT | None:
        """The facts that the run has already; ``setup`` goes by them where the data may change."""
        if self._facts is None and self.run and self.run.facts_file.exists():
            return self.facts
        return self._facts

    def find_facts(self) -> FactsT:
        raise NotImplementedError("data.py: find_facts() returns your Facts")

    def _stored(self, file: Path) -> FactsT:
        return stored_facts(file, self.facts_type, self._find)

    def _find(self) -> FactsT:
        self._load()
        return self.find_facts()

    # --- which examples ------------------------------------------------------------------------

    def split(self, dataset: Dataset[Any], fraction: float) -> tuple[Subset[Any], Subset[Any]]:
        """Part a dataset in two: what remains, and a random ``fraction``, of each class alike."""
        count, labels = num_examples(dataset), labels_of(dataset)
        part = held_out(count, labels, fraction, self.config.split_seed)
        rest = torch.ones(count, dtype=torch.bool)
        rest[torch.from_numpy(part)] = False
        return Subset(dataset, rest.nonzero().flatten()), Subset(dataset, part)

    def fold(self) -> None:
        """Part what is not for testing anew: the fold data.fold validates, the others train."""
        config, val = self.config, self.datasets.get("val")
        if config.fold is not None:
            parts = folded(
                self.datasets["train"], val, config.fold, config.folds, config.split_seed
            )
            self.datasets["train"], self.datasets["val"] = parts

    def has(self, split: str) -> bool:
        """Whether there is such a split, with something in it."""
        self._load()
        return split in self.datasets and num_examples(self.datasets[split]) > 0

    @property
    def overfits(self) -> bool:
        """Whether the same few batches train and validate, as they are."""
        return self.config.overfit_batches is not None

    def examples(self, split: str) -> Dataset[Any]:
        """The examples of a split that ``data.limit`` and ``data.indices`` leave.

        Raises:
            UserError: There is no such split, or an index lies outside of it.
        """
        split = "train" if split == "val" and self.overfits else split
        if not self.has(split):
            raise UserError(f"data.source: {self.config.source} has no examples to {_use(split)}")
        dataset, indices, limit = self.datasets[split], self.config.indices, self.config.limit
        if split == "train" and indices is not None:
            count = num_examples(dataset)
            for index in indices:
                if not 0 <= index < count:
                    raise UserError(f"data.indices: {index} is none of 0 to {count - 1}")
            dataset = Subset(dataset, indices)
        if limit is not None and limit < (count := num_examples(dataset)):
            dataset = Subset(dataset, first_of_each_class(count, labels_of(dataset), limit))
        if split == "train" and self.overfits:
            count = num_examples(dataset)
            batches = (self.config.overfit_batches or 0) * self.config.batch_size
            dataset = Subset(dataset, evenly(count, min(count, batches)))
        return dataset

    def some(self, count: int, split: str = "train") -> Any:
        """At most ``count`` examples, spread evenly over a split: one batch, untransformed."""
        dataset = self.examples(split)
        total = num_examples(dataset)
        fetch = Fetch(dataset, None, self.seed, self.collate, self.config.on_error == "skip")
        return fetch.untransformed(evenly(total, min(count, total)))

    def preview(self, n: int, split: str = "train") -> "Sequence[Sample]":
        raise NotImplementedError("data.py: preview() returns samples as core/samples.py has them")

    def summary(self) -> list[str]:
        """One line a split: how many examples, how many classes, from where they are read."""
        return [self._summary(split) for split in ("train", "val", "test") if self.has(split)]

    def _summary(self, split: str) -> str:
        dataset = self.examples(split)
        line = f"{split:5} {num_examples(dataset):>9,} examples"
        if (labels := labels_of(dataset)) is not None:
            counts = labels.unique(return_counts=True)[1]
            line += f", {len(counts)} classes ({int(counts.min())} to {int(counts.max())} each)"
        return line + (", in memory" if Fetch(dataset).whole else ", read one by one")

    # --- how they change, and how they leave ---------------------------------------------------

    def transforms(self, split: str) -> Callable[[Any], Any] | None:
        """What happens to a sample of "train", "val", "test" or "predict"; here nothing."""
        return None

    def order(self, epoch: int) -> sampling.Indices:
        """The training examples of an epoch, in order.

        Raises:
            UserError: Classes shall be balanced where there are none.
        """
        dataset = self.examples("train")
        match "sequential" if self.overfits else self.config.sampler:
            case "shuffle":
                return sampling.shuffled(num_examples(dataset), self.seed, epoch)
            case "balanced":
                if (labels := labels_of(dataset)) is None:
                    raise UserError("data.sampler: balanced needs labels, and this data has none")
                return sampling.balanced(labels, self.seed, epoch)
            case "sequential":
                return sampling.sequential(num_examples(dataset))

    def fetch(self, split: str, dataset: Dataset[Any]) -> Fetch[Any]:
        """What makes a batch from the place in training that it belongs to."""
        skip = self.config.on_error == "skip"
        transforms = self.transforms("val" if self.overfits else split)
        return Fetch(dataset, transforms, self.seed, self.collate, skip)

    def loader(self, split: str, dataset: Dataset[Any]) -> DataLoader[Any]:
        """A loader that starts at the batch where training stands; others start at the first."""
        self._fetches[split] = fetch = self.fetch(split, dataset)
        trainer, workers = self.trainer, self.config.num_workers
        order, position = partial(_as_they_are, len(fetch)), _beginning
        if split == "train":
            left_out = rollback.left_out(self.run.folder) if self.run else []
            order = sampling.without(self.order, left_out, self.seed)
            position = partial(sampling.training_position, trainer) if trainer else position
        return DataLoader(
            fetch,
            batch_size=None,  # the sampler's keys are whole batches
            sampler=sampling.BatchSampler(
                order,
                len(fetch),
                self.config.batch_size,
                position,
                rank=trainer.global_rank if trainer else 0,
                world_size=trainer.world_size if trainer else 1,
            ),
            collate_fn=_as_it_is,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=trainer is not None and trainer.strategy.root_device.type == "cuda",
            generator=torch.Generator(),  # so that making an iterator draws nothing from torch's
        )

    def train_dataloader(self) -> DataLoader[Any]:
        return self.loader("train", self.examples("train"))

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        return self.loader("val", self.examples("val")) if self.has("val") else []

    def test_dataloader(self) -> DataLoader[Any]:
        return self.loader("test", self.examples("test"))

    def predict_dataloader(self) -> DataLoader[Any]:
        if self.predict_path is None:
            return self.loader("predict", self.examples("test"))
        return self.loader("predict", self.predict_dataset(self.predict_path))

    def predict_dataset(self, path: Path) -> Dataset[Any]:
        raise UserError("predict_dataset() in experiment/data.py says how to read --input")

    def predict_names(self) -> list[str]:
        """What each predicted sample is called, such as its file; empty without names."""
        fetch = self._fetches["predict"]
        names = zip(names_of(fetch.source), fetch.skipped.tolist(), strict=False)
        return [name for name, skipped in names if not skipped]

    def teardown(self, stage: str) -> None:
        """Say how many examples of the stage were left out."""
        for split in {"fit": ("train", "val"), "validate": ("val",)}.get(stage, (stage,)):
            fetch = self._fetches.get(split)
            if fetch and (count := int(fetch.skipped.sum())):
                log.warning(f"{count} of {len(fetch):,} {split} examples were unreadable: left out")

    def _load(self) -> None:
        self.prepare_data()
        self.setup("fit")

    def _once(self, hook: Callable[..., None]) -> Callable[..., None]:
        done = False

        @wraps(hook)
        def first_time(*args: Any, **kwargs: Any) -> None:
            nonlocal done
            if not done and self.predict_path is None:
                with writing_data(self.root):
                    hook(*args, **kwargs)
                if hook.__name__ == "setup":
                    self.fold()
                done = True  # not before: in a notebook one mends and calls again

        return first_time


def _use(split: str) -> str:
    return {"train": "train on", "val": "validate on", "test": "test on"}.get(split, split)


def _beginning() -> tuple[int, int]:
    return 0, 0


def _as_they_are(count: int, _epoch: int) -> sampling.Indices:
    return sampling.sequential(count)


def _as_it_is(batch: Any) -> Any:
    return batch
