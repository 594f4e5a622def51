"""Mean and deviation of an image's channels, which the model's input is normalised by.

Template's file: updates replace it. To normalise otherwise, write ``find_facts`` in data.py anew.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch

from ..datamodule import DataModule
from ..datasets import is_stream, num_examples
from ..errors import DataError
from ..fetch import Fetch
from ..splitting import evenly
from ..streams import StreamBatches

PART = 32  # images measured at once: 200 MB, if they have 512 x 512 pixels
LEAST = 0.01  # a deviation to divide by, where all pixels are alike


def pixel_statistics(data: DataModule[Any], most: int = 2000) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel, for values from 0 to 1.

    Args:
        data: Has training examples with an ``image`` of bytes.
        most: Of how many they are, spread evenly over them; of a stream, of how many at its start.

    Raises:
        DataError: No image can be read, or one of them where none is to be skipped.
    """
    count, sums, squares = 0, torch.zeros(1), torch.zeros(1)
    for batch in _parts(data, most):
        pixels = batch.image.double().transpose(0, 1).flatten(1)  # (channels, pixels)
        count += pixels.shape[1]
        sums = sums + pixels.sum(dim=1)  # of whole numbers, and so exact in any order
        squares = squares + pixels.square().sum(dim=1)
    if not count:
        raise DataError("there is no image to measure")
    variance = (squares - sums.square() / count) / max(count - 1, 1)
    deviation = variance.clamp(min=0).sqrt() / 255
    return (sums / count / 255).tolist(), deviation.clamp(min=LEAST).tolist()


def _parts(data: DataModule[Any], most: int) -> Iterator[Any]:
    """The examples as they are, some at a time; of a stream, the first ones."""
    dataset, skip = data.examples("train"), data.config.on_error == "skip"
    if is_stream(dataset):
        stream = StreamBatches(dataset, None, data.seed, data.collate, batch_size=PART)
        yield from islice(stream, -(-most // PART))
        return
    total = num_examples(dataset)
    chosen = evenly(total, min(most, total))
    fetch, read, unreadable = Fetch(dataset, None, data.seed, data.collate, skip), 0, None
    for start in range(0, len(chosen), PART):
        try:
            part = fetch.untransformed(chosen[start : start + PART])
        except DataError as error:
            if not skip:
                raise
            unreadable = error
        else:
            read += 1
            yield part
    if unreadable and not read:
        raise unreadable
