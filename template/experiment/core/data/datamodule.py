"""The DataModule that yours inherits from: from datasets to the batches of every stage.

Template's file: updates replace it. To change X, override Y in data.py:

| what it does                                                   | override            |
|----------------------------------------------------------------|---------------------|
| finds the facts once for all processes and restarts            | ``find_facts``      |
| takes a missing test or val split out of the training data     | ``hold_out``        |
| splits at random, each class alike, fixed by data.split_seed   | ``split``           |
| validates on the fold data.fold, trains on the others          | ``fold``            |
| keeps the examples of data.limit, data.indices                 | ``examples``        |
| orders training by data.sampler, a function of (seed, epoch)   | ``order``           |
| fetches whole tensors where it can, draws for each example     | ``fetch``           |
| stacks samples into a batch (pad ragged ones here)             | ``collate``         |
| makes the loaders; training goes on where a checkpoint stood,  | ``loader``          |
| without the examples that a rollback left out                  |                     |

Several loaders: ``return {"photos": self.loader("train", photos), "sketches": ...}``, for training
and for evaluation alike, of any dataset: datasets.py and streams.py say what one may be. One not
from ``loader`` resumes at epochs' starts. Lightning calls ``prepare_data`` and ``setup`` itself;
the facts need them earlier. Here each works once, and not when ``predict`` brings its own input.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytorch_lightning as pl
from torch.utils.data import DataLoader, Dataset

from ..config.data import BaseDataConfig
from ..errors import UserError
from ..files import project_path
from ..runs.rollback_record import left_out
from ..runs.run import Run
from . import sampling
from .batches import stack
from .cross_validation import folded
from .datasets import Subset, is_labelled, is_stream, labels_of, num_examples
from .facts import stored_facts
from .fetch import Fetch, readable
from .hidden_names import refuse_hidden, refuse_hiding
from .leaving_out import Exclusions
from .loaders import make_loader, make_stream_loader
from .once import once
from .read_report import predicted_names, say_what_was_read
from .slices import refuse_streams, sliced
from .splitting import evenly
from .streams import StreamBatches
from .summary import summary_lines
from .train_loaders import loaders_of
from .train_test_split import train_test_split

FactsT = TypeVar("FactsT")
USES = {"train": "train on", "val": "validate on", "test": "test on"}


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

    def __init__(self, config: BaseDataConfig, run: Run | None = None) -> None:
        super().__init__()
        self.config, self.run = config, run
        self.seed = run.seed if run else 0
        self.root = self.path(config.root)
        self.datasets: dict[str, Dataset[Any]] = {}
        self.exclusions = Exclusions(None, self.root)  # what data.exclude lists, once set up
        self.predict_path: Path | None = None  # input of `predict`; None: a split
        self.predict_split = "test"
        self._facts: FactsT | None = None
        for hook in ("prepare_data", "setup"):
            setattr(self, hook, once(self, getattr(self, hook)))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        refuse_hidden(cls, DataModule)

    def __setattr__(self, name: str, value: Any) -> None:
        refuse_hiding(self, DataModule, name, value)
        super().__setattr__(name, value)

    def path(self, text: str) -> Path:
        """A path of the configuration: ``~`` is your home, what is relative starts at main.py."""
        return project_path(text)

    # --- what the data tells the model ---------------------------------------------------------

    @property
    def facts(self) -> FactsT:
        """What the data tells the model: found once, then read from the run's facts.json."""
        if self._facts is None:
            if self.run is None:
                self._facts = self._find()
            else:
                self._facts = stored_facts(self.run.facts_file, self.facts_type, self._find)
        return self._facts

    @property
    def known_facts(self) -> FactsT | None:
        """The facts that the run has already; ``setup`` goes by them where the data may change."""
        if self._facts is None and self.run and self.run.facts_file.exists():
            return self.facts
        return self._facts

    def find_facts(self) -> FactsT:
        raise NotImplementedError("data.py: find_facts() returns your Facts")

    def _find(self) -> FactsT:
        self._load()
        return self.find_facts()

    # --- which examples ------------------------------------------------------------------------

    def hold_out(self, parts: dict[str, Any]) -> None:
        """Take "test" and "val" out of "train", where the source has none of them.

        ``data.test_fraction`` of it, then ``data.val_fraction`` of what is left; none where that
        is 0. Where the source brings a test split that nobody knows the labels of, none is taken,
        unless ``test_fraction`` is set: then that one is "unlabelled", for ``predict --input``.

        Args:
            parts: Datasets by split, or what has a ``split(name, fraction, seed)`` of its own, such
                as ``Texts``; changed in place.
        """
        config = self.config
        self.exclusions.leave_out_rest(parts)
        if "test" in parts and config.test_fraction and not is_labelled(parts["test"]):
            parts["unlabelled"] = parts.pop("test")
        share = 0.15 if config.test_fraction is None else config.test_fraction
        for split, fraction in (("test", share), ("val", config.val_fraction)):
            if split in parts or not fraction:
                continue
            train: Any = parts["train"]
            refuse_streams(f"data.{split}_fraction={fraction}", train)
            if hasattr(train, "split"):
                parts["train"], parts[split] = train.split(split, fraction, config.split_seed)
            else:
                parts["train"], parts[split] = self.split(train, fraction)

    def split(self, dataset: Dataset[Any], fraction: float) -> tuple[Subset[Any], Subset[Any]]:
        """Part a dataset in two: what remains, and a random ``fraction``, of each class alike.

        Examples of one group stay together.
        """
        return train_test_split(dataset, fraction, self.config.split_seed)

    def fold(self) -> None:
        """Part what is not for testing anew: the fold data.fold validates, the others train."""
        config, val = self.config, self.datasets.get("val")
        if config.fold is not None:
            refuse_streams(f"data.fold={config.fold}", self.datasets["train"])
            parts = folded(
                self.datasets["train"], val, config.fold, config.folds, config.split_seed
            )
            self.datasets["train"], self.datasets["val"] = parts

    def has(self, split: str) -> bool:
        """Whether there is such a split, with something in it that can be scored."""
        return self.holds(split) and is_labelled(self.datasets[split])

    def holds(self, split: str) -> bool:
        """Whether there is such a split, with something in it, be it without labels."""
        self._load()
        dataset = self.datasets.get(split)
        return dataset is not None and (is_stream(dataset) or num_examples(dataset) > 0)

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
        if not self.holds(split):
            raise UserError(
                f"data.source: {self.config.source} has no examples to {USES.get(split, split)}"
            )
        return sliced(self.datasets[split], self.config, training=split == "train")

    def some(self, count: int, split: str = "train") -> Any:
        """At most ``count`` examples, spread evenly over a split: one batch, untransformed."""
        dataset = self.examples(split)
        if is_stream(dataset):
            # By its seeds, so that facts and pictures are the same each time.
            stream = StreamBatches(dataset, None, self.seed, self.collate, batch_size=count)
            for batch in stream:
                return batch
            raise UserError(f"data.py: the stream for {split} gives no example")
        fetch = Fetch(dataset, None, self.seed, self.collate, self.config.on_error == "skip")
        return readable(fetch, evenly(len(fetch), min(count, len(fetch))))

    def preview(self, n: int, split: str = "train") -> Sequence[Any]:
        raise NotImplementedError("data.py: preview() returns samples: core/data/samples.py")

    def summary(self) -> list[str]:
        """A line a split: how many examples, of which classes, from where; what was left out."""
        splits = dict.fromkeys(["train", "val", "test", *self.datasets])
        there = {split: self.examples(split) for split in splits if self.holds(split)}
        return summary_lines(there) + self.exclusions.lines(self.config.exclude)

    # --- how they change, and how they leave ---------------------------------------------------

    def transforms(self, split: str) -> Callable[[Any], Any] | None:
        """What happens to a sample of "train", "val", "test" or "predict"; here nothing."""
        return None

    def order(self, dataset: Dataset[Any], epoch: int) -> sampling.Indices:
        """Numbers of training examples in the order of an epoch: as many in each, any may return.

        Args:
            dataset: What a loader was asked for.
            epoch: Counted from 0.

        Raises:
            UserError: Classes shall be balanced where there are none.
        """
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
        return Fetch(dataset, self._transforms(split), self.seed, self.collate, skip)

    def loader(self, split: str, dataset: Dataset[Any]) -> DataLoader[Any]:
        """A loader that starts at the batch where training stands; others start at the first.

        Args:
            split: What is done with it, and so how it is transformed: only "train" is shuffled.
            dataset: One of ``self.datasets``, or any other.
        """
        if is_stream(dataset):
            transforms, training = self._transforms(split), split == "train"
            return make_stream_loader(
                dataset, transforms, self.seed, self.collate, self.config, self.trainer, training
            )
        parts = self.fetch(split, dataset), self.config, self.trainer
        if split != "train":
            return make_loader(*parts)
        order = partial(sampling.checked_order, self.order, dataset)
        return make_loader(*parts, order, left_out(self.run.folder) if self.run else {})

    def _transforms(self, split: str) -> Callable[[Any], Any] | None:
        return self.transforms("val" if self.overfits else split)

    def train_dataloader(self) -> Any:
        return self.loader("train", self.examples("train"))

    def val_dataloader(self) -> Any:
        return self.loader("val", self.examples("val")) if self.has("val") else []

    def test_dataloader(self) -> Any:
        return self.loader("test", self.examples("test"))

    def predict_dataloader(self) -> Any:
        if self.predict_path is None:
            return self.loader("predict", self.examples(self.predict_split))
        return self.loader("predict", self.predict_dataset(self.predict_path))

    def predict_dataset(self, path: Path) -> Dataset[Any]:
        raise UserError("predict_dataset() in experiment/data.py says how to read --input")

    def predict_names(self) -> list[str]:
        """What each predicted sample is called, such as its file; empty without names."""
        return predicted_names(self.trainer) if self.trainer else []

    def teardown(self, stage: str) -> None:
        """Say how many examples of the stage were left out or not read as they are."""
        say_what_was_read(loaders_of(self.trainer, stage) if self.trainer else {})

    def _load(self) -> None:
        self.prepare_data()
        self.setup("fit")
