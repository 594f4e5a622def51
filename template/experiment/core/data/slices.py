"""The examples that ``data.limit``, ``data.indices`` and ``data.overfit_batches`` leave.

Template's file: updates replace it. To slice otherwise, override ``DataModule.examples``.
"""

from typing import Any

from torch.utils.data import Dataset

from ..config.data import BaseDataConfig
from ..errors import UserError
from .datasets import Subset, is_stream, labels_of, num_examples
from .splitting import evenly, first_of_each_class
from .streams import FirstOf


def sliced(dataset: Dataset[Any], config: BaseDataConfig, training: bool) -> Dataset[Any]:
    """What the configuration leaves of a dataset.

    Args:
        dataset: All of it.
        config: What is left.
        training: Whether these are training examples, which alone ``indices`` speak of.

    Raises:
        UserError: An index lies outside of it, or a stream cannot be sliced so.
    """
    if is_stream(dataset):
        return _sliced_stream(dataset, config, training)
    if training and config.indices is not None:
        dataset = Subset(dataset, _checked(config.indices, num_examples(dataset)))
    limit, count = config.limit, num_examples(dataset)
    if limit is not None and limit < count:
        dataset = Subset(dataset, first_of_each_class(count, labels_of(dataset), limit))
    if training and config.overfit_batches is not None:
        count, wanted = num_examples(dataset), config.overfit_batches * config.batch_size
        dataset = Subset(dataset, evenly(count, min(count, wanted)))
    return dataset


def _checked(indices: list[int], count: int) -> list[int]:
    for index in indices:
        if not 0 <= index < count:
            raise UserError(f"data.indices: {index} is none of 0 to {count - 1}")
    return indices


def _sliced_stream(stream: Any, config: BaseDataConfig, training: bool) -> Any:
    if training and config.indices is not None:
        raise UserError("data.indices: the training data is a stream, without numbers")
    limits = [] if config.limit is None else [config.limit]
    if training and config.overfit_batches is not None:
        limits.append(config.overfit_batches * config.batch_size)
    return FirstOf(stream, min(limits)) if limits else stream


def refuse_streams(what: str, *datasets: Any) -> None:
    """Raise UserError where one of them is a stream, of which ``what`` is not possible."""
    if any(is_stream(dataset) for dataset in datasets):
        raise UserError(f"{what}: the data is a stream, which cannot be parted")
