"""The batches that ``main.py smoke`` and tests/test_contract.py look at.

Template's file: updates replace it.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_args, get_type_hints

import pytorch_lightning as pl
from pytorch_lightning.utilities.combined_loader import CombinedLoader
from pytorch_lightning.utilities.model_helpers import is_overridden

from ..data.datamodule import DataModule
from ..data.seeding import seed_all
from ..data.streams import StreamLoader
from ..data.train_loaders import batch_sampler
from ..inspect.equality import equal
from ..module.expected import Expected

RANDOM_NAMES = ("predict_step", "train_dataloader")  # what may differ in spite of the same seeds
STAGES = {"train": "fit", "val": "fit"}  # in which a split is read, where it is called otherwise
SPLITS = ("test", "val", "train")  # the first that there is predicts


class Once:
    """A loader of one batch, the same again and again.

    Args:
        batch: As a step gets it.
        times: How often in an epoch.
    """

    def __init__(self, batch: Any, times: int = 1) -> None:
        self.batch, self.times = batch, times

    def __len__(self) -> int:
        return self.times

    def __iter__(self) -> Iterator[Any]:
        # Copies: a step may change what it gets.
        return (deepcopy(self.batch) for _ in range(self.times))


def demo_or_configured(config: Any) -> str:
    """The demo while that is a choice, else what is configured."""
    source = get_type_hints(type(config.data))["source"]
    return "demo" if "demo" in get_args(source) else config.data.source


def first_batch(data: Any) -> Any:
    """The first training batch, as a step gets it: of several loaders, of all together."""
    _set_up(data, "fit")
    return next(iter(combined(data.train_dataloader())))[0]


def ask_of_first_batch(expected: Expected, data: Any) -> None:
    """Whether it is the same again: core's loaders see to it, others draw from what is seeded."""
    _set_up(data, "fit")
    ours = all(map(_is_ours, combined(data.train_dataloader()).flattened))
    batches = []
    for _ in range(2):
        if not ours:
            seed_all(0)
        batches.append(first_batch(data))
    name = ["train_dataloader"]
    so, not_so = ((), name) if equal(*batches) else (name, ())
    expected.compare("random", so, not_so, RANDOM_NAMES)


def predict_loaders(data: Any) -> tuple[Any, str]:
    """The first batch of each loader of ``predict``, and where it comes from.

    That is what ``predict`` reads without ``--input``; else the test or validation batches.
    """
    held = [split for split in SPLITS if isinstance(data, DataModule) and data.holds(split)]
    if held and not data.holds(data.predict_split):
        data.predict_split = held[0]
    for name in ("predict", "test", "val", "train"):
        if not (isinstance(data, DataModule) or is_overridden(f"{name}_dataloader", data)):
            continue
        try:
            once = once_each(data, name)
        except Exception:
            if name == "predict" and held and not has_own_predict_loader(data):
                raise
            continue  # one that reads what only --input brings
        if once:
            return once, name
    return Once(first_batch(data)), "train"


def has_own_predict_loader(data: Any) -> bool:
    """Whether data.py says itself which batches ``predict`` gets."""
    base = DataModule if isinstance(data, DataModule) else pl.LightningDataModule
    return type(data).predict_dataloader is not base.predict_dataloader


def once_each(data: Any, split: str) -> Any:
    """A loader of the first batch alone; of several loaders, each; of none, nothing."""
    _set_up(data, STAGES.get(split, split))
    loaders = getattr(data, f"{split}_dataloader")()
    flat = [] if loaders is None else CombinedLoader(loaders, "sequential").flattened
    once = [Once(next(iter(loader))) for loader in flat]
    return once[0] if len(once) == 1 else once


def _set_up(data: pl.LightningDataModule, stage: str) -> None:
    """As a Trainer does, whose part this is for a plain LightningDataModule; core's do it once."""
    data.prepare_data()
    data.setup(stage)


def combined(loaders: Any) -> CombinedLoader:
    """One loader of all, as a Trainer reads them."""
    if isinstance(loaders, CombinedLoader):
        return loaders
    return CombinedLoader(loaders, "max_size_cycle")


def _is_ours(loader: Any) -> bool:
    return batch_sampler(loader) is not None or isinstance(loader, StreamLoader)


def describe_batch(batch: Any) -> str:
    """``image (128, 1, 8, 8) float32, label (128,) int64``; of several loaders, each by name."""
    return ", ".join(_described(batch, "")) or type(batch).__name__


def _described(part: Any, name: str) -> Iterator[str]:
    if hasattr(part, "shape"):
        dtype = str(part.dtype).removeprefix("torch.")
        yield f"{name} {tuple(part.shape)} {dtype}".strip()
        return
    keys, parts = getattr(part, "_fields", None), part
    if isinstance(part, dict):
        keys, parts = part.keys(), part.values()
    elif not isinstance(part, (tuple, list)) or (part and isinstance(part[0], str)):
        return  # texts and the like
    for key, inside in zip(keys or range(len(part)), parts, strict=True):
        yield from _described(inside, f"{name}.{key}" if name else str(key))
