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
LEAST = 0.01  # a deviation to divide by, where all pixels of a channel are alike
ALIKE = 1e-6  # a deviation that rounding alone may bring


def pixel_statistics(data: DataModule[Any], most: int = 2000) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel, for values from 0 to 1.

    Args:
        data: Has training examples with an ``image``, of bytes or of floats from 0 to 1.
        most: Of how many they are, spread evenly over them; of a stream, of how many at its start.

    Raises:
        DataError: No image can be read, or one of them where none is to be skipped; or all of
            their pixels are alike.
    """
    count, sums, squares, top = 0, torch.zeros(1), torch.zeros(1), 1
    for batch in _parts(data, most):
        top = 1 if batch.image.is_floating_point() else torch.iinfo(batch.image.dtype).max
        pixels = batch.image.double().transpose(0, 1).flatten(1)  # (channels, pixels)
        count += pixels.shape[1]
        sums = sums + pixels.sum(dim=1)  # of whole numbers, and so exact in any order
        squares = squares + pixels.square().sum(dim=1)
    if not count:
        raise DataError("there is no image to measure")
    variance = (squares - sums.square() / count) / max(count - 1, 1)
    mean, deviation = sums / count / top, variance.clamp(min=0).sqrt() / top
    if deviation.max() < ALIKE:
        raise DataError(
            f"the pixels of all training images are alike (about {mean.mean():.3g} of 0 to 1): "
            "nothing can be learned of them; where values are that small, or lie outside of "
            "data.value_range, state what is black and white by data.value_range='[low, high]'"
        )
    return mean.tolist(), deviation.clamp(min=LEAST).tolist()


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
