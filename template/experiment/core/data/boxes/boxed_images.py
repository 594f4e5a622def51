"""Images with boxes about their objects, wherever they lie; what every reader of boxes returns.

Template's file: updates replace it. To prepare images otherwise, write a dataset in data.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors

from ...config.data import BaseDataConfig
from ..datasets import TensorData
from ..errors import DataError
from ..images.files import UNREADABLE, read_all, unreadable
from ..images.labelled_images import LabelledImages, record_among
from ..images.values import ValueRange, add_remarks, seen, shared_remarks
from ..listed import Listed, deep_among, listed_images, opened_among
from ..notes import Notes
from ..records import Record
from ..resize import letterbox, resized
from ..sampling import Indices
from ..summary import listed
from .geometry import as_boxes, into_square

BatchT = TypeVar("BatchT", bound=tuple[Any, ...])
MakeBatch = Callable[[tv_tensors.Image, tv_tensors.BoundingBoxes, Tensor, Tensor], BatchT]


@dataclass
class BoxedImages:
    """Images that can be opened one by one, and boxes about the objects in each.

    Args:
        boxes: Left, top, right, bottom of each object; zero where there is none.
        labels: Class numbers; -1 where there is no object.
        class_names: The name of each class, by its number.
        open: Opens the image with a number; raises DataError when it cannot. Worker processes get a
            copy of it: a function of a module or a ``partial`` of one, not a lambda.
        channels: 1 for grey, 3 for RGB; every image is converted.
        names: What each image is called, such as its file.
        sizes: Height and width that the annotations speak of; None: boxes are shares of both,
            or in pixels of ``pixels``.
        pixels: All images, where they are in memory already: squares.
        notes: Where they are from, and what was passed over or mended there.
        maybe_deep: Says which images may have more than 8 bits a channel.
        value_range: Which of their values become 0 and 1.
        labelled: Whether anyone knows the objects; else they are for ``predict`` alone.

    Shape:
        - boxes: ``(examples, objects, 4)``
        - labels: ``(examples, objects)``
        - sizes: ``(examples, 2)``
        - pixels: ``(examples, channels, side, side)``, bytes
    """

    boxes: Tensor
    labels: Tensor
    class_names: list[str]
    open: Callable[[int], Image.Image]
    channels: int
    names: Sequence[str] = ()
    sizes: Tensor | None = None
    pixels: Tensor | None = None
    notes: Notes = field(default_factory=Notes)
    maybe_deep: Callable[[], Sequence[int]] = list
    value_range: ValueRange = field(default_factory=ValueRange)
    labelled: bool = True

    def __post_init__(self) -> None:
        if self.pixels is not None and self.sizes is None:
            self.sizes = torch.tensor(self.pixels.shape[-2:]).expand(len(self.pixels), 2)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def most_objects(self) -> int:
        """How many objects the fullest image has, 1 if none has any."""
        return max(1, int((self.labels >= 0).sum(dim=1).max())) if len(self) else 1

    def name(self, index: int) -> str:
        """What to call an image in a message."""
        return self.names[index] if self.names else f"image {index}"

    def with_room_for(self, objects: int) -> "BoxedImages":
        """The same images with so many rows for objects, at least as many as there are."""
        more = objects - self.labels.shape[1]
        boxes = F.pad(self.boxes, (0, 0, 0, more))
        return replace(self, boxes=boxes, labels=F.pad(self.labels, (0, more), value=-1))

    def read(self, index: int, side: int) -> tuple[Tensor, Tensor, Tensor]:
        """One image in the middle of a square, its boxes there, and its own height and width.

        Shape:
            - output: ``(channels, side, side)``, of the value range's type; ``(objects, 4)``;
              ``(2,)``
        """
        return self.read_remarking(index, side)[:3]

    def read_remarking(self, index: int, side: int) -> tuple[Tensor, Tensor, Tensor, int]:
        """The same, and the bits of the remarks about it: ``images.values.REMARKS``."""
        see = partial(seen, channels=self.channels, value_range=self.value_range)
        try:
            found = see(self.open(index))
            if self.sizes is not None and self.sizes[index].tolist() != [*found.size[::-1]]:
                found = see(self.open(index), upright=False)  # some annotate what the file holds
            square = found.tensor(partial(letterbox, side=side))
        except DataError:
            raise
        except UNREADABLE as error:
            raise DataError(unreadable(self.name(index), error)) from None
        width, height = found.size
        size = torch.tensor([height, width])
        if self.sizes is not None and not size.equal(self.sizes[index]):
            said = " x ".join(str(number) for number in self.sizes[index].flip(0).tolist())
            raise DataError(
                f"{self.name(index)} is {width} x {height} pixels, its annotations are "
                f"for {said}: mend one of them, or set data.on_error=skip"
            )
        boxes = self._in_square(self.boxes[index], size, self.labels[index], side)
        return square, boxes, size, found.remarks

    def dataset(
        self, batch_type: MakeBatch[BatchT], side: int, config: BaseDataConfig
    ) -> Dataset[BatchT]:
        """The images as squares: in memory if they fit there, else read when they are needed."""
        values = len(self) * self.channels * side * side
        if values * self.value_range.dtype.itemsize > config.in_memory_mb * 2**20:
            return BoxedFiles(self, batch_type, side)
        count = len(self)
        sizes, kept = np.empty((count, 2), dtype=np.int64), np.arange(count)
        boxes = self.boxes.numpy().copy()
        if self.pixels is not None and self.value_range.fits_bytes:
            pixels = resized(self.pixels, side).numpy()
            sizes[:] = self.pixels.shape[-2:]
            boxes = into_square(self.boxes, torch.from_numpy(sizes), side).numpy()
        else:
            # Arrays: a tensor made in inference mode refuses what other threads write to it.
            dtype = np.uint8 if self.value_range.fits_bytes else np.float32
            pixels = np.empty((count, self.channels, side, side), dtype)
            remarks = np.zeros(count, dtype=np.uint8)

            def read(index: int) -> None:
                found = self.read_remarking(index, side)
                pixels[index], boxes[index], sizes[index], remarks[index] = found

            kept = read_all(count, read, self.name, config.on_error, self.notes)
            add_remarks(self.notes, remarks, self.name)
        if len(kept) < count:
            pixels, boxes, sizes = pixels[kept], boxes[kept], sizes[kept]
        examples = batch_type(
            tv_tensors.Image(torch.from_numpy(pixels)),
            as_boxes(torch.from_numpy(boxes), side),
            self.labels[torch.from_numpy(kept)],
            torch.from_numpy(sizes),
        )
        names = [self.name(index) for index in kept.tolist()] if self.names else []
        record = partial(record_among, self, torch.from_numpy(kept))
        content = partial(content_among, self, kept)
        return TensorData(
            examples, None, names, record, self.notes, self.class_names, self.labelled, content
        )

    def among(self, kept: Indices) -> "BoxedImages":
        """Some of the images, by their numbers."""
        chosen = torch.from_numpy(kept)
        return replace(
            self,
            boxes=self.boxes[chosen],
            labels=self.labels[chosen],
            open=partial(opened_among, self.open, kept),
            names=[self.name(index) for index in kept.tolist()],
            sizes=None if self.sizes is None else self.sizes[chosen],
            pixels=None if self.pixels is None else self.pixels[chosen],
            maybe_deep=partial(deep_among, self.maybe_deep, kept),
        )

    def listed(self) -> Listed:
        """What the images are called, and what is in them."""
        return listed_images(self)

    def record(self, index: int) -> Record:
        """An image as it lies there, and its objects: each class's name and box, as annotated.

        Boxes are left, top, right, bottom in pixels of ``sizes``; without them, shares of an
        image's width and height.
        """
        there = self.labels[index] >= 0
        names = [self.class_names[number] for number in self.labels[index][there].tolist()]
        objects = list(zip(names, self.boxes[index][there].tolist(), strict=True))
        return Record(self.name(index), self.open(index), objects)

    def content(self, indices: Indices | None = None) -> str:
        """How many objects of which classes some of the images have, in words; None: all."""
        labels = self.labels.numpy() if indices is None else self.labels.numpy()[indices]
        there = labels >= 0
        names = [self.class_names[number] for number in np.unique(labels[there]).tolist()]
        text = f"{int(there.sum()):,} objects of {len(names)} classes"
        if names:
            text += f": {listed(names)}"
        without = int((~there.any(axis=1)).sum())
        return f"{text}; {without:,} without any" if without else text

    def _in_square(self, boxes: Tensor, size: Tensor, labels: Tensor, side: int) -> Tensor:
        if self.sizes is None:
            boxes = boxes * size.flip(0).repeat(2)
        return into_square(boxes, size, side) * (labels >= 0).unsqueeze(1)


class BoxedFiles(Dataset[BatchT], Generic[BatchT]):
    """Images that are read when they are needed; see ``BoxedImages.dataset``."""

    def __init__(self, images: BoxedImages, batch_type: MakeBatch[BatchT], side: int) -> None:
        self.images, self.batch_type, self.side = images, batch_type, side
        self.names, self.record = images.names, images.record
        self.notes, self.class_names = images.notes, images.class_names
        self.remarks = shared_remarks(len(images))
        self.labelled, self.content = images.labelled, images.content

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> BatchT:
        found = self.images.read_remarking(index, self.side)
        image, boxes, size, self.remarks[index] = found
        boxes = as_boxes(boxes, self.side)
        return self.batch_type(tv_tensors.Image(image), boxes, self.images.labels[index], size)

    def late_notes(self) -> Notes:
        """What was remarked of the images that were read so far."""
        return add_remarks(Notes(), self.remarks.numpy(), self.images.name)


def without_boxes(images: LabelledImages) -> BoxedImages:
    """Images of which nothing is known, such as those to predict on."""
    boxes, labels = torch.zeros(len(images), 1, 4), torch.full((len(images), 1), -1)
    return BoxedImages(
        boxes,
        labels,
        images.class_names,
        images.open,
        images.channels,
        images.names,
        notes=images.notes,
        value_range=images.value_range,
        labelled=False,
    )


def content_among(images: BoxedImages, kept: Indices, indices: Indices | None = None) -> str:
    """``content`` of images of which only some were kept, by their numbers among those."""
    return images.content(kept if indices is None else kept[indices])
