"""The images and their masks: where from, which are for what, how they change, what a batch is.

This file is yours. Splitting, sampling, batching and loaders come from ``core/data/datamodule.py``,
whose docstring says how to override each.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2

from .config import DataConfig
from .core.data import DataModule, MaskSample, images, masks


class Batch(NamedTuple):
    """What a step gets. A sample is the same without the first axis.

    Pixels whose class is ``masks.IGNORED``, 255, count neither in the loss nor in a metric: those
    that nobody labelled, and those that lie outside of the image, in the square's border say.

    Shape:
        - image: ``(batch, channels, height, width)``, normalised by the facts' mean and std
        - mask: ``(batch, height, width)``, class numbers in bytes
        - size: ``(batch, 2)``, height and width before the image was fitted into its square
    """

    image: Float[Tensor, "batch channels height width"]
    mask: UInt8[Tensor, "batch height width"]
    size: Int64[Tensor, "batch 2"]


@dataclass
class Facts:
    """What the data tells the model; stored with the run, so plain values only."""

    class_names: list[str]
    channels: int  # 1 grey, 3 RGB
    value_range: list[float]  # of the files: what is 0 and 1 from then on
    image_size: int  # pixels a side
    mean: list[float]  # of each channel, for values from 0 to 1
    std: list[float]

    @property
    def num_classes(self) -> int:
        return len(self.class_names)


class ExperimentData(DataModule[Facts]):
    """Images with a class for each pixel, from ``data.source``."""

    config: DataConfig
    facts_type = Facts

    def prepare_data(self) -> None:
        """Download what is not there yet."""
        masks.download(self.config, self.root)

    def setup(self, stage: str | None = None) -> None:
        """Read the images; what the source has no split for is taken from its training images."""
        sources = self.read_source()
        train = sources["train"]
        self.class_names, self.value_range = train.class_names, train.value_range.as_list()
        for split, found in sources.items():
            self.datasets[split] = self.squares(found)
        self.hold_out(self.datasets)

    def read_source(self) -> dict[str, masks.MaskedImages]:
        """The images of the source by split, as they are; a source of your own is read here."""
        return masks.load(self.config, self.root, self.known_facts)

    def squares(self, found: masks.MaskedImages) -> Dataset[Batch]:
        """Images fitted into squares: in memory if they fit, else read when needed."""
        return found.dataset(Batch, self.config.image_size, self.config)

    def find_facts(self) -> Facts:
        """Count and measure, on up to 2000 training images."""
        mean, std = images.pixel_statistics(self, most=2000)
        size, values = self.config.image_size, self.value_range
        return Facts(self.class_names, len(mean), values, size, mean, std)

    def transforms(self, split: str) -> v2.Compose:
        """What happens to an image and its mask; write it for one, each of a batch draws anew."""
        augment = split == "train" and self.config.augment
        return v2.Compose(
            [
                *(masks.ignore_outside(self.augmentations()) if augment else ()),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(self.facts.mean, self.facts.std),
            ]
        )

    def augmentations(self) -> list[v2.Transform]:
        """Changes after which an image still shows the same; for photos, add a horizontal flip.

        A mask moves with its image; pixels that come in from beyond the edge are ignored.
        """
        side = self.config.image_size
        return [v2.RandomCrop(side, padding=side // 16)]  # a shift

    def predict_dataset(self, path: Path) -> Dataset[Batch]:
        """The images of ``predict --input``: one file, or all in a folder."""
        return self.squares(masks.load_unlabelled(path, self.facts, self.config))

    def preview(self, n: int, split: str = "train") -> list[MaskSample]:
        """Images in their own size, with the class of each pixel."""
        samples = []
        for image, mask, size in zip(*self.some(n, split), strict=True):
            shown, classes = masks.out_of_square(image, size), masks.out_of_square(mask, size)
            samples.append(MaskSample(shown, classes, self.facts.class_names))
        return samples
