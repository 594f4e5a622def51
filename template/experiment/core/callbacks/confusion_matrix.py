"""Which class was taken for which in a test: ``confusion.csv`` and ``confusion.png`` of the run.

Template's file: updates replace it. It goes by what ``update_metrics`` in module.py is shown;
module/understood_outcomes.py lists the forms. Of objects it has a row a class: found, missed,
spurious at an overlap of a half.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.loggers.logger import Logger

from ..console import say
from ..data.train_loaders import batch_sampler, named
from ..files import shown, writable
from ..inspect.confusion import Confusion, counts_of, named_confusion
from ..inspect.confusion_drawing import draw_confusion
from ..loggers.tensorboard import TensorBoard
from ..loggers.wandb import Wandb
from ..module.understood_outcomes import OutcomeWatcher, outcome_of
from ..runs.disk_errors import outlived
from ..runs.run import Run

NAME = "confusion"
SURE = 0.5  # detections of less confidence do not count, unless model.min_confidence says otherwise
ROWS = 10_000  # of W&B's table, which takes no more
Counts = dict[str, tuple[str, NDArray[np.int64]]]  # by the loader's suffix


class ConfusionMatrix(OutcomeWatcher):
    """Counts while a test runs, and writes at its end; exact over several processes.

    Args:
        run: Into whose folder.
        sure: Detections of less confidence do not count.
    """

    def __init__(self, run: Run, sure: float = SURE) -> None:
        self.run, self.sure = run, sure
        self.counts: Counts = {}
        self._repeats = False

    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.counts = {}

    def on_test_batch_start(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """See whether this process makes up the number of its batches with another's example."""
        loaders = list(named(trainer.test_dataloaders).values())
        sampler = batch_sampler(loaders[dataloader_idx])
        self._repeats = sampler is not None and (
            sampler.num_examples - batch_idx * sampler.global_batch_size <= sampler.rank
        )

    def see(self, trainer: pl.Trainer, split: str, suffix: str, shown: Any) -> None:
        if not trainer.testing or split != "test" or self._repeats:
            return
        facts = _facts(trainer)
        outcome = outcome_of(shown, facts)
        if outcome is None:
            return
        found = counts_of(outcome, len(getattr(facts, "class_names", ())), self.sure)
        if found is not None:
            _add(self.counts, suffix, *found)

    def on_test_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        counts = _of_all_processes(trainer, self.counts)
        self.counts = {}
        if not trainer.is_global_zero:
            return
        names = getattr(_facts(trainer), "class_names", ())
        for suffix, (counted, table) in counts.items():
            confusion = named_confusion(names, counted, table, f"test{suffix}")
            self._write(confusion, suffix, trainer)

    def _write(self, confusion: Confusion, suffix: str, trainer: pl.Trainer) -> None:
        file = self.run.folder / f"{NAME}{suffix.replace('/', '-')}.csv"
        picture = draw_confusion(confusion)
        with outlived(file):  # somebody else's run may be there to be looked at only
            _write_table(file, confusion)
            picture.save(file.with_suffix(".png"), "PNG")
            say(f"confusion: {shown(file)} and {file.with_suffix('.png').name}")
        for logger in trainer.loggers:
            _log(logger, confusion, picture, max(0, trainer.global_step - 1))


def sure_of(config: Any) -> float:
    """The confidence from which on a detection counts: that of ``predict``, if there is one."""
    found = getattr(getattr(config, "model", None), "min_confidence", None)
    return float(found) if isinstance(found, (int, float)) else SURE


def _facts(trainer: pl.Trainer) -> Any:
    """What the data tells the model, where that is known already."""
    data: Any = getattr(trainer, "datamodule", None)
    return data.known_facts if hasattr(data, "known_facts") else getattr(data, "facts", None)


def merge_counts(parts: list[Counts]) -> Counts:
    """The counts of several processes, together."""
    merged: Counts = {}
    for part in parts:
        for suffix, (counted, table) in part.items():
            _add(merged, suffix, counted, table)
    return merged


def _add(counts: Counts, suffix: str, counted: str, table: NDArray[np.int64]) -> None:
    before = counts.get(suffix)
    counts[suffix] = (counted, table if before is None else before[1] + table)


def _of_all_processes(trainer: pl.Trainer, counts: Counts) -> Counts:
    if trainer.world_size == 1:
        return counts
    gathered: list[Any] = [None] * trainer.world_size
    torch.distributed.all_gather_object(gathered, counts)
    return merge_counts(gathered)


def _write_table(file: Path, confusion: Confusion) -> None:
    head, rows = confusion.table()
    with open(file, "w", newline="", encoding="utf-8") as stream:
        written = [[writable(str(cell)) for cell in row] for row in (head, *rows)]
        csv.writer(stream).writerows(written)


def _log(logger: Logger, confusion: Confusion, picture: Any, step: int) -> None:
    name = f"{confusion.title}/{NAME}"
    if isinstance(logger, TensorBoard):
        logger.log_picture(name, picture, step)
    if not isinstance(logger, Wandb):
        return
    if logger.config.images:
        logger.log_picture(name, picture, step)
    if logger.config.tables:
        head, rows = confusion.table()
        if confusion.counted != "objects":  # a column a class could be thousands
            head, rows = ["true", "taken for", "count"], _pairs(confusion)
        words = [[writable(c) if isinstance(c, str) else c for c in row] for row in rows]
        logger.log_rows(f"{name}_table", head, words, step)


def _pairs(confusion: Confusion) -> list[list[object]]:
    """Each pair that is there, the right ones first, then the most frequent mistakes."""
    right = confusion.counts.diagonal().tolist()
    kept = [[n, n, c] for n, c in zip(confusion.names, right, strict=True) if c]
    return [*kept, *map(list, confusion.mistakes(ROWS))][:ROWS]
