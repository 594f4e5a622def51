"""Images with a class for each pixel, wherever they lie; what every reader of masks returns.

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
from ..images.files import UNREADABLE, open_pixels, read_all, unreadable
from ..images.labelled_images import LabelledImages, record_among
from ..images.values import ValueRange, add_remarks, seen, shared_remarks
from ..listed import Listed, deep_among, listed_images, opened_among
from ..notes import Notes
from ..records import Record
from ..resize import letterbox, letterbox_mask, resized, resized_masks
from ..sampling import Indices
from ..summary import listed

# The class number of a pixel that does not count: what VOC, Cityscapes and most tools write for it,
# the last one that a byte can hold, so that a mask is as small as it can be.
IGNORED = 255
BatchT = TypeVar("BatchT", bound=tuple[Any, ...])
MakeBatch = Callable[[tv_tensors.Image, tv_tensors.Mask, Tensor], BatchT]


@dataclass
class MaskedImages:
    """Images that can be opened one by one, and the class of each of their pixels.

    Args:
        class_names: The name of each class, by its number.
        open: Opens the image with a number; raises DataError when it cannot. Worker processes get a
            copy of it: a function of a module or a ``partial`` of one, not a lambda.
        open_mask: The same of its mask: class numbers in bytes, ``IGNORED`` where none counts. It
            lies as the image does when a person looks at it, and may be smaller or larger. None:
            nobody knows the classes, so that the images are for ``predict`` alone.
        channels: 1 for grey, 3 for RGB; every image is converted.
        names: What each image is called, such as its file.
        count: How many there are, where ``names`` has none.
        pixels: All images, where they are in memory already.
        masks: The same of the masks.
        notes: Where they are from, and what was passed over there.
        maybe_deep: Says which images may have more than 8 bits a channel.
        value_range: Which of their values become 0 and 1.

    Shape:
        - pixels: ``(examples, channels, height, width)``, bytes
        - masks: ``(examples, height, width)``, bytes
    """

    class_names: list[str]
    open: Callable[[int], Image.Image]
    open_mask: Callable[[int], Image.Image] | None
    channels: int
    names: Sequence[str] = ()
    count: int = 0
    pixels: Tensor | None = None
    masks: Tensor | None = None
    notes: Notes = field(default_factory=Notes)
    maybe_deep: Callable[[], Sequence[int]] = list
    value_range: ValueRange = field(default_factory=ValueRange)

    def __len__(self) -> int:
        return len(self.names) or self.count

    @property
    def labelled(self) -> bool:
        """Whether anyone knows the classes."""
        return self.open_mask is not None

    @property
    def _are_squares(self) -> bool:
        """Whether all are in memory, and have no border when they are fitted into squares."""
        if self.pixels is None or self.masks is None:
            return False
        height, width = self.pixels.shape[-2:]
        return height == width and self.masks.shape[-2:] == (height, width)

    def name(self, index: int) -> str:
        """What to call an image in a message."""
        return self.names[index] if self.names else f"image {index}"

    def read(self, index: int, side: int) -> tuple[Tensor, Tensor, Tensor]:
        """One image in the middle of a square, its mask there, and its own height and width.

        The image is black and the mask ``IGNORED`` where the square goes on beyond the image.

        Shape:
            - output: ``(channels, side, side)``, of the value range's type; ``(side, side)``,
              bytes; ``(2,)``
        """
        return self.read_remarking(index, side)[:3]

    def read_remarking(self, index: int, side: int) -> tuple[Tensor, Tensor, Tensor, int]:
        """The same, and the bits of the remarks about it: ``images.values.REMARKS``."""
        try:
            found = seen(self.open(index), self.channels, self.value_range)
            square = found.tensor(partial(letterbox, side=side))
        except DataError:
            raise
        except UNREADABLE as error:
            raise DataError(unreadable(self.name(index), error)) from None
        width, height = found.size
        mask = self.mask(index, found.size)
        if not same_shape(mask.size, found.size):
            raise DataError(
                f"{self.name(index)} is {width} x {height} pixels, its mask {mask.width} x "
                f"{mask.height}, expected the same: mend one of them, or set data.on_error=skip"
            )
        placed = letterbox_mask(mask, (height, width), side, IGNORED)
        classes = torch.from_numpy(np.array(placed))
        return square, classes, torch.tensor([height, width]), found.remarks

    def mask(self, index: int, size: tuple[int, int]) -> Image.Image:
        """The mask of an image of this width and height; ``IGNORED`` where nobody knows it."""
        if self.open_mask is None:
            return Image.new("L", size, IGNORED)
        return self.open_mask(index)

    def dataset(
        self, batch_type: MakeBatch[BatchT], side: int, config: BaseDataConfig
    ) -> Dataset[BatchT]:
        """The images as squares: in memory if they fit there, else read when they are needed."""
        pixels = len(self) * side * side
        needed = pixels * (self.channels * self.value_range.dtype.itemsize + 1)
        if needed > config.in_memory_mb * 2**20:
            return MaskedFiles(self, batch_type, side)
        squares, classes, sizes, kept = self._in_memory(side, config.on_error)
        examples = batch_type(
            tv_tensors.Image(torch.from_numpy(squares)),
            tv_tensors.Mask(torch.from_numpy(classes)),
            torch.from_numpy(sizes),
        )
        names = [self.name(index) for index in kept.tolist()] if self.names else []
        record = partial(record_among, self, torch.from_numpy(kept))
        content = partial(content_among, self)
        return TensorData(
            examples, None, names, record, self.notes, self.class_names, self.labelled, content
        )

    def among(self, kept: Indices) -> "MaskedImages":
        """Some of the images, by their numbers."""
        chosen = torch.from_numpy(kept)
        masks = self.open_mask
        return replace(
            self,
            open=partial(opened_among, self.open, kept),
            open_mask=None if masks is None else partial(opened_among, masks, kept),
            names=[self.name(index) for index in kept.tolist()],
            count=len(kept),
            pixels=None if self.pixels is None else self.pixels[chosen],
            masks=None if self.masks is None else self.masks[chosen],
            maybe_deep=partial(deep_among, self.maybe_deep, kept),
        )

    def listed(self) -> Listed:
        """What the images are called, and what is in them."""
        return listed_images(self)

    def record(self, index: int) -> Record:
        """An image as it lies there, and its mask as an image of class numbers."""
        mask = None if self.open_mask is None else self.open_mask(index)
        return Record(self.name(index), self.open(index), mask)

    def content(self, indices: Indices | None = None) -> str:
        """Which classes there are, in words."""
        return f"masks of {len(self.class_names)} classes: {listed(self.class_names)}"

    def _in_memory(self, side: int, on_error: str) -> tuple[Any, Any, Any, Indices]:
        """Squares, masks and sizes of every image that can be read, and which those are."""
        count = len(self)
        sizes, kept = np.empty((count, 2), dtype=np.int64), np.arange(count)
        if self._are_squares and self.value_range.fits_bytes:
            assert self.pixels is not None
            assert self.masks is not None
            sizes[:] = self.pixels.shape[-2:]
            squares = resized(self.pixels, side).numpy()
            return squares, resized_masks(self.masks, side).numpy(), sizes, kept
        # Arrays: a tensor made in inference mode refuses what other threads write to it.
        dtype = np.uint8 if self.value_range.fits_bytes else np.float32
        squares = np.empty((count, self.channels, side, side), dtype)
        classes = np.empty((count, side, side), np.uint8)
        remarks = np.zeros(count, dtype=np.uint8)

        def read(index: int) -> None:
            found = self.read_remarking(index, side)
            squares[index], classes[index], sizes[index], remarks[index] = found

        kept = read_all(count, read, self.name, on_error, self.notes)
        add_remarks(self.notes, remarks, self.name)
        if len(kept) < count:
            squares, classes, sizes = squares[kept], classes[kept], sizes[kept]
        return squares, classes, sizes, kept


class MaskedFiles(Dataset[BatchT], Generic[BatchT]):
    """Images that are read when they are needed; see ``MaskedImages.dataset``."""

    def __init__(self, images: MaskedImages, batch_type: MakeBatch[BatchT], side: int) -> None:
        self.images, self.batch_type, self.side = images, batch_type, side
        self.names, self.record = images.names, images.record
        self.notes, self.class_names = images.notes, images.class_names
        self.remarks = shared_remarks(len(images))
        self.labelled, self.content = images.labelled, images.content

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> BatchT:
        found = self.images.read_remarking(index, self.side)
        image, mask, size, self.remarks[index] = found
        return self.batch_type(tv_tensors.Image(image), tv_tensors.Mask(mask), size)

    def late_notes(self) -> Notes:
        """What was remarked of the images that were read so far."""
        return add_remarks(Notes(), self.remarks.numpy(), self.images.name)


def same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two images differ in scale alone: width is to height alike, but for one pixel.

    One pixel more on one side alone is no scale: what was it cut from?
    """
    if one[0] == other[0] or one[1] == other[1]:
        return one == other
    return abs(one[0] * other[1] - one[1] * other[0]) <= max(*one, *other)


