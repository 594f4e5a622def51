"""Images with a class each, wherever they lie; what every reader of images returns.

Template's file: updates replace it. To prepare images otherwise, write a dataset in data.py.
"""

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional
from tqdm import tqdm

from ..datasets import DataError, TensorData
from ..slicing import evenly

# What PIL raises at a file that is broken, cut short, too large or no image at all.
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
BatchT = TypeVar("BatchT", bound=tuple[Any, ...])
log = logging.getLogger(__name__)


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

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, index: int) -> str:
        """What to call an image in a message."""
        return self.names[index] if self.names else f"image {index}"

    def read(self, index: int, size: int) -> Tensor:
        """One image, turned upright, cut to a square about its middle and resized.

        Shape:
            - output: ``(channels, size, size)``, bytes
        """
        image = self.open(index)
        try:
            image = ImageOps.exif_transpose(image).convert("L" if self.channels == 1 else "RGB")
            image = ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)
        except UNREADABLE as error:
            raise DataError(unreadable(self.name(index), error)) from None
        return torch.from_numpy(np.array(image)).view(size, size, self.channels).permute(2, 0, 1)

    def dataset(
        self,
        batch_type: Callable[[tv_tensors.Image, Tensor], BatchT],
        size: int,
        in_memory_mb: int,
        on_error: str = "raise",
    ) -> Dataset[BatchT]:
        """The images at one size: in memory if they fit there, else read when they are needed."""
        if len(self) * self.channels * size * size > in_memory_mb * 2**20:
            return ImageFiles(self, batch_type, size)
        if self.pixels is not None:
            pixels, kept = _resized(self.pixels, size), torch.arange(len(self))
        else:
            pixels, kept = self._read_all(size, on_error)
        labels = self.labels[kept]
        names = [self.name(index) for index in kept.tolist()] if self.names else []
        return TensorData(batch_type(tv_tensors.Image(pixels), labels), labels, names)

    def _read_all(self, size: int, on_error: str) -> tuple[Tensor, Tensor]:
        """The pixels of every image that can be read, and which those are."""
        # Arrays: a tensor made in inference mode refuses what other threads write to it.
        pixels = np.empty((len(self), self.channels, size, size), dtype=np.uint8)
        kept = np.zeros(len(self), dtype=bool)

        def read(index: int) -> None:
            try:
                pixels[index], kept[index] = self.read(index, size).numpy(), True
            except DataError:
                if on_error == "raise":
                    raise

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            work = threads.map(read, range(len(self)))
            for _ in tqdm(work, "reading images", len(self), leave=False, delay=2, unit=" images"):
                pass
        missing = [self.name(index) for index in np.flatnonzero(~kept).tolist()]
        if len(missing) == len(self):
            raise DataError(f"none of the {len(self)} images can be read, {missing[0]} for one")
        if missing:
            shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
            log.warning(f"{len(missing)} of {len(self):,} images cannot be read: left out {shown}")
            pixels = pixels[kept]
        return torch.from_numpy(pixels), torch.from_numpy(np.flatnonzero(kept))


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

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> BatchT:
        image = tv_tensors.Image(self.images.read(index, self.size))
        return self.batch_type(image, self.labels[index])


def from_pixels(pixels: Tensor, labels: Tensor, class_names: Sequence[str]) -> LabelledImages:
    """Images that are in memory as ``(examples, channels, height, width)`` bytes."""
    open_image = partial(_open_pixels, pixels)
    return LabelledImages(labels, list(class_names), open_image, pixels.shape[1], pixels=pixels)


def _open_pixels(pixels: Tensor, index: int) -> Image.Image:
    return functional.to_pil_image(pixels[index])


def common_channels(count: int, open_image: Callable[[int], Image.Image]) -> int:
    """1 if each of up to 64 images is grey, else 3; looks at their headers only."""
    grey = {"1", "L", "LA", "I", "I;16", "F"}
    for index in evenly(count, min(count, 64)).tolist():
        try:
            with open_image(index) as image:
                if image.mode not in grey:
                    return 3
        except DataError:  # reading it will say so
            continue
    return 1


def unreadable(name: str, error: Exception) -> str:
    """The sentence about an image that cannot be read."""
    unknown = isinstance(error, Image.UnidentifiedImageError)
    reason = "it is no image, or a damaged one" if unknown else error
    return f"{name} cannot be read ({reason}): replace it, or set data.on_error=skip"


def _resized(pixels: Tensor, size: int) -> Tensor:
    if pixels.shape[-2:] == (size, size):
        return pixels
    parts = [
        functional.center_crop(functional.resize(part, [size], antialias=True), [size])
        for part in pixels.split(4096)  # so that the floats in between stay small
    ]
    return torch.cat(parts)
