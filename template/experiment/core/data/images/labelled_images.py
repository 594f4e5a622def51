"""Images with a class each, wherever they lie; what every reader of images returns.

Template's file: updates replace it. To prepare images otherwise, write a dataset in data.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors

from ...config.data import BaseDataConfig
from ..datasets import TensorData
from ..errors import DataError
from ..listed import Listed, deep_among, listed_images, opened_among
from ..notes import Notes
from ..records import Record
from ..resize import cut_to_square, resized
from ..sampling import Indices
from .files import UNREADABLE, open_pixels, read_all, unreadable
from .values import ValueRange, add_remarks, seen, shared_remarks

BatchT = TypeVar("BatchT", bound=tuple[Any, ...])


@dataclass
class LabelledImages:
    """Images that can be opened one by one, and the class of each.

    Args:
        labels: Class numbers.
        class_names: The name of each class, by its number.
        open: Opens the image with a number; raises DataError when it cannot. Worker processes get a
            copy of it: a function of a module or a ``partial`` of one, not a lambda.
        channels: 1 for grey, 3 for RGB; every image is converted.
        names: What each image is called, such as its file.
        pixels: All of them, where they are in memory already.
        notes: Where they are from, and what was passed over there.
        maybe_deep: Says which images may have more than 8 bits a channel.
        value_range: Which of their values become 0 and 1.

    Shape:
        - labels: ``(examples,)``
        - pixels: ``(examples, channels, height, width)``, bytes
    """

    labels: Tensor
    class_names: list[str]
    open: Callable[[int], Image.Image]
    channels: int
    names: Sequence[str] = ()
    pixels: Tensor | None = None
    notes: Notes = field(default_factory=Notes)
    maybe_deep: Callable[[], Sequence[int]] = list
    value_range: ValueRange = field(default_factory=ValueRange)

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, index: int) -> str:
        """What to call an image in a message."""
        return self.names[index] if self.names else f"image {index}"

    def read(self, index: int, size: int) -> Tensor:
        """One image, turned upright, cut to a square about its middle and resized.

        Shape:
            - output: ``(channels, size, size)``, of the value range's type
        """
        return self.read_remarking(index, size)[0]

    def read_remarking(self, index: int, size: int) -> tuple[Tensor, int]:
        """The same, and the bits of the remarks about it: ``values.REMARKS``."""
        image = self.open(index)
        try:
            found = seen(image, self.channels, self.value_range)
            return found.tensor(partial(cut_to_square, side=size)), found.remarks
        except UNREADABLE as error:
            raise DataError(unreadable(self.name(index), error)) from None

    def dataset(
        self,
        batch_type: Callable[[tv_tensors.Image, Tensor], BatchT],
        size: int,
        config: BaseDataConfig,
    ) -> Dataset[BatchT]:
        """The images at one size: in memory if they fit there, else read when they are needed."""
        values = len(self) * self.channels * size * size
        if values * self.value_range.dtype.itemsize > config.in_memory_mb * 2**20:
            return ImageFiles(self, batch_type, size)
        if self.pixels is not None and self.value_range.fits_bytes:
            pixels, kept = resized(self.pixels, size), torch.arange(len(self))
        else:
            pixels, kept = self._read_all(size, config.on_error)
        labels = self.labels[kept]
        names = [self.name(index) for index in kept.tolist()] if self.names else []
        examples = batch_type(tv_tensors.Image(pixels), labels)
        record = partial(record_among, self, kept)
        return TensorData(examples, labels, names, record, self.notes, self.class_names)

    def among(self, kept: Indices) -> "LabelledImages":
        """Some of the images, by their numbers."""
        chosen = torch.from_numpy(kept)
        return replace(
            self,
            labels=self.labels[chosen],
            open=partial(opened_among, self.open, kept),
            names=[self.name(index) for index in kept.tolist()],
            pixels=None if self.pixels is None else self.pixels[chosen],
            maybe_deep=partial(deep_among, self.maybe_deep, kept),
        )

    def listed(self) -> Listed:
        """What the images are called, and what is in them."""
        return listed_images(self)

    def record(self, index: int) -> Record:
        """An image as it lies there, and the name of its class."""
        number = int(self.labels[index])
        label = self.class_names[number] if number >= 0 else None
        return Record(self.name(index), self.open(index), label)

    def _read_all(self, size: int, on_error: str) -> tuple[Tensor, Tensor]:
        """The pixels of every image that can be read, and which those are."""
        # An array: a tensor made in inference mode refuses what other threads write to it.
        dtype = np.uint8 if self.value_range.fits_bytes else np.float32
        pixels = np.empty((len(self), self.channels, size, size), dtype)
        remarks = np.zeros(len(self), dtype=np.uint8)

        def read(index: int) -> None:
            pixels[index], remarks[index] = self.read_remarking(index, size)

        kept = read_all(len(self), read, self.name, on_error, self.notes)
        add_remarks(self.notes, remarks, self.name)
        return torch.from_numpy(pixels if len(kept) == len(self) else pixels[kept]), (
            torch.from_numpy(kept)
        )


class ImageFiles(Dataset[BatchT], Generic[BatchT]):
    """Images that are read when they are needed; see ``LabelledImages.dataset``."""

    def __init__(
        self,
        images: LabelledImages,
        batch_type: Callable[[tv_tensors.Image, Tensor], BatchT],
        size: int,
    ) -> None:
        self.images, self.batch_type, self.size = images, batch_type, size
        self.labels, self.names = images.labels, images.names
        self.record, self.notes, self.class_names = images.record, images.notes, images.class_names
        self.remarks = shared_remarks(len(images))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> BatchT:
        pixels, self.remarks[index] = self.images.read_remarking(index, self.size)
        return self.batch_type(tv_tensors.Image(pixels), self.labels[index])

    def late_notes(self) -> Notes:
        """What was remarked of the images that were read so far."""
        return add_remarks(Notes(), self.remarks.numpy(), self.images.name)


def record_among(images: Any, kept: Tensor, index: int) -> Record:
    """The record of one of those that could be read."""
    return images.record(int(kept[index]))


def from_pixels(
    pixels: Tensor, labels: Tensor, class_names: Sequence[str], place: str = ""
) -> LabelledImages:
    """Images that are in memory as ``(examples, channels, height, width)`` bytes.

    Args:
        pixels: All of them.
        labels: Class numbers.
        class_names: The name of each class, by its number.
        place: Where they are from, for the lines that a start prints.
    """
    opened, channels = partial(open_pixels, pixels), pixels.shape[1]
    notes = Notes(place)
    return LabelledImages(labels, list(class_names), opened, channels, pixels=pixels, notes=notes)