def from_pixels(
    pixels: Tensor, masks: Tensor, class_names: Sequence[str], place: str = ""
) -> MaskedImages:
    """Images that are in memory as ``(examples, channels, height, width)`` bytes.

    Args:
        pixels: All of them.
        masks: ``(examples, height, width)`` bytes: class numbers, or ``IGNORED``.
        class_names: The name of each class, by its number.
        place: Where they are from, for the lines that a start prints.

    Raises:
        DataError: A mask has a number of no class.
    """
    unknown = masks[(masks >= len(class_names)) & (masks != IGNORED)]
    if len(unknown):
        raise DataError(
            f"a mask has {int(unknown[0])} in it; expected are the numbers of the "
            f"{len(class_names)} classes, from 0 on, and {IGNORED} where none counts"
        )
    return MaskedImages(
        list(class_names),
        partial(open_pixels, pixels),
        partial(open_pixels, masks),
        pixels.shape[1],
        count=len(pixels),
        pixels=pixels,
        masks=masks,
        notes=Notes(place),
    )


def without_masks(images: LabelledImages) -> MaskedImages:
    """Images of which nothing is known, such as those to predict on."""
    return MaskedImages(
        images.class_names,
        images.open,
        None,
        images.channels,
        images.names,
        count=len(images),
        notes=images.notes,
        value_range=images.value_range,
    )


def content_among(images: MaskedImages, indices: Indices | None = None) -> str:
    """``content`` of images of which only some were kept."""
    return images.content(indices)
